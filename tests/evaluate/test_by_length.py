"""Joined sentences, and the slope of a score against their number."""

import numpy as np
import pytest
from sacrebleu.metrics.chrf import CHRF

from crosslight.errors import CorpusError
from crosslight.evaluate.by_length import BLOCK, NUMBERS, falls, join, slope
from crosslight.evaluate.resampling import draws
from crosslight.evaluate.sentence_counts import count_sentences
from crosslight.evaluate.significance import SEED

REFS = [f"sentence {i} has words like {chr(97 + i % 26) * 4} and {i * i}" for i in range(3 * BLOCK + 5)]


def system(spoil):
    """The counts by number of a system that returns the references, spoiled by (text, number)."""
    return {
        n: count_sentences("chrF", [spoil(text, n) for text in join(REFS, n)], [join(REFS, n)])
        for n in NUMBERS
    }


def cut(text, n):
    """The more sentences, the less of them."""
    return text[: len(text) * 2 // (n + 1)]


def test_all_numbers_have_the_same_words():
    words = " ".join(REFS[: 3 * BLOCK]).split()
    for n in NUMBERS:
        joined = join(REFS, n)
        assert len(joined) == 3 * BLOCK // n
        assert " ".join(joined).split() == words
    assert join(REFS, 3)[1] == f"{REFS[3]} {REFS[4]} {REFS[5]}"


def test_too_few_sentences():
    with pytest.raises(CorpusError, match="has 11 sentences, expected 12 at least"):
        join(REFS[:11], 1)


def test_the_slope_is_that_of_least_squares():
    scores = np.random.default_rng(1).normal(40, 5, (50, 4))
    expected = np.polyfit(NUMBERS, scores.T, 1)[0]
    np.testing.assert_allclose(slope(scores), expected)


def test_points_and_resampled_slopes_are_those_of_scored_texts():
    n_resamples = 30
    found, slopes = falls({"a": [system(cut)]}, n_resamples)
    for n, point in zip(NUMBERS, found["a"].points, strict=True):
        texts = [cut(text, n) for text in join(REFS, n)]
        assert point.value == pytest.approx(CHRF().corpus_score(texts, [join(REFS, n)]).score)
        assert point.low <= point.value <= point.high
    times = draws(3, n_resamples, SEED).astype(int)  # blocks
    for row, expected in zip(times[:5], slopes["a"][:5], strict=True):
        scores = []
        for n in NUMBERS:
            refs, size = join(REFS, n), BLOCK // n
            drawn = [
                i
                for block, k in enumerate(row)
                for _ in range(k)
                for i in range(block * size, block * size + size)
            ]
            texts = [cut(refs[i], n) for i in drawn]
            scores.append(CHRF().corpus_score(texts, [[refs[i] for i in drawn]]).score)
        assert expected == pytest.approx(np.polyfit(NUMBERS, scores, 1)[0])


def test_a_system_that_forgets_falls_and_one_that_does_not_stays():
    found, slopes = falls({"forgets": [system(cut)] * 2, "keeps": [system(lambda text, n: text)] * 2}, 200)
    assert found["keeps"].slope.value == pytest.approx(0.0)
    assert found["forgets"].slope.high < -5
    assert (slopes["keeps"] > slopes["forgets"]).all()
