"""Random spellings against brute force, the definition, and the sentencepiece library."""

import math
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosslight.text.spelling import MAX_PART, bpe_dropout, unigram_sample, words_of
from crosslight.text.subword import Subword, normalized

LINES = [
    f"{a} {b} lower {c} newest 12" for a in "xyz" for b in ("low", "new", "wide") for c in ("wider", "no")
]
BPE = Subword.train(LINES * 3, 320)
SCORES = {"l": -3.0, "o": -2.0, "w": -4.0, "lo": -2.5, "ow": -3.5, "low": -5.0, "wlo": -4.5}
N = 20_000


def spellings(word: str) -> list[tuple[str, ...]]:
    """Every way to spell a word in the pieces of SCORES."""
    if not word:
        return [()]
    ends = [n for n in range(1, len(word) + 1) if word[:n] in SCORES]
    return [(word[:n], *rest) for n in ends for rest in spellings(word[n:])]


def assert_frequencies(counts: Counter[tuple[str, ...]], probabilities: dict[tuple[str, ...], float]) -> None:
    """Every count within five standard errors of what its probability says."""
    assert set(counts) <= set(probabilities)
    for spelling, p in probabilities.items():
        assert abs(counts[spelling] / N - p) < 5 * math.sqrt(p * (1 - p) / N), spelling


@given(st.text("xyzlownewidr 12猫\t\u00a0") | st.text())
def test_no_dropout_is_the_encoding_of_the_library(text: str) -> None:
    # A dropout this small hits nothing, yet takes the path of every other.
    assert BPE.sample_batch([text], 1e-15, 0) == [BPE.encode(text)]


@given(st.text("lownew", min_size=1))
def test_full_dropout_is_characters(word: str) -> None:
    assert bpe_dropout(word, {"lo": 0, "ne": -1}, 1, Random(0)) == list(word)


def test_dropout_skips_each_merge_with_its_probability() -> None:
    # "abc" with merges ab, then abc; or bc, then abc. By hand, for a dropout of p = 0.3:
    p, scores = 0.3, {"ab": 0.0, "bc": -1.0, "abc": -2.0}
    q = 1 - p
    counts = Counter(tuple(bpe_dropout("abc", scores, p, chance)) for chance in [Random(1)] for _ in range(N))
    assert_frequencies(
        counts,
        {
            ("a", "b", "c"): p * p,
            ("ab", "c"): q * p,
            ("a", "bc"): p * q * p,
            ("abc",): q * q + p * q * q,
        },
    )


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("word", ["low", "lowlo", "wlow"])
def test_unigram_spellings_have_their_probabilities(word: str, alpha: float) -> None:
    weights = {found: math.exp(alpha * sum(SCORES[piece] for piece in found)) for found in spellings(word)}
    chance = Random(2)
    counts = Counter(tuple(unigram_sample(word, SCORES, alpha, chance)) for _ in range(N))
    assert_frequencies(counts, {found: w / sum(weights.values()) for found, w in weights.items()})


def test_characters_without_a_piece_stand_alone() -> None:
    assert unigram_sample("l猫o", SCORES, 1.0, Random(0)) == ["l", "猫", "o"]
    assert bpe_dropout("l猫o", SCORES, 0, Random(0)) == ["l", "猫", "o"]


def test_a_long_word_underflows_nowhere() -> None:
    pieces = unigram_sample("猫" * 5000, SCORES, 1.0, Random(0))
    assert pieces == ["猫"] * 5000


@given(st.text().map(lambda text: "▁" + normalized(text).replace(" ", "▁")))
def test_words_make_up_the_text(marked: str) -> None:
    words = words_of(marked)
    assert "".join(words) == marked
    assert all("▁" not in word[1:] and 1 <= len(word) <= MAX_PART for word in words)


def test_an_unknown_run_is_one_unknown() -> None:
    subword = Subword.train(LINES, 60, byte_fallback=False)
    for text in ("猫猫", "low 猫猫 猫", "猫"):
        assert subword.sample_batch([text], 1e-15, 0) == [subword.encode(text)]
