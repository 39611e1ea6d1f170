"""How a score falls as sources grow longer than those that were trained on.

Long sources are made of the test set itself: n consecutive sentences as one, for n from 1 to 4, so that
every n has the same words and the same references, and only the length differs. The test set is cut into
blocks of twelve sentences, which all four numbers divide; what does not fill a block is left out. Resamples
draw whole blocks, the same ones for every n and every system.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crosslight.errors import CorpusError
from crosslight.evaluate.resampling import Estimate, draws, estimate, mean_of_drawn
from crosslight.evaluate.sentence_counts import Rows, SentenceCounts
from crosslight.evaluate.significance import N_RESAMPLES, SEED

NUMBERS = (1, 2, 3, 4)  # of sentences that are joined
BLOCK = 12


@dataclass(frozen=True)
class Fall:
    """The scores of one system for every number of joined sentences, and their slope."""

    points: tuple[Estimate, ...]  # in the order of NUMBERS
    slope: Estimate  # points of the score for one sentence more


def join(sentences: Sequence[str], n: int) -> list[str]:
    """Every n consecutive sentences as one text; an unfinished block at the end is left out.

    >>> join([str(i) for i in range(13)], 4)
    ['0 1 2 3', '4 5 6 7', '8 9 10 11']

    Raises:
        CorpusError: there is not one block.
    """
    n_whole = len(sentences) // BLOCK * BLOCK
    if not n_whole:
        raise CorpusError(
            f"the test set has {len(sentences)} sentences, expected {BLOCK} at least to join some of them",
            "give a larger test set",
        )
    return [" ".join(sentences[i : i + n]) for i in range(0, n_whole, n)]


def falls(
    systems: Mapping[str, Sequence[Mapping[int, SentenceCounts]]],
    n_resamples: int = N_RESAMPLES,
    seed: int = SEED,
) -> tuple[dict[str, Fall], dict[str, Rows]]:
    """The fall of each system; and its resampled slopes, to compare two systems by.

    Args:
        systems: for each seed of a system the counts of its translations, by the number that was joined.
    """
    found: dict[str, Fall] = {}
    slopes: dict[str, Rows] = {}
    for i, (name, runs) in enumerate(systems.items()):
        blocks = [[_blocks(run[n], n) for n in NUMBERS] for run in runs]
        times = draws(len(blocks[0][0]), n_resamples, seed)
        scores = np.stack(
            [
                np.stack(
                    [run[n].scores_of(times @ rows) for n, rows in zip(NUMBERS, of_run, strict=True)], axis=1
                )
                for run, of_run in zip(runs, blocks, strict=True)
            ]
        )  # (run, resample, number)
        seen = np.array([np.mean([run[n].corpus_score() for run in runs]) for n in NUMBERS])
        resampled = mean_of_drawn(scores, seed + 1 + i)
        slopes[name] = slope(resampled)
        found[name] = Fall(
            tuple(estimate(value, resampled[:, k]) for k, value in enumerate(seen)),
            estimate(float(slope(seen[None])[0]), slopes[name]),
        )
    return found, slopes


def slope(scores: Rows) -> Rows:
    """The slope of the line through each row of scores (row, number) with the least squares.

    >>> slope(np.array([[40.0, 38.0, 36.0, 34.0]]))
    array([-2.])
    """
    away = np.array(NUMBERS) - np.mean(NUMBERS)
    along: Rows = scores @ away / (away**2).sum()
    return along


def _blocks(counts: SentenceCounts, n: int) -> Rows:
    """The counts of every block: sums over its texts."""
    rows = counts.rows
    summed: Rows = rows.reshape(-1, BLOCK // n, rows.shape[1]).sum(axis=1)
    return summed
