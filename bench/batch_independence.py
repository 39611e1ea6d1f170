"""What a sentence becomes must not depend on its neighbors: 1,000 of them, batches of 1, 7 and 64, shuffled.

    python -m bench.batch_independence [BUNDLE] [FILE]

Without arguments the finished demo translates its own grammar test set.
"""

import json
import random
import sys
import time
from pathlib import Path

import torch

import crosslight
from crosslight.corpora.sample import sample_file
from crosslight.text.corpus import read_lines, read_tsv
from crosslight.train.machine import probe_threads

BATCH_SIZES = (1, 7, 64)


def main() -> None:
    """Print the differences, write bench/results/batch_independence.json, and fail if there are any."""
    bundle = sys.argv[1] if len(sys.argv) > 1 else "runs/demo"
    if len(sys.argv) > 2:
        texts = list(read_lines(sys.argv[2]))[:1000]
    else:
        texts = [pair.src for pair in read_tsv(sample_file("grammar.test.tsv.gz"))][:1000]
    threads, _ = probe_threads()
    torch.set_num_threads(1)
    translator = crosslight.load(bundle, threads=threads)
    found: dict[int, list[str]] = {}
    for size in BATCH_SIZES:
        order = list(range(len(texts)))
        random.Random(size).shuffle(order)
        start = time.perf_counter()
        outputs = [""] * len(texts)
        for first in range(0, len(order), size):
            chosen = order[first : first + size]
            translations = translator.translate([texts[i] for i in chosen], max_tokens_per_batch=10**6)
            for i, translation in zip(chosen, translations, strict=True):
                outputs[i] = translation.text
        found[size] = outputs
        print(f"batches of {size:2}: {time.perf_counter() - start:6.1f} s")
    different = [i for i in range(len(texts)) if len({found[size][i] for size in BATCH_SIZES}) > 1]
    for i in different[:10]:
        print(texts[i], *(found[size][i] for size in BATCH_SIZES), sep="\n   ")
    print(f"{len(texts) - len(different)} of {len(texts)} identical at batch sizes {BATCH_SIZES}, shuffled")
    result = {"sentences": len(texts), "batch_sizes": BATCH_SIZES, "different": len(different)}
    results = Path(__file__).with_name("results")
    (results / "batch_independence.json").write_text(json.dumps(result) + "\n")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
