"""What the machine could do: memory bandwidth in reading, and the fp32 matrix peak.

python -m bench.decode.limit PREPARED --threads T
"""

import json
import time
from pathlib import Path
from typing import Any

import torch

from bench.decode.worker import Options, options
from bench.peers.limit import peaks

READ_BYTES, ROUNDS = 2**28, 5  # far more than caches hold


def bandwidth(threads: int) -> float:
    """Gigabytes a second that a sum over a large vector reads, the best of some rounds."""
    torch.set_num_threads(threads)
    numbers = torch.ones(READ_BYTES // 4)
    best = 0.0
    for _ in range(ROUNDS):
        start = time.perf_counter()
        numbers.sum()
        best = max(best, READ_BYTES / (time.perf_counter() - start) / 1e9)
    return best


def decoder_step(model: dict[str, Any], vocab_size: int) -> tuple[int, int]:
    """Bytes of fp32 weights that a greedy step reads; operations of a target token with its source token.

    Keys and values of the source are made once, so a step of the decoder reads 6 D² + 2 D F a layer, and
    the output table V D. Scores and norms are left out of both.
    """
    d, f, n = model["d_model"], model["d_ff"], model["n_decoder_layers"]
    step = n * (6 * d * d + 2 * d * f) + vocab_size * d
    source = model["n_encoder_layers"] * (4 * d * d + 2 * d * f) + n * 2 * d * d
    return 4 * step, 2 * (step + source)


def figures(chosen: Options, seconds: float = 3.0) -> dict[str, Any]:
    """Both limits, and what a step needs."""
    meta = json.loads((Path(chosen.prepared) / "meta.json").read_text())
    n_bytes, n_operations = decoder_step(meta["model"], meta["vocab_size"])
    return {
        "gbytes_per_second": round(bandwidth(chosen.threads), 2),
        "peak_gflops": round(max(peaks(chosen.threads, True, seconds)), 1),
        "bytes_per_step": n_bytes,
        "flop_per_token": n_operations,
    }


if __name__ == "__main__":
    print(json.dumps(figures(options())))
