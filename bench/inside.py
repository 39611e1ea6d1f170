"""How long everything that the page shows of a sentence takes to compute, with the model in the box.

    python -m bench.inside

Processor seconds of one thread, the median of five, after a first sentence that loads what is slow once.
"""

import statistics
import time

import torch

from crosslight.bundle import load_bundle
from crosslight.tasks import inside

SENTENCE = "Le petit chien de ma voisine dort depuis longtemps devant la porte."
ROUNDS = 5


def main() -> None:
    torch.set_num_threads(1)  # more would wait for each other, and count their waiting
    bundle = load_bundle("fr-en")

    def seconds() -> float:
        began = time.process_time()
        inside.everything(inside.open_sentence(bundle, SENTENCE, beam=4))
        return time.process_time() - began

    seconds()
    found = sorted(seconds() for _ in range(ROUNDS))
    span = f"{found[0]:.2f} to {found[-1]:.2f}"
    print(f"all views of {len(SENTENCE.split())} words: {statistics.median(found):.2f} s ({span})")


if __name__ == "__main__":
    main()
