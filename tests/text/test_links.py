"""Alignments as sets of links: positions, merging, and the error rate on lines made by hand."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosslight.errors import CorpusError
from crosslight.text.links import (
    agreement,
    blank_words,
    pharaoh,
    spans_of_words,
    symmetrized,
    word_spans,
)

LINKS = st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=16)


@given(LINKS, LINKS)
def test_symmetrized_lies_between_intersection_and_union(forward, backward):
    found = symmetrized(forward, backward)
    assert forward & backward <= found <= forward | backward


@given(LINKS)
def test_symmetrized_of_two_equal_directions_is_that(links):
    assert symmetrized(links, links) == links


def test_grow_diag_final_and_by_hand():
    # Intersection (1, 1). (2, 2) touches it on the diagonal and its words are free: grown. (2, 3) touches
    # (2, 2), and target 3 is free: grown. (1, 3) touches (2, 2), but both its words have links by then in
    # the order of the source: (1, 2) comes first, for target 2 is free. (5, 0) is final: both are free.
    forward = {(1, 1), (2, 2), (5, 0)}
    backward = {(1, 1), (2, 3), (1, 0)}
    assert symmetrized(forward, backward) == {(1, 1), (2, 2), (2, 3), (1, 0)}


def test_error_rate_by_hand():
    # Och and Ney 2003: AER = 1 - (|A∩S| + |A∩P|) / (|A| + |S|).
    found = [{(0, 0), (1, 1), (2, 2)}, {(0, 1)}]
    sure = [{(0, 0), (2, 1)}, {(0, 1)}]
    possible = [{(1, 1)}, set()]
    result = agreement(found, sure, possible)
    assert result.precision == pytest.approx(3 / 4)
    assert result.recall == pytest.approx(2 / 3)
    assert result.error_rate == pytest.approx(1 - (2 + 3) / (4 + 3))


@given(st.lists(st.tuples(LINKS, LINKS), min_size=1, max_size=4))
def test_where_all_is_sure_the_error_is_one_minus_f1(sentences):
    found, sure = [a for a, _ in sentences], [b for _, b in sentences]
    result = agreement(found, sure)
    if any(found) and any(sure):
        assert result.error_rate == pytest.approx(1 - result.f1)
    assert agreement(sure, sure).error_rate == 0


def test_other_sentences_are_refused():
    with pytest.raises(CorpusError, match="2 alignments, but 1"):
        agreement([set(), set()], [set()])


def test_a_line_in_order():
    assert pharaoh([(10, 0), (2, 1), (2, 0)]) == "2-0 2-1 10-0"
    assert pharaoh([]) == ""


@given(st.lists(st.text(alphabet=" \tab.é\xa0", min_size=1, max_size=4), max_size=8), st.integers(0, 8))
def test_spans_of_pieces_are_the_words_of_the_text(parts, cut):
    """Against the other way round: where each word stands in the joined text."""
    text = "".join(parts)
    places = [match.span() for match in re.finditer(r"[^ \t]+", text)]
    assert len(places) == len(blank_words(text))
    before = "".join(parts[:cut])
    spans = word_spans([part.encode() for part in parts[cut:]], before)
    at = len(before)
    for part, span in zip(parts[cut:], spans, strict=True):
        end = at + len(part)
        assert list(span) == [w for w, (first, last) in enumerate(places) if first < end and last > at]
        at = end


def test_pieces_belong_to_given_words_wherever_the_blanks_are():
    words = ["peut", "-", "être", "là", "."]
    pieces = [b" peut", b"-\xc3", b"\xaa", b"tre", b" l\xc3\xa0.", b" "]
    assert spans_of_words(pieces, words) == [
        range(0, 1), range(1, 3), range(2, 3), range(2, 3), range(3, 5), range(0, 0)
    ]  # fmt: skip
    with pytest.raises(CorpusError, match="is not what stands in"):
        spans_of_words([b" peux"], words)
