"""Training speed: shards in threads (ours) against threads inside every operation (the usual way).

    python -m bench.training

The same model, the same batches, in turn, several times; the ratio of each pair is what counts, since
other work may share the cores.
"""

import json
import statistics
import time
import tomllib
from pathlib import Path
from unittest.mock import patch

import torch

from crosslight.config.load import preset_text, run_config
from crosslight.data.batch import Batch, make_batch
from crosslight.models.build import build_model
from crosslight.nn.threads import lone_threads
from crosslight.train.machine import keep_freed_memory, probe_threads
from crosslight.train.objectives import label_smoothed
from crosslight.train.step import adam, training_step

VOCAB_SIZE, ROUNDS, STEPS = 8000, 5, 6


def batches() -> list[Batch]:
    """Batches of random tokens whose lengths are those of everyday sentences."""
    generator = torch.Generator().manual_seed(1)
    result = []
    for length in (6, 8, 10, 12, 16, 24):
        rows = torch.randint(4, VOCAB_SIZE, (3072 // length, length - 1), generator=generator).tolist()
        result.append(make_batch(rows, rows, pad_id=0, bos_id=2, eos_id=3))
    return result


def tokens_per_second(threads_per_operation: int, shards: int) -> float:
    """The rate of a fresh model of preset small."""
    torch.set_num_threads(threads_per_operation)
    torch.manual_seed(1)
    config = run_config({**tomllib.loads(preset_text("small")), "train": {"steps": 1}}, "bench")
    model = build_model(config.model, VOCAB_SIZE, VOCAB_SIZE)
    optimizer, objective = adam(model, 0.9, 0.98, 1e-9), label_smoothed(0.1)
    work = batches()
    # Both ways multiply by torch: numpy's products have one thread each.
    with lone_threads(shards) as pool, patch("crosslight.nn.linear.numpy_is_faster", return_value=False):
        training_step(model, work[0].shards(shards), objective, optimizer, 1e-4, pool=pool)
        start = time.perf_counter()
        for step in range(STEPS):
            training_step(model, work[step % len(work)].shards(shards), objective, optimizer, 1e-4, pool=pool)
    n_tokens = sum(work[step % len(work)].n_tokens for step in range(STEPS))
    return n_tokens / (time.perf_counter() - start)


def main() -> None:
    """Print a line a round, and the medians; write bench/results/training.json."""
    keep_freed_memory()
    threads, gflops = probe_threads()
    print(f"{threads} threads; {gflops[threads]:.0f} GFLOP/s; preset small, {VOCAB_SIZE:,} pieces")
    rounds = []
    for _ in range(ROUNDS):
        usual, ours = tokens_per_second(threads, 1), tokens_per_second(1, threads)
        rounds.append({"inside_operations": usual, "shards": ours, "ratio": ours / usual})
        print(f"inside operations {usual:7,.0f} tokens/s   shards {ours:7,.0f}   ratio {ours / usual:.2f}")
    ratio = statistics.median(r["ratio"] for r in rounds)
    print(f"median ratio {ratio:.2f}")
    result = {"threads": threads, "gflops": gflops, "rounds": rounds, "median_ratio": ratio}
    Path(__file__).with_name("results").joinpath("training.json").write_text(
        json.dumps(result, indent=1) + "\n"
    )


if __name__ == "__main__":
    main()
