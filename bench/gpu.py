"""Training speed of the paper's two models on a GPU, and the share of the card's own matrix peak.

    python -m bench.gpu [--data DIR] [--steps 30]

Presets base and big, on synthetic batches (all sentences of 32 tokens: no padding) and, with --data, on
Multi30k's; each as it is and under torch.compile. Matrix FLOPs of an update, forward and backward (three
times forward), an output token each way, by the shapes of the model:

    encoder token   6 · L (4 d² + 2 d d_ff + 2 S d)
    decoder token   6 · (L (8 d² + 2 d d_ff + 2 (S + T) d) + V d)

The peak is measured here: the best of 20 products of 8192 × 8192 matrices in bfloat16. Writes
docs/results/bench-gpu.json and .md; without a GPU it says so and ends.
"""

import argparse
import json
import time
import tomllib
from pathlib import Path

import torch

from crosslight.config.load import preset_text, run_config
from crosslight.config.model import TransformerConfig
from crosslight.data.batch import Batch, make_batch
from crosslight.models.build import build_model
from crosslight.text.corpus import read_lines
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID, Subword
from crosslight.train.objectives import label_smoothed
from crosslight.train.step import adam, training_step

RESULT = Path(__file__).resolve().parents[1] / "docs" / "results" / "bench-gpu"
VOCAB_SIZE, LENGTH = 37_000, 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--device", default="cuda")
    options = parser.parse_args()
    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise SystemExit("this machine has no GPU that torch can use; nothing was measured")
    peak = matrix_peak(device)
    corpora = {"synthetic": synthetic()} | ({"Multi30k": multi30k(options.data)} if options.data else {})
    rows = []
    for preset in ("base", "big"):
        for corpus, batches in corpora.items():
            for compiled in (False, True):
                rate, flops = speed(preset, batches, options.steps, device, compiled)
                rows.append(
                    {"preset": preset, "batches": corpus, "compiled": compiled, "tokens_per_second": rate}
                )
                rows[-1] |= {"tflops": flops / 1e12, "share_of_peak": flops / peak}
                print(json.dumps(rows[-1]), flush=True)
    name = torch.cuda.get_device_name() if device.type == "cuda" else "cpu"
    result = {"device": name, "torch": torch.__version__, "peak_tflops": peak / 1e12, "rows": rows}
    RESULT.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
    lines = [
        f"{name}, torch {torch.__version__}, measured bfloat16 matrix peak {peak / 1e12:.0f} TFLOP/s",
        "",
    ]
    lines += ["| preset | batches | compiled | target tokens/s | share of peak |", "|---|---|---|---|---|"]
    lines += [
        f"| {r['preset']} | {r['batches']} | {r['compiled']} | {r['tokens_per_second']:,.0f} "
        f"| {r['share_of_peak']:.1%} |"
        for r in rows
    ]
    RESULT.with_suffix(".md").write_text("\n".join(lines) + "\n")


def matrix_peak(device: torch.device, n: int = 8192) -> float:
    """The best rate of a large product in bfloat16, in FLOP/s."""
    n = n if device.type == "cuda" else 1024
    a = torch.randn(n, n, device=device, dtype=torch.bfloat16)
    best = 0.0
    for _ in range(20):
        start = clock(device)
        a @ a
        best = max(best, 2 * n**3 / (clock(device) - start))
    return best


def clock(device: torch.device) -> float:
    """The time, when the device has done all it was asked."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def synthetic() -> list[Batch]:
    """Two batches of the paper's size: about 25,000 tokens on either side."""
    generator = torch.Generator().manual_seed(1)
    shape = (25_000 // LENGTH, LENGTH - 1)
    rows = [torch.randint(4, VOCAB_SIZE, shape, generator=generator).tolist() for _ in range(4)]
    ids = {"pad_id": PAD_ID, "bos_id": BOS_ID, "eos_id": EOS_ID}
    return [make_batch(rows[0], rows[1], **ids), make_batch(rows[2], rows[3], **ids)]


def multi30k(directory: Path) -> list[Batch]:
    """Batches of about 25,000 tokens of sentences of like length."""
    texts = [list(read_lines(directory / f"train.{side}.gz")) for side in ("en", "de")]
    subword = Subword.train([*texts[0], *texts[1]], 10_000)
    srcs, tgts = (subword.encode_batch(side) for side in texts)
    order = sorted(range(len(srcs)), key=lambda i: len(tgts[i]))
    batches = []
    for start in range(0, len(order), 1500):
        part = order[start : start + 1500]
        batches.append(
            make_batch(
                [srcs[i] for i in part], [tgts[i] for i in part], pad_id=PAD_ID, bos_id=BOS_ID, eos_id=EOS_ID
            )
        )
    return batches


def speed(
    preset: str, batches: list[Batch], n_steps: int, device: torch.device, compiled: bool
) -> tuple[float, float]:
    """Target tokens and matrix FLOPs in a second."""
    config = run_config({**tomllib.loads(preset_text(preset)), "train": {"steps": 1}}, "bench").model
    torch.manual_seed(1)
    model = build_model(config, VOCAB_SIZE, VOCAB_SIZE).to(device).train()
    if compiled:
        model.features = torch.compile(model.features, dynamic=True)  # type: ignore[method-assign]
    optimizer, objective = adam(model, 0.9, 0.98, 1e-9), label_smoothed(0.1)

    def run(n: int) -> tuple[int, float]:
        n_tokens, flops = 0, 0.0
        for step in range(n):
            batch = batches[step % len(batches)]
            training_step(
                model, [batch.to(device)], objective, optimizer, 1e-4, seed=step, precision=torch.bfloat16
            )
            n_tokens += batch.n_tokens
            flops += matrix_flops(config, batch)
        return n_tokens, flops

    run(max(3, len(batches)))  # kernels are chosen, shapes compiled
    start = clock(device)
    n_tokens, flops = run(n_steps)
    seconds = clock(device) - start
    return n_tokens / seconds, flops / seconds


def matrix_flops(config: TransformerConfig, batch: Batch) -> float:
    """Of one update, padding not counted: what the formula in the head of this file says."""
    d, ff = config.d_model, config.d_ff
    s, t = batch.src.shape[1], batch.tgt_out.shape[1]
    n_src = int((batch.src != batch.pad_id).sum())
    encoder = config.n_encoder_layers * (4 * d * d + 2 * d * ff + 2 * s * d)
    decoder = config.n_decoder_layers * (8 * d * d + 2 * d * ff + 2 * (s + t) * d) + VOCAB_SIZE * d
    return 6.0 * (n_src * encoder + batch.n_tokens * decoder)


if __name__ == "__main__":
    main()
