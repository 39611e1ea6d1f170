"""The alignment error rate by hand, by NLTK's documented value, and by brute force."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from crosslight.errors import CorpusError
from crosslight.evaluate.alignment_error import (
    GoldPair,
    alignment_error,
    diagonal,
    read_gold,
    shuffled,
    turned,
)


def pair(sure, possible=(), n_src=9, n_tgt=9):
    sure = frozenset(sure)
    return GoldPair(tuple("a" * n_src), tuple("b" * n_tgt), sure, frozenset(possible) | sure)


def test_by_hand():
    # Two sentences: |A| = 3 + 1, |S| = 2 + 2, |A∩S| = 1 + 1, |A∩P| = 2 + 1.
    gold = [pair({(0, 0), (1, 1)}, {(1, 2)}), pair({(0, 1), (1, 0)})]
    found = [{(0, 0), (1, 2), (4, 4)}, {(0, 1)}]
    error = alignment_error(found, gold)
    assert error.error_rate == pytest.approx(1 - (2 + 3) / (4 + 4))
    assert error.precision == pytest.approx(3 / 4)
    assert error.recall == pytest.approx(2 / 4)
    assert error.n_links == 4


def test_the_value_that_nltk_documents():
    """nltk.metrics.alignment_error_rate: reference 0-0 1-1 2-2, found 0-0 1-2 2-1 gives 2/3."""
    gold = [pair({(0, 0), (1, 1), (2, 2)})]
    assert alignment_error([{(0, 0), (1, 2), (2, 1)}], gold).error_rate == pytest.approx(0.6666666666666667)


def test_perfect_and_none():
    gold = [pair({(0, 0), (1, 1)}, {(2, 2)}), pair({(3, 2)})]
    for found in ([each.sure for each in gold], [each.possible for each in gold]):
        assert alignment_error(found, gold).error_rate == 0
    assert alignment_error([set(), set()], gold).error_rate == 1


def test_interval_holds_the_rate_and_shrinks_with_the_corpus():
    draws = np.random.default_rng(5)
    gold = [pair({(i, i) for i in range(5)}) for _ in range(400)]
    found = [{(i, i if draws.random() < 0.7 else i + 1) for i in range(5)} for _ in gold]
    few, many = alignment_error(found[:40], gold[:40]), alignment_error(found, gold)
    for error in (few, many):
        assert error.low < error.error_rate < error.high
    # Each link is wrong with 0.3: a binomial's spread says how wide 95 % are.
    assert many.high - many.low == pytest.approx(2 * 1.96 * (0.3 * 0.7 / 2000) ** 0.5, rel=0.2)
    assert few.high - few.low > 2 * (many.high - many.low)
    assert alignment_error(found, gold) == many, "the same resamples every time"


@pytest.mark.parametrize(("n", "m"), list(product(range(1, 8), range(1, 8))))
def test_diagonal_by_brute_force(n, m):
    expected = set()
    for j in range(m):
        middle = (j + Fraction(1, 2)) / m
        expected |= {(i, j) for i in range(n) if Fraction(i, n) <= middle < Fraction(i + 1, n)}
    assert diagonal(n, m) == expected
    assert len(expected) == m


def test_shuffled_keeps_what_each_source_word_receives():
    links = {(0, 0), (0, 1), (3, 2), (5, 3), (5, 4), (2, 4)}
    draws = np.random.default_rng(1)
    seen = [shuffled(links, draws) for _ in range(50)]
    for other in seen:
        assert sorted(i for i, _ in other) == sorted(i for i, _ in links)
        assert {j for _, j in other} == {j for _, j in links}
    assert len(set(map(frozenset, seen))) > 10
    assert shuffled(links, np.random.default_rng(1)) == seen[0]


@pytest.fixture
def files(tmp_path):
    def write(**texts):
        paths = {name: tmp_path / name for name in texts}
        for name, text in texts.items():
            paths[name].write_text(text, encoding="utf-8")
        return paths

    return write


def test_a_gold_file_from_one_and_from_zero(files):
    said = files(
        both="le chat ||| the cat\noui ||| yes\n", one="1-1 2p2 2-2\n1p1\n", zero="0-0 1?1 1-1\n0?0\n"
    )
    first, second = read_gold(said["one"], said["both"])
    assert first == GoldPair(("le", "chat"), ("the", "cat"), frozenset({(0, 0), (1, 1)}), first.sure)
    assert (second.sure, second.possible) == (frozenset(), {(0, 0)})
    assert read_gold(said["zero"], said["both"]) == [first, second]
    sides = files(src="le chat\noui\n", tgt="the cat\nyes\n")
    assert read_gold(said["one"], sides["src"], sides["tgt"]) == [first, second]


def test_turned_is_the_other_direction():
    there = pair({(0, 3)}, {(1, 2)}, n_src=2, n_tgt=4)
    (back,) = turned([there])
    assert (back.src, back.tgt) == (there.tgt, there.src)
    assert (back.sure, back.possible) == ({(3, 0)}, {(3, 0), (2, 1)})
    assert back.turned == there


@pytest.mark.parametrize(
    ("gold", "said"),
    [
        ("1-1\n1-1 1_1\n", "'1_1' in line 2 of"),
        ("1-1\n", "has 1 lines, and there are 2 sentence pairs"),
        ("3-1\n1-1\n", "points outside its pair of 2 and 2 words"),
        ("0-0\n1-1\n", "points outside its pair of 1 and 1 words"),
        ("1-1\n\n", "does not show whether words count from 0 or from 1"),
    ],
)
def test_gold_that_cannot_be(files, gold, said):
    paths = files(both="le chat ||| the cat\noui ||| yes\n", gold=gold)
    with pytest.raises(CorpusError, match=said):
        read_gold(paths["gold"], paths["both"])


def test_pairs_that_cannot_be(files):
    paths = files(gold="0-0\n0-0\n", src="le\nle\n", tgt="the\n", odd="le the\nle ||| the\n")
    with pytest.raises(CorpusError, match="ends before line 2"):
        read_gold(paths["gold"], paths["src"], paths["tgt"])
    with pytest.raises(CorpusError, match=r"line 1 of .* has 0 times"):
        read_gold(paths["gold"], paths["odd"])
    with pytest.raises(CorpusError, match="1 alignments of 0 sentence pairs"):
        alignment_error([set()], [])
