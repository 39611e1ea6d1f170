"""Scores of several trainings, against resamples that are scored as texts, and against known chances."""

import numpy as np
import pytest
from sacrebleu.metrics.chrf import CHRF

from crosslight.evaluate.resampling import (
    draws,
    estimate,
    mean_of_drawn,
    mean_score,
    resampled_scores,
)
from crosslight.evaluate.sentence_counts import count_sentences

REFS = ["the cat sat", "a dog ran home", "it rains", "we read books", "nobody knows", "she sings well"]
OUTPUTS = [
    ["the cat sat", "a dog ran", "it rains", "we red books", "nobody", "she sings"],
    ["the hat sat", "a dog ran home", "rains", "we read books", "no one knows", "she sings well"],
]


def test_resamples_are_scored_as_sacrebleu_scores_their_texts():
    runs = [count_sentences("chrF", output, [REFS]) for output in OUTPUTS]
    times = draws(len(REFS), 20)
    assert (times.sum(axis=1) == len(REFS)).all()
    one = resampled_scores(runs[:1], times)
    for row, score in zip(times.astype(int), one, strict=True):
        drawn = [i for i, n in enumerate(row) for _ in range(n)]
        texts, refs = [OUTPUTS[0][i] for i in drawn], [REFS[i] for i in drawn]
        assert score == pytest.approx(CHRF().corpus_score(texts, [refs]).score, abs=1e-9)
    whole = [CHRF().corpus_score(output, [REFS]).score for output in OUTPUTS]
    assert mean_score(runs) == pytest.approx(sum(whole) / 2)


def test_two_seeds_are_drawn_as_two_coins_fall():
    constant = np.stack([np.full(4000, 10.0), np.full(4000, 20.0)])
    means = mean_of_drawn(constant, seed=7)
    shares = [float((means == value).mean()) for value in (10.0, 15.0, 20.0)]
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.03)
    assert mean_of_drawn(constant[:1], seed=7).tolist() == constant[0].tolist()


def test_the_interval_of_a_mean_is_that_of_the_normal_law():
    """The resampled mean of n numbers has the standard deviation σ / √n, so 95 % lie within 1.96 of them."""
    numbers = np.random.default_rng(3).normal(5.0, 2.0, 400)
    means = draws(400, 4000) @ numbers / 400
    found = estimate(float(numbers.mean()), means)
    half = 1.96 * numbers.std() / 20
    assert found.low == pytest.approx(numbers.mean() - half, abs=0.03)
    assert found.high == pytest.approx(numbers.mean() + half, abs=0.03)
