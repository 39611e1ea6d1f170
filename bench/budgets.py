"""Does `crosslight train --minutes N` end after N minutes? Corpora of four sizes, two budgets each.

    python -m bench.budgets --src train.fr.gz --tgt train.en.gz --out RUNS [--sizes ...] [--minutes ...]

A corpus is the first so many pairs of the files. What counts is the wall time of the whole command, the
start and the end of the program included. Written to docs/results/budgets.json.
"""

import argparse
import json
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

from crosslight.bundle import load_bundle
from crosslight.text.corpus import read_lines

RESULT = Path(__file__).resolve().parents[1] / "docs" / "results" / "budgets.json"
PROGRAM = [sys.executable, "-c", "from crosslight.cli.main import main; main()"]
SIZES, MINUTES = (4_000, 16_000, 48_000, 120_000), (1.0, 3.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--src", type=Path, required=True)
    parser.add_argument("--tgt", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="directory of the runs, kept")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--minutes", type=float, nargs="*", default=MINUTES)
    options = parser.parse_args()
    options.out.mkdir(parents=True)
    rows = []
    for n_pairs in options.sizes:
        files = [shortened(file, n_pairs, options.out) for file in (options.src, options.tgt)]
        for minutes in options.minutes:
            rows.append(measured(files, n_pairs, minutes, options.out / f"{n_pairs}-{minutes:g}"))
            print(json.dumps(rows[-1]), flush=True)
            RESULT.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    sys.exit(0 if all(abs(row["off_percent"]) <= 5 for row in rows) else 1)


def shortened(file: Path, n_pairs: int, out: Path) -> Path:
    """The first lines of a file."""
    short = out / f"{n_pairs}.{file.name.removesuffix('.gz').rsplit('.', 1)[-1]}"
    with short.open("w", encoding="utf-8", newline="\n") as target:
        target.writelines(f"{line}\n" for line in islice(read_lines(file), n_pairs))
    return short


def measured(files: list[Path], n_pairs: int, minutes: float, out: Path) -> dict[str, float]:
    """One run's wall time, and what it has learned in it."""
    command = [*PROGRAM, "train", "--src", str(files[0]), "--tgt", str(files[1]), "--minutes", f"{minutes:g}"]
    began = time.monotonic()
    with out.with_suffix(".log").open("w") as log:
        subprocess.run([*command, "-o", str(out)], check=True, stdout=log, stderr=log)
    seconds = time.monotonic() - began
    chrf = load_bundle(out).facts.scores
    return {
        "pairs": n_pairs,
        "minutes": minutes,
        "seconds": round(seconds, 1),
        "off_percent": round(100 * (seconds / (60 * minutes) - 1), 2),
        **{name.partition(" ")[0]: float(value.partition(" ")[0]) for name, value in chrf.items()},
    }


if __name__ == "__main__":
    main()
