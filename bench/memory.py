"""How much more memory five million pairs take than ten thousand: to prepare, and to iterate over.

    python bench/memory.py
    python bench/memory.py --sizes 10000 10000000 --out ten-million.json

For each size a child process makes a run's cache from a corpus (read, clean, learn the vocabulary,
tokenize), and another one iterates over an epoch's first batches from that cache. What counts is the
peak of each one's resident memory, mapped pages of files included; the largest of its worker processes is
reported beside it.

The pairs are distinct and made up of words of the sample corpus, four to twenty-four a side.
"""

import argparse
import gzip
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crosslight.config.run import RunConfig

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "src" / "crosslight" / "sample" / "handwritten.train.tsv"
RESULT = ROOT / "bench" / "results" / "memory.json"
SIZES = (10_000, 5_000_000)
N_BATCHES = 3000  # beyond the first window of 65,536 pairs
LIMIT_MB = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs=2, default=SIZES)
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--job", choices=sorted(JOBS), help="run one job in this process (used by itself)")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.job:
        JOBS[options.job](options.folder)
        print(f"{peak_mb():.1f} {workers_peak_mb():.1f}")
        return
    rows: dict[str, dict[str, float]] = {}
    for n_pairs in options.sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with gzip.open(folder / "pairs.tsv.gz", "wt", encoding="utf-8", compresslevel=1) as file:
                file.writelines(islice(lines(), n_pairs))
            rows[f"{n_pairs}"] = {job: measured(job, folder, n_pairs) for job in JOBS}
    small, large = (rows[f"{n_pairs}"] for n_pairs in options.sizes)
    difference = {job: round(large[job] - small[job], 1) for job in JOBS}
    result = {"peak_mb": rows, "difference_mb": difference, "below_mb": LIMIT_MB}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(difference))
    sys.exit(0 if max(difference.values()) < LIMIT_MB else 1)


def lines() -> Iterator[str]:
    """Pairs without end, none twice: each carries its number."""
    words = [
        [word for line in SAMPLE.read_text(encoding="utf-8").split("\n") for word in side(line, i).split()]
        for i in (0, 1)
    ]
    chance = random.Random(1)
    number = 0
    while True:
        number += 1
        n_words = chance.randint(4, 24)
        src, tgt = (chance.choices(column, k=n_words) for column in words)
        yield f"{' '.join(src)} {number}\t{' '.join(tgt)} {number}\n"


def side(line: str, i: int) -> str:
    columns = line.split("\t")
    return columns[i] if len(columns) > 1 else ""


def measured(job: str, folder: Path, n_pairs: int) -> float:
    began = time.monotonic()
    command = [sys.executable, __file__, "--job", job, "--folder", str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    megabytes, in_workers = map(float, done.stdout.split()[-2:])
    seconds = time.monotonic() - began
    print(
        f"{n_pairs:>10,} pairs  {job:<8} {megabytes:8.1f} MB (a worker {in_workers:.1f})  {seconds:6.1f} s  "
        f"{n_pairs / seconds:8,.0f} pairs/s",
        flush=True,
    )
    return megabytes


def prepare_cache(folder: Path) -> None:
    from crosslight.tasks.prepare import prepare

    prepare(settings(folder), folder / "data", lambda text: None)


def iterate(folder: Path) -> None:
    from crosslight.tasks.prepare import prepare
    from crosslight.tasks.train import stream_of

    config = settings(folder)
    prepared = prepare(config, folder / "data", lambda text: None)
    for _ in islice(stream_of(config, prepared).batches(), N_BATCHES):
        pass


def settings(folder: Path) -> "RunConfig":
    from crosslight.config.load import run_config

    data = {"pairs": (str(folder / "pairs.tsv.gz"),)}
    return run_config({"data": data, "subword": {"vocab_size": 8000}}, "the benchmark")


def peak_mb() -> float:
    """The most resident memory that this process ever had."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def workers_peak_mb() -> float:
    """The most resident memory that one of the processes started by this one ever had."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


JOBS = {"prepare": prepare_cache, "iterate": iterate}


if __name__ == "__main__":
    main()
