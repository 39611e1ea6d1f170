"""Does every switch of preset strong earn its place? One run a variant and seed, judged on validation data.

    python -m bench.ablation --data DIR --out RUNS [--only NAME ...] [--seeds 1 2 3] [--steps 2000]

DIR holds Multi30k (train.en.gz, train.de.gz, val.en, val.de). Every run differs from `base` in what its
name says and in nothing else, and takes the same number of updates; the table says what it cost in time.
One thread a run, so that as many runs as cores go side by side (start the command several times: a run
that is finished, or that another process is at, is passed over; one that was stopped goes on). Finished
runs are gathered into docs/results/ablation.json/.md.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "docs" / "results" / "ablation"
PROGRAM = [sys.executable, "-c", "from crosslight.cli.main import main; main()"]
BASE = {
    "subword.vocab_size": 4000,
    "model.dropout": 0.2,
    "train.threads": 1,
    "train.precision": "fp32",
    "train.sample_size": 100,
    "train.validations": 6,
    "train.checkpoint_seconds": 120,
}
VARIANTS: dict[str, dict[str, Any]] = {
    "base": {},
    "SimCut": {"train.consistency": "simcut"},
    "SimCut from the middle on": {"train.consistency": "simcut", "train.consistency_from": 0.5},
    "R-Drop": {"train.consistency": "rdrop"},
    "bidirectional for the first 40 %": {"train.bidirectional": 0.4},
    "dropout 0.3": {"model.dropout": 0.3},
    "dropout 0.1": {"model.dropout": 0.1},
    "BPE-dropout 0.1": {"subword.sampling": 0.1},
    "QK-norm": {"model.qk_norm": True},
    "RMSNorm": {"model.norm_kind": "rms"},
    "depth-scaled initialization": {"model.init": "depth"},
    "post-norm": {"model.norm": "post"},
    "2,000 pieces": {"subword.vocab_size": 2000},
    "8,000 pieces": {"subword.vocab_size": 8000},
    "noam schedule": {"train.schedule": "noam", "train.learning_rate": 1.0, "train.warmup_steps": 1000},
    "no label smoothing": {"train.label_smoothing": 0.0},
    "half the learning rate": {"train.learning_rate": 1e-3},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=list(VARIANTS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[1])
    parser.add_argument("--steps", type=int, default=2000)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for seed in options.seeds:
        for name in options.only:
            run(name, seed, options)
    gather(options.out)


def run(name: str, seed: int, options: argparse.Namespace) -> None:
    """Train one variant to its end, unless it is there or another process is at it."""
    out = options.out / f"{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}-{seed}"
    if out.with_suffix(".json").is_file() or not taken(out.with_suffix(".taken")):
        return
    settings = BASE | VARIANTS[name]
    files = [("src", "train.en.gz"), ("tgt", "train.de.gz"), ("valid-src", "val.en"), ("valid-tgt", "val.de")]
    command = [*PROGRAM, "train", "--preset", "tiny", "--steps", str(options.steps), "--seed", str(seed)]
    command += ["-o", str(out)] + [
        part for side, file in files for part in (f"--{side}", str(options.data / file))
    ]
    command += [f"--set={key}={json.dumps(value)}" for key, value in settings.items()]
    if (out / "checkpoints").is_dir():
        command = [*PROGRAM, "train", "--resume", str(out)]
    print(name, seed, flush=True)
    with out.with_suffix(".log").open("a") as log:
        subprocess.run(command, check=True, stdout=log, stderr=log)
    facts = json.loads((out / "bundle" / "bundle.json").read_text(encoding="utf-8"))["facts"]
    scores = {key.partition(" ")[0]: float(value.partition(" ")[0]) for key, value in facts["scores"].items()}
    text = (out / "log.txt").read_text(encoding="utf-8")
    losses = dict(
        re.findall(r"(last|best|average) ?(?:of \d+)? (\d+\.\d+)", text.split("validation loss: ")[1])
    )
    result = {"name": name, "seed": seed, "steps": options.steps, "minutes": facts["minutes"], **scores}
    result |= {f"loss_{which}": float(loss) for which, loss in losses.items()}
    out.with_suffix(".json").write_text(json.dumps(result) + "\n")


def taken(file: Path) -> bool:
    """Whether the run is ours now: nobody has it, or who had it is gone."""
    if file.is_file() and (owner := file.read_text()) and Path("/proc", owner).exists():
        return False
    file.write_text(str(os.getpid()))
    return True


def gather(directory: Path) -> None:
    """All finished runs as a table, best first."""
    runs = [json.loads(file.read_text()) for file in sorted(directory.glob("*.json"))]
    groups = {name: [r for r in runs if r["name"] == name] for name in VARIANTS}

    def mean(name: str, key: str) -> float:
        return statistics.mean(run[key] for run in groups[name])

    done = sorted((name for name in groups if groups[name]), key=lambda name: -mean(name, "BLEU"))
    lines = [
        "| variant | seeds | BLEU | chrF | loss (last) | loss (average) | minutes |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in done:
        each = " / ".join(f"{run['BLEU']:.1f}" for run in groups[name])
        cells = [f"{mean(name, 'BLEU'):.2f} ({each})", f"{mean(name, 'chrF'):.2f}"]
        cells += [f"{mean(name, key):.4f}" for key in ("loss_last", "loss_average")]
        lines.append(f"| {name} | {len(groups[name])} | {' | '.join(cells)} | {mean(name, 'minutes'):.1f} |")
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.with_suffix(".json").write_text(json.dumps(runs, indent=1) + "\n")
    RESULT.with_suffix(".md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
