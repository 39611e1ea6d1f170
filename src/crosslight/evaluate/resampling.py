"""Scores of a system that was trained several times, and how far chance reaches.

Two chances are in such a score: which sentences are in the test set, and which seeds were trained. Every
resample draws both anew, with replacement: the sentences once for all systems, so that a hard one is hard for
all of them (Koehn 2004), and the seeds for each system on its own. With two or three seeds the second chance
is still judged too small, by a factor of (k - 1) / k of its variance.

    runs    the sentence counts of one system, one entry a seed, of the same sentences
    times   (resample, sentence): how often each sentence was drawn
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crosslight.evaluate.sentence_counts import Rows, SentenceCounts
from crosslight.evaluate.significance import N_RESAMPLES, SEED, interval


@dataclass(frozen=True)
class Estimate:
    """A number, and between which two 95 % of the resamples lie."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.1f} [{self.low:.1f}, {self.high:.1f}]"


def draws(n: int, n_resamples: int = N_RESAMPLES, seed: int = SEED) -> Rows:
    """`times` for n sentences: every row sums to n."""
    chance = np.random.default_rng(seed)
    return chance.multinomial(n, np.full(n, 1 / n), size=n_resamples).astype(np.float64)


def mean_score(runs: Sequence[SentenceCounts]) -> float:
    """The corpus score, as a mean over seeds."""
    return float(np.mean([run.corpus_score() for run in runs]))


def resampled_scores(runs: Sequence[SentenceCounts], times: Rows, seed: int = SEED) -> Rows:
    """The mean score of every resample.

    Args:
        seed: decides which runs are drawn; give each system another one.
    """
    return mean_of_drawn(np.stack([run.scores_of(times @ run.rows) for run in runs]), seed)


def mean_of_drawn(of_runs: Rows, seed: int) -> Rows:
    """Values of runs (run, resample, ...) as means over as many runs, drawn anew for each resample."""
    n_runs, n_resamples = of_runs.shape[:2]
    drawn = np.random.default_rng(seed).integers(n_runs, size=(n_runs, n_resamples))
    mean: Rows = of_runs[drawn, np.arange(n_resamples)].mean(axis=0)
    return mean


def estimate(value: float, resampled: Rows) -> Estimate:
    """The value with its interval of 95 %."""
    return Estimate(float(value), *interval(resampled))
