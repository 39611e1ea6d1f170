"""What is measured of a system: translations of the whole test set, turns of seconds, single sentences.

A *pass* is one call with all sentences of the speed set; a *turn* is as many passes as fill its seconds.
All systems get the same sentences in every turn: how long they are, and how many go into a batch, is
the same for all, however slow one is.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

Translate = Callable[[list[str]], object]
Clock = Callable[[], float]

LEAST_SENTENCES = 64  # of the speed set, whatever a turn then lasts
WARM_UP = 8  # sentences that are translated before a clock runs


def n_words(texts: Sequence[str]) -> int:
    """Source words: what stands between blanks.

    >>> n_words(["Bonjour !", "", "un chat"])
    4
    """
    return sum(len(text.split()) for text in texts)


def distinct(texts: Sequence[str]) -> list[str]:
    """The different texts in order, without empty ones: what comes twice is translated once.

    >>> distinct(["a", " ", "b", "a"])
    ['a', 'b']
    """
    return list(dict.fromkeys(text for text in texts if text.strip()))


def speed_set(texts: Sequence[str], slowest: float, seconds: float) -> list[str]:
    """The first sentences that the slowest system translates in about so many seconds.

    Args:
        slowest: its source words a second.

    >>> len(speed_set([f"two words{i}" for i in range(500)], 100.0, 5.0))
    250
    """
    chosen: list[str] = []
    words = 0
    for text in distinct(texts):
        if words >= slowest * seconds and len(chosen) >= LEAST_SENTENCES:
            break
        chosen.append(text)
        words += n_words([text])
    return chosen


def turn(
    translate: Translate,
    texts: list[str],
    seconds: float,
    clock: Clock = time.perf_counter,
    cpu: Clock = time.process_time,
) -> dict[str, Any]:
    """Passes until the seconds are over, at least one; after a few sentences to warm up.

    `cpu_seconds` are those of all threads of this process: above `seconds`, it had more than one core.
    """
    translate(texts[:WARM_UP])
    start, start_cpu = clock(), cpu()
    passes = 0
    while passes == 0 or clock() - start < seconds:
        translate(texts)
        passes += 1
    spent, spent_cpu = clock() - start, cpu() - start_cpu
    words = passes * n_words(texts)
    return {
        "passes": passes,
        "words": words,
        "seconds": spent,
        "cpu_seconds": spent_cpu,
        "words_per_second": words / spent,
        "words_per_cpu_second": words / max(spent_cpu, 1e-9),
    }


def single_sentences(
    translate: Translate, texts: Sequence[str], clock: Clock = time.perf_counter
) -> list[dict[str, Any]]:
    """The words of each sentence and the milliseconds that it took alone."""
    found = []
    for text in texts:
        start = clock()
        translate([text])
        found.append({"words": n_words([text]), "ms": 1e3 * (clock() - start)})
    return found
