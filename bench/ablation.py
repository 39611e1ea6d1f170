"""Does every switch of preset strong earn its place? One run a variant and seed, judged on validation data.

    python -m bench.ablation --data DIR --out RUNS [--only NAME ...] [--seeds 1 2 3] [--minutes-each 20]
                             [--every 4]

DIR holds Multi30k (train.en.gz, train.de.gz, val.en, val.de). Trained on every 4th pair, which 20 minutes
show about as often (20 times) as an hour of two cores shows all of them (24 times). A run differs from
`base` in what its name says and in nothing else; all have the same minutes, so what costs time pays for it
with updates.

One thread a run: start the command as often as there are cores. Translations of the whole validation set
(beam 4) are compared with those of `base` with the same seeds, all seeds together, by 1,000 resamples of the
sentences. Finished runs are gathered into docs/results/ablation.json/.md.
"""

import argparse
import re
import statistics
from pathlib import Path
from typing import Any

from bench.runs import finished, grid, keep, lines, put, taken, together, train, translated, write
from crosslight.evaluate.significance import paired_bootstrap

RESULT = Path(__file__).resolve().parents[1] / "docs" / "results" / "ablation"
BASE = {
    "subword.vocab_size": 4000,
    "model.dropout": 0.2,
    "model.positions": "sinusoidal",
    "train.max_tokens_per_batch": 512,
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
    "no dropout": {"model.dropout": 0.0},
    "BPE-dropout 0.1": {"subword.sampling": 0.1},
    "QK-norm": {"model.qk_norm": True},
    "RMSNorm": {"model.norm_kind": "rms"},
    "depth-scaled initialization": {"model.init": "depth"},
    "post-norm": {"model.norm": "post"},
    "rotary positions": {"model.positions": "rotary"},
    "2,000 pieces": {"subword.vocab_size": 2000},
    "8,000 pieces": {"subword.vocab_size": 8000},
    "noam schedule": {"train.schedule": "noam", "train.learning_rate": 1.0, "train.warmup_steps": 1000},
    "no label smoothing": {"train.label_smoothing": 0.0},
    "half the learning rate": {"train.learning_rate": 1e-3},
    "2,048 tokens a batch": {"train.max_tokens_per_batch": 2048},
    "small's shape": {
        "model.d_model": 256,
        "model.d_ff": 1024,
        "model.n_encoder_layers": 4,
        "train.learning_rate": 1e-3,
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[1])
    parser.add_argument("--minutes-each", type=float, default=20.0)
    parser.add_argument("--every", type=int, default=4, help="of so many pairs, one is trained on")
    parser.add_argument("--result", type=Path, default=RESULT, help="where the table goes, without an ending")
    options = parser.parse_args()
    prepare(options.data, options.out, options.every)
    for seed in options.seeds:
        for name in options.only:
            run(name, seed, options)
    gather(options.out, options.result, lines(options.data / "val.de"), options.every)


def prepare(data: Path, out: Path, every: int) -> None:
    """Write the training files."""
    out.mkdir(parents=True, exist_ok=True)
    for side in ("en", "de"):
        put(out / f"train.{side}", "\n".join(lines(data / f"train.{side}")[::every]) + "\n")


def run(name: str, seed: int, options: argparse.Namespace) -> None:
    """Train one variant to its end and translate, unless it is there or another process is at it."""
    out = options.out / f"{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}-{seed}"
    if out.with_suffix(".json").is_file() or not taken(out.with_suffix(".taken")):
        return
    print(name, seed, flush=True)
    command = [f"--minutes={options.minutes_each}", f"--seed={seed}"]
    command += [f"--src={options.out / 'train.en'}", f"--tgt={options.out / 'train.de'}"]
    command += [f"--valid-src={options.data / 'val.en'}", f"--valid-tgt={options.data / 'val.de'}"]
    facts = train(out, command, BASE | VARIANTS[name])
    log = (out / "log.txt").read_text(encoding="utf-8")
    losses = re.findall(r"(?:last|best|average of \d+) (\d+\.\d+)", log.split("validation loss: ")[-1])
    outputs, _ = translated(out, {"val": lines(options.data / "val.en")}, beam=4)
    told = {"name": name, "seed": seed, "minutes": options.minutes_each, "updates": facts["steps"]}
    keep(out, told | {"loss": min(map(float, losses)), "outputs": outputs["val"]})


def gather(directory: Path, result: Path, refs: list[str], every: int) -> None:
    """All finished runs as a table, best first."""
    runs = finished(directory)
    groups = {name: {r["seed"]: r for r in runs if r["name"] == name} for name in VARIANTS}
    table = [judged(name, of, groups["base"], refs) for name, of in groups.items() if of]
    table.sort(key=lambda row: -row["chrF"])
    head = ["variant", "seeds", "BLEU", "chrF", "each", "chrF − base", "95 %", "loss", "updates"]
    rows = [
        [
            row["name"],
            str(len(row["seeds"])),
            f"{row['BLEU']:.1f}",
            f"{row['chrF']:.1f}",
            ", ".join(f"{score:.1f}" for score in row["chrF_of_each"]),
            f"{row['difference']:+.1f}" if "difference" in row else "",
            "{:+.1f} to {:+.1f}".format(*row["interval"]) if "interval" in row else "",
            f"{row['loss']:.3f}",
            f"{row['updates']:,.0f}",
        ]
        for row in table
    ]
    minutes = ", ".join(f"{m:g}" for m in sorted({run["minutes"] for run in runs}))
    lead = (
        "# What each switch is worth\n\n`python -m bench.ablation`: "
        f"Multi30k English → German, one of {every} pairs, {minutes} minutes each on one thread; BLEU and "
        f"chrF of the validation set ({len(refs):,} sentences), beam 4. Intervals are over sentences, not "
        "over seeds. Losses are of a piece, so those of other vocabularies say nothing beside each other.\n\n"
    )
    write(result, table, lead + "\n".join(grid(head, rows)) + "\n")


def judged(
    name: str, runs: dict[int, dict[str, Any]], base: dict[int, dict[str, Any]], refs: list[str]
) -> dict[str, Any]:
    """A variant's scores, and how they differ from those of `base` with the same seeds."""
    outputs = [run["outputs"] for run in runs.values()]
    row = {
        "name": name,
        "seeds": list(runs),
        **{metric: together(metric, outputs, refs).corpus_score() for metric in ("BLEU", "chrF")},
        "chrF_of_each": [together("chrF", [texts], refs).corpus_score() for texts in outputs],
        "loss": statistics.mean(run["loss"] for run in runs.values()),
        "updates": statistics.mean(run["updates"] for run in runs.values()),
    }
    if name == "base" or not (both := sorted(runs.keys() & base.keys())):
        return row
    ours, theirs = (together("chrF", [of[seed]["outputs"] for seed in both], refs) for of in (runs, base))
    found = paired_bootstrap(theirs, ours)
    return row | {
        "difference": ours.corpus_score() - theirs.corpus_score(),
        "interval": (found.difference_low, found.difference_high),
    }


if __name__ == "__main__":
    main()
