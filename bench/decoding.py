"""Decoding speed: target tokens a second, greedy and beam 4, one sentence at a time and in batches.

    python -m bench.decoding [BUNDLE]

Without a bundle the finished demo (runs/demo) is measured, on the hand-written test set.
"""

import json
import statistics
import sys
import time
from pathlib import Path

import torch

import crosslight
from crosslight.corpora.sample import sample_file
from crosslight.text.corpus import read_tsv
from crosslight.train.machine import probe_threads

ROUNDS = 3


def main() -> None:
    """Print a table and write bench/results/decoding.json."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/demo")
    if not path.is_dir():
        print(f"{path} does not exist: run `make demo` first, or name a bundle", file=sys.stderr)
        return
    threads, _ = probe_threads()
    torch.set_num_threads(1)
    translator = crosslight.load(path, threads=threads)
    texts = [pair.src for pair in read_tsv(sample_file("handwritten.test.tsv"))]
    table = {}
    for name, settings, work in (
        ("greedy, in batches", {"beam": 1}, [texts]),
        ("beam 4, in batches", {"beam": 4}, [texts]),
        ("greedy, one by one", {"beam": 1}, [[text] for text in texts[:60]]),
        ("beam 4, one by one", {"beam": 4}, [[text] for text in texts[:60]]),
    ):
        rates = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            n_tokens = sum(len(t.tokens) + 1 for part in work for t in translator.translate(part, **settings))
            rates.append(n_tokens / (time.perf_counter() - start))
        table[name] = statistics.median(rates)
        print(f"{name:20} {table[name]:8,.0f} tokens/s")
    Path(__file__).with_name("results").joinpath("decoding.json").write_text(
        json.dumps(table, indent=1) + "\n"
    )


if __name__ == "__main__":
    main()
