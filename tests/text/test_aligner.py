"""The aligner against every alignment written out, and on corpora whose alignment is known."""

import math
import random
from itertools import pairwise, product

import numpy as np
import pytest

from crosslight.errors import CorpusError
from crosslight.text.aligner import NO_PARTNER, Aligner, aligned, word_forms

WORDS = "abcdefghijklmnopqrstuvwxyz"


def corpus(n: int, seed: int = 0, most: int = 6) -> list[tuple[list[str], list[str]]]:
    """Each source word has one translation, its capital; a pair has them in a random order."""
    chance = random.Random(seed)
    pairs = []
    for _ in range(n):
        src = chance.sample(WORDS, chance.randint(1, most))
        tgt = [word.upper() for word in src]
        chance.shuffle(tgt)
        pairs.append((src, tgt))
    return pairs


@pytest.mark.parametrize("concentration", [0.0, 0.01, 1.0])
def test_the_likelihood_never_falls(concentration):
    chance = random.Random(1)
    noise = [
        (chance.choices(WORDS[:8], k=chance.randint(1, 7)), chance.choices("XYZUVW", k=5)) for _ in range(40)
    ]
    for pairs in (noise, corpus(40)):
        bounds = Aligner.train(pairs, concentration=concentration, rounds=25).bounds
        assert len(bounds) == 24
        assert all(b >= a - 1e-9 * abs(a) for a, b in pairwise(bounds))
        assert bounds[-1] > bounds[0] + 1e-3, "it learned something"


def test_without_a_prior_the_bound_is_the_likelihood_of_all_alignments():
    """The sum over every alignment of a corpus, one by one: p(target | source) of IBM model 1."""
    pairs = [(["a", "b"], ["X", "Y", "X"]), (["b"], ["Y"]), (["c", "a"], ["Z"])]
    rounds, tension = 4, 2.0
    before = Aligner.train(pairs, concentration=0.0, tension=tension, rounds=rounds - 1)
    total = 0.0
    for src, tgt in pairs:
        n, m = len(src), len(tgt)
        likelihood = 0.0
        for choice in product(range(n + 1), repeat=m):
            p = 1.0
            for j, i in enumerate(choice):
                near = [math.exp(-tension * abs((k + 1) / n - (j + 1) / m)) for k in range(n)]
                place = NO_PARTNER if i == 0 else (1 - NO_PARTNER) * near[i - 1] / sum(near)
                p *= place * weight(before, "" if i == 0 else src[i - 1], tgt[j])
            likelihood += p
        total += math.log(likelihood)
    after = Aligner.train(pairs, concentration=0.0, tension=tension, rounds=rounds)
    assert after.bounds[-1] == pytest.approx(total, rel=1e-12)


def weight(aligner: Aligner, src: str, tgt: str) -> float:
    """t(target | source), read from the table; "" is no word."""
    key = (aligner.src_ids[src] if src else 0) * len(aligner.tgt_ids) + aligner.tgt_ids[tgt]
    return float(dict(zip(aligner.keys.tolist(), aligner.weights.tolist(), strict=True)).get(key, 0.0))


def test_posteriors_are_those_of_all_alignments():
    aligner = Aligner.train(
        [(["a", "b"], ["X", "Y"]), (["b", "c"], ["Y", "Z", "Z"])], concentration=0.0, rounds=2
    )
    src, tgt, tension = ["c", "b", "a"], ["Y", "X"], 3.0
    mass = np.zeros((2, 4))
    for choice in product(range(4), repeat=2):
        p = 1.0
        for j, i in enumerate(choice):
            near = [math.exp(-tension * abs((k + 1) / 3 - (j + 1) / 2)) for k in range(3)]
            place = NO_PARTNER if i == 0 else (1 - NO_PARTNER) * near[i - 1] / sum(near)
            p *= place * (weight(aligner, "" if i == 0 else src[i - 1], tgt[j]) or 1e-9)
        for j, i in enumerate(choice):
            mass[j, i] += p
    expected = mass / mass.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(aligner.posterior(src, tgt, tension), expected, rtol=1e-9)


def test_without_a_prior_weights_are_probabilities_and_counts_are_words():
    pairs = corpus(30)
    aligner = Aligner.train(pairs, concentration=0.0)
    sums = np.bincount(aligner.keys // len(aligner.tgt_ids), aligner.weights)
    np.testing.assert_allclose(sums, 1.0)
    assert aligner.expected.sum() == pytest.approx(sum(len(tgt) for _, tgt in pairs))


def test_it_finds_a_known_permutation():
    pairs = corpus(300)
    for (src, tgt), links in zip(pairs, aligned(pairs), strict=True):
        assert links == {(src.index(word.lower()), j) for j, word in enumerate(tgt)}
    table = Aligner.train(pairs)
    for word in WORDS:
        (best, share), *_ = table.translations(word)
        assert best == word.upper()
        assert share > 0.9


def test_unseen_words_keep_to_the_diagonal():
    aligner = Aligner.train(corpus(20))
    src, tgt = ["1", "2", "3", "4"], ["5", "6", "7", "8"]
    assert aligner.links(src, tgt) == {(i, i) for i in range(4)}
    assert aligner.translations("1") == []
    assert aligner.links([], ["A"]) == set()


def test_nothing_to_learn_from():
    with pytest.raises(CorpusError, match="no pair has words"):
        Aligner.train([([], ["X"]), (["a"], [])])


def test_forms_are_as_many_as_words():
    text = " Il dit : « Non\xa0! » \t -- "
    assert word_forms(text) == ["il", "dit", ":", "«", "non", "»", "--"]
