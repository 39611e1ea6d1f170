"""Whether a difference between two systems is more than the luck of the test set.

Both tests are *paired*: they see the two translations of each sentence together, so that a hard sentence
is hard for both.

    paired bootstrap            draw as many sentences as there are, with replacement, again and again: how
                                often is B better? (Koehn 2004)
    approximate randomization   exchange the two translations of each sentence at random, again and again:
                                how often is the difference as large as the one seen? (Riezler & Maxwell 2005)
    sign test                   of the sentences in which only one of the two errs, does one err more often
                                than a fair coin says? (exact; McNemar 1947 on yes or no)

Differences are B's score minus A's. A *p* is the chance of a difference at least as large, either way,
if the two systems were equally good; two identical systems have p = 1.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosslight.evaluate.sentence_counts import Rows, SentenceCounts

SEED = 12345
N_RESAMPLES = 1000
N_SHUFFLES = 10_000
BLOCK_CELLS = 50_000_000  # of a table of random numbers that is held at a time
ROUNDING = 1e-9  # sums in another order differ by less, and scores that are worth comparing by more


@dataclass(frozen=True)
class Bootstrap:
    """What the resamples say of two systems."""

    n_resamples: int
    b_wins: float  # share of the resamples in which B's score is higher
    a_wins: float
    difference_low: float  # 95 % of the resamples have a difference between these two
    difference_high: float
    a_interval: tuple[float, float]  # and scores between these
    b_interval: tuple[float, float]
    p: float


def paired_bootstrap(
    a: SentenceCounts, b: SentenceCounts, n_resamples: int = N_RESAMPLES, seed: int = SEED
) -> Bootstrap:
    """Resample the test set; p is that of Riezler & Maxwell's Figure 2, as in sacreBLEU.

    Their p compares the resamples' absolute differences, less their mean, with the one seen.
    """
    draws = np.random.default_rng(seed)
    n = len(a.rows)
    scores_a, scores_b = [], []
    for size in _blocks(n_resamples, n):
        times = _times_drawn(draws.choice(n, size=(size, n), replace=True), n)
        scores_a.append(a.scores_of(times @ a.rows))
        scores_b.append(b.scores_of(times @ b.rows))
    of_a, of_b = np.concatenate(scores_a), np.concatenate(scores_b)
    differences = of_b - of_a
    size_seen = abs(b.corpus_score() - a.corpus_score())
    sizes = np.abs(differences)
    low, high = interval(differences)
    return Bootstrap(
        n_resamples=n_resamples,
        b_wins=float((differences > ROUNDING).mean()),
        a_wins=float((differences < -ROUNDING).mean()),
        difference_low=low,
        difference_high=high,
        a_interval=interval(of_a),
        b_interval=interval(of_b),
        p=_p(sizes - sizes.mean(), size_seen),
    )


def approximate_randomization(
    a: SentenceCounts, b: SentenceCounts, n_shuffles: int = N_SHUFFLES, seed: int = SEED
) -> float:
    """The p of the difference between two corpus scores, from exchanged translations.

    At least 1 / (n_shuffles + 1): so many shuffles cannot say less.
    """
    coins = np.random.default_rng(seed)
    n = len(a.rows)
    sizes = []
    for size in _blocks(n_shuffles, n):
        heads = coins.integers(2, size=(size, n), dtype=np.bool_).astype(np.float64)
        mixed = heads @ (a.rows - b.rows)  # sums of counts: whole numbers, so exact
        of_a, of_b = mixed + b.rows.sum(axis=0), a.rows.sum(axis=0) - mixed
        sizes.append(np.abs(a.scores_of(of_a) - b.scores_of(of_b)))
    return _p(np.concatenate(sizes), abs(b.corpus_score() - a.corpus_score()))


def sign_test(only_a: int, only_b: int) -> float:
    """The p, two-sided and exact, of `only_a` against `only_b` cases under a fair coin.

    >>> sign_test(0, 5), sign_test(3, 3)
    (0.0625, 1.0)
    """
    n, fewer = only_a + only_b, min(only_a, only_b)
    tail = sum(math.comb(n, k) for k in range(fewer + 1))
    return min(1.0, math.ldexp(tail, 1 - n))


def interval(values: Rows) -> tuple[float, float]:
    """The two values between which 95 % of the values lie: 1/40 is left out at each end.

    >>> interval(np.arange(80.0))
    (2.0, 77.0)
    """
    ordered = np.sort(values)
    outside = len(ordered) // 40
    return float(ordered[outside]), float(ordered[len(ordered) - outside - 1])


def _p(sizes: Rows, size_seen: float) -> float:
    """With the case seen counted too, so that it is never too small (Riezler & Maxwell 2005, Figure 1)."""
    return (int((sizes >= size_seen - ROUNDING).sum()) + 1) / (len(sizes) + 1)


def _times_drawn(draws: NDArray[np.int64], n: int) -> Rows:
    """How often each of n sentences is in each row of draws."""
    rows = np.arange(len(draws))[:, None] * n
    return np.bincount((draws + rows).ravel(), minlength=len(draws) * n).reshape(-1, n).astype(np.float64)


def _blocks(total: int, width: int) -> Iterator[int]:
    most = max(1, BLOCK_CELLS // width)
    for start in range(0, total, most):
        yield min(most, total - start)
