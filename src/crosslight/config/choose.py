"""What to train where the user names nothing: chosen from the corpus and the time, with the reason.

A larger model or a rougher spelling pays only where there is text to fill it and time for enough epochs.
The thresholds come from runs on two cores (docs/log.md).
"""

from collections.abc import Callable
from typing import NamedTuple

FEW_PAIRS = 60_000  # below it a model learns a corpus by heart before it is done
USUAL_DROPOUT, HIGHEST_DROPOUT = 0.2, 0.25
SAMPLING, SAMPLING_FROM = 0.1, 100.0  # epochs
N_UPDATES, SMALLEST_BATCH = 3000, 512  # tokens


class Suits(NamedTuple):
    """A preset, and what it takes: so many pairs, and time to see each so often."""

    preset: str
    n_pairs: int
    epochs: float


# From the least demanding to the most: the last one whose demands are met is taken.
SUITS = (
    Suits("tiny", 0, 0.0),
    Suits("small", 20_000, 20.0),
    Suits("small", 60_000, 2.0),
    # strong is taken by name only: nobody has measured it against small in the same hours.
    Suits("base", 1_000_000, 5.0),
)


def choose_preset(
    n_pairs: int, minutes: float | None, epochs_of: Callable[[str], float]
) -> tuple[str, float | None, str]:
    """The preset that suits a corpus and a budget, the epochs that it has time for, and why it was taken.

    Args:
        n_pairs: without copies: what is seen more often is no more text.
        minutes: None for a given number of steps, whose time nobody knows: the pairs decide alone.
        epochs_of: how many epochs a preset has time for; smaller presets are asked first.

    >>> choose_preset(124_000, 30, {"tiny": 9.0, "small": 4.6}.__getitem__)
    ('small', 4.6, '124,000 pairs, seen 4.6 times in 30 minutes: preset small')
    >>> choose_preset(29_000, 30, {"tiny": 25.0, "small": 10.0}.__getitem__)
    ('tiny', 25.0, '29,000 pairs, seen 25.0 times in 30 minutes: preset tiny')
    >>> choose_preset(1_000_000, 30, {"tiny": 0.7}.__getitem__)
    ('tiny', 0.7, '1,000,000 pairs, 70% of them seen in 30 minutes: preset tiny')
    """
    if minutes is None:
        name = "small" if n_pairs >= SUITS[1].n_pairs else "tiny"
        return name, None, f"{n_pairs:,} pairs and a number of steps: preset {name}"
    name, epochs = SUITS[0].preset, epochs_of(SUITS[0].preset)
    for row in SUITS[1:]:
        # What a smaller model has no time for, a larger one has not either.
        if n_pairs >= row.n_pairs and epochs >= row.epochs and row.preset != name:
            found = epochs_of(row.preset)
            if found >= row.epochs:
                name, epochs = row.preset, found
    seen = f"seen {epochs:.1f} times" if epochs >= 1 else f"{epochs:.0%} of them seen"
    return name, epochs, f"{n_pairs:,} pairs, {seen} in {minutes:g} minutes: preset {name}"


def choose_batch(n_tokens: float, largest: int) -> int:
    """Tokens of a batch: the preset's, halved as long as there is time for fewer updates than N_UPDATES.

    On a CPU a token costs about the same in a batch of 512 tokens as in a large one, and many small steps
    teach more than few large ones.

    Args:
        n_tokens: target tokens that there is time for.

    >>> choose_batch(15_000_000, 2048), choose_batch(1_600_000, 2048), choose_batch(100_000, 1536)
    (2048, 512, 768)
    """
    while n_tokens / largest < N_UPDATES and largest >= 2 * SMALLEST_BATCH:
        largest //= 2
    return largest


def choose_dropout(n_pairs: int, epochs: float | None, preset: float) -> float:
    """What keeps a corpus from being learned by heart; pairs seen a few times only are not in danger.

    Args:
        epochs: how often each pair is seen; None where nobody knows.
        preset: the preset's, and the most for a corpus that is not small.

    >>> [choose_dropout(29_000, epochs, 0.1) for epochs in (0.5, 3.0, 12.0, 29.0, 500.0, None)]
    [0.0, 0.05, 0.2, 0.25, 0.25, 0.2]
    >>> choose_dropout(1_000_000, 1.0, 0.1), choose_dropout(1_000_000, 50.0, 0.1)
    (0.0, 0.1)
    """
    is_small = n_pairs < FEW_PAIRS
    if epochs is None:
        return USUAL_DROPOUT if is_small else preset
    return min(HIGHEST_DROPOUT if is_small else preset, round(epochs / 3) / 20)


def choose_sampling(n_pairs: int, epochs: float | None) -> float:
    """The rate of BPE-dropout: for small corpora that are seen so often that each word should look new.

    Words in many spellings take long to learn: up to 30 epochs it costs more than it saves.

    >>> choose_sampling(5_000, 200.0), choose_sampling(5_000, 30.0), choose_sampling(200_000, 200.0)
    (0.1, 0.0, 0.0)
    """
    return SAMPLING if n_pairs < FEW_PAIRS and epochs is not None and epochs >= SAMPLING_FROM else 0.0
