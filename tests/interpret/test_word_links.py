"""Links read from attention: laws, and a case by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosslight.interpret.word_links import ROWS, attention_links, word_attention

SIDES = st.lists(st.integers(1, 3), min_size=1, max_size=5)  # pieces of each word


def spans(sizes: list[int], first: int = 0) -> list[range]:
    return [range(word, word + 1) for word, n in enumerate(sizes, start=first) for _ in range(n)]


@given(SIDES, SIDES, st.integers(0, 3), st.integers(0, 2**32 - 1), st.sampled_from(ROWS))
def test_positions_are_in_range_and_every_target_word_has_one_link(src, tgt, first, seed, row):
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(sum(src) + 1), size=(2, 3, sum(tgt) + 1))
    found = attention_links(weights, spans(src, first), spans(tgt, first), row)
    assert [len(heads) for heads in found] == [3, 3]
    for links in (links for heads in found for links in heads):
        assert sorted(j for _, j in links) == list(range(first, first + len(tgt)))
        assert all(first <= i < first + len(src) for i, _ in links)


@given(SIDES, st.sampled_from(ROWS))
def test_diagonal_attention_gives_the_diagonal(sizes, row):
    n = sum(sizes)
    weights = np.zeros((1, 1, n + 1, n + 1))
    for piece in range(n):
        weights[0, 0, piece + ROWS.index(row), piece] = 1
    expected = {(word, word) for word in range(len(sizes))}
    assert attention_links(weights, spans(sizes), spans(sizes), row) == [[expected]]


@given(SIDES, SIDES, st.integers(0, 2**32 - 1), st.sampled_from(ROWS))
def test_words_receive_what_their_pieces_receive(src, tgt, seed, row):
    """Written out in loops."""
    weights = np.random.default_rng(seed).random((1, 2, sum(tgt) + 1, sum(src) + 1))
    shares, _, _ = word_attention(weights, spans(src), spans(tgt), row)
    for head in range(2):
        for j, m in enumerate(tgt):
            for i, n in enumerate(src):
                rows = [sum(tgt[:j]) + k + (row == "read") for k in range(m)]
                columns = [sum(src[:i]) + k for k in range(n)]
                by_hand = sum(weights[0, head, r, c] for r in rows for c in columns) / m
                assert shares[0, head, j, i] == pytest.approx(by_hand)


def test_what_looks_at_the_end_token_does_not_count():
    weights = np.array([[[[0.0, 0.2, 0.8], [0.1, 0.0, 0.9], [0.0, 0.0, 1.0]]]])
    assert attention_links(weights, spans([1, 1]), spans([1, 1]), "written") == [[{(1, 0), (0, 1)}]]


def test_a_side_without_words_has_no_links():
    weights = np.ones((1, 2, 3, 3))
    assert attention_links(weights, [range(0)] * 2, spans([1, 1]), "read") == [[set(), set()]]
