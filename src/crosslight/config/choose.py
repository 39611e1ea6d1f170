"""What to train where the user names nothing: chosen from the corpus and the time, with the reason.

A larger model or a rougher spelling pays only where there is text to fill it and time for enough epochs.
The thresholds come from runs on two cores (docs/log.md).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

FEW_PAIRS = 60_000
LONG_MINUTES = 60.0


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
    # strong has its place here, once it has been measured against small in the same time; it brings its
    # own dropout, which choose_regularization then must leave alone.
    Suits("base", 1_000_000, 5.0),
)
MEASURED_FROM = SUITS[1].n_pairs  # below it the time does not matter


def choose_preset(
    n_pairs: int, minutes: float | None, epochs_of: Callable[[str], float]
) -> tuple[str, float | None, str]:
    """The preset that suits a corpus and a budget, the epochs that it has time for, and why it was taken.

    Args:
        n_pairs: without copies: what is seen more often is no more text.
        minutes: None for a given number of steps, whose time nobody knows: the pairs decide alone.
        epochs_of: how many epochs a preset has time for; asked only where it matters, smaller ones first.

    Returns: the epochs are None where they were not asked for.

    >>> choose_preset(124_000, 30, {"tiny": 9.0, "small": 4.6}.__getitem__)
    ('small', 4.6, '124,000 pairs, seen 4.6 times in 30 minutes: preset small')
    >>> choose_preset(29_000, 30, {"tiny": 25.0, "small": 10.0}.__getitem__)
    ('tiny', 25.0, '29,000 pairs, seen 25.0 times in 30 minutes: preset tiny')
    >>> choose_preset(300, 30, {}.__getitem__)
    ('tiny', None, '300 pairs and 30 minutes: preset tiny')
    """
    if minutes is None:
        name = "small" if n_pairs >= MEASURED_FROM else "tiny"
        return name, None, f"{n_pairs:,} pairs and a number of steps: preset {name}"
    if n_pairs < MEASURED_FROM:
        return "tiny", None, f"{n_pairs:,} pairs and {minutes:g} minutes: preset tiny"
    name, epochs = SUITS[0].preset, epochs_of(SUITS[0].preset)
    for row in SUITS[1:]:
        # What a smaller model has no time for, a larger one has not either.
        if n_pairs >= row.n_pairs and epochs >= row.epochs and row.preset != name:
            found = epochs_of(row.preset)
            if found >= row.epochs:
                name, epochs = row.preset, found
    times = f"{epochs:.1f} times" if epochs >= 1 else f"in {epochs:.0%}"
    return name, epochs, f"{n_pairs:,} pairs, seen {times} in {minutes:g} minutes: preset {name}"


def choose_regularization(n_pairs: int, minutes: float | None) -> tuple[dict[str, Any], str] | None:
    """For a small corpus, which would else be learned by heart; None where the preset will do.

    >>> choose_regularization(29_000, 30)[1]
    'dropout 0.2, because 29,000 pairs are few'
    >>> choose_regularization(29_000, 120)[1]
    'dropout 0.2 and BPE-dropout 0.1, because 29,000 pairs are few'
    """
    if n_pairs >= FEW_PAIRS:
        return None
    because = f"because {n_pairs:,} pairs are few"
    if minutes is not None and minutes < LONG_MINUTES:
        return {"model": {"dropout": 0.2}}, f"dropout 0.2, {because}"
    return {
        "model": {"dropout": 0.2},
        "subword": {"sampling": 0.1},
    }, f"dropout 0.2 and BPE-dropout 0.1, {because}"
