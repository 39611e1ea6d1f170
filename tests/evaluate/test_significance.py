"""The tests of significance against sacreBLEU's own, and against every case where all can be counted."""

import itertools
import random

import numpy as np
import pytest
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.significance import PairedTest

from crosslight.evaluate import evaluate, significance
from crosslight.evaluate.sentence_counts import count_sentences, sentence_chrf
from crosslight.evaluate.significance import (
    approximate_randomization,
    paired_bootstrap,
    sign_test,
)

WORDS = "the a cat dog sat on under mat tree green red house runs sleeps and very old 7 12 Paris".split()


def systems(n: int, seed: int, noise_a: float = 0.3, noise_b: float = 0.2):
    """References, and two systems that get words wrong at different rates."""
    chance = random.Random(seed)
    refs = [[chance.choice(WORDS) for _ in range(chance.randint(5, 14))] for _ in range(n)]

    def spoiled(noise: float) -> list[str]:
        return [" ".join(chance.choice(WORDS) if chance.random() < noise else w for w in ref) for ref in refs]

    return [" ".join(ref) for ref in refs], spoiled(noise_a), spoiled(noise_b)


def counted(metric: str, n: int = 60, seed: int = 1, **noise: float):
    refs, a, b = systems(n, seed, **noise)
    return count_sentences(metric, a, [refs]), count_sentences(metric, b, [refs])


def theirs(kind: str, seed: int, n_samples: int, **noise: float):
    refs, a, b = systems(60, seed, **noise)
    metrics = {"BLEU": BLEU(force=True), "chrF": CHRF()}
    test = PairedTest([("a", a), ("b", b)], metrics, [refs], kind, n_samples)
    _, results = test()
    return {name.removesuffix("2"): results[name][1] for name in results if name != "System"}


@pytest.fixture(autouse=True)
def _their_seed(monkeypatch):
    monkeypatch.delenv("SACREBLEU_SEED", raising=False)  # 12345 then, as ours


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("noise", [{"noise_b": 0.3}, {"noise_b": 0.28}, {"noise_b": 0.2}], ids=str)
def test_randomization_is_sacrebleus(seed, noise):
    expected = theirs("ar", seed, 500, **noise)
    for metric in ("BLEU", "chrF"):
        ours = approximate_randomization(*counted(metric, seed=seed, **noise), 500)
        assert ours == pytest.approx(expected[metric].p_value, abs=1e-12), metric


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_bootstrap_is_sacrebleus(seed):
    noise = {"noise_b": 0.28}
    expected = theirs("bs", seed, 400, **noise)
    for metric in ("BLEU", "chrF"):
        ours = paired_bootstrap(*counted(metric, seed=seed, **noise), 400)
        assert ours.p == pytest.approx(expected[metric].p_value, abs=1e-12)
        low, high = ours.b_interval
        assert (high - low) / 2 == pytest.approx(expected[metric].ci, abs=1e-4)  # theirs sums in float32
        assert ours.a_wins + ours.b_wins <= 1


@pytest.mark.parametrize("metric", ["BLEU", "chrF"])
def test_randomization_is_near_the_count_of_all_exchanges(metric):
    n = 8
    refs, a, b = systems(n, seed=5, noise_b=0.15)
    seen = abs(score(metric, a, refs) - score(metric, b, refs))
    larger = 0
    for coins in itertools.product([False, True], repeat=n):
        x = [q if coin else p for p, q, coin in zip(a, b, coins, strict=True)]
        y = [p if coin else q for p, q, coin in zip(a, b, coins, strict=True)]
        larger += abs(score(metric, x, refs) - score(metric, y, refs)) >= seen - 1e-9
    exact = larger / 2**n
    assert 0.01 < exact < 0.9, "a case that says something"
    counts = [count_sentences(metric, texts, [refs]) for texts in (a, b)]
    assert approximate_randomization(*counts) == pytest.approx(exact, abs=0.02)


@pytest.mark.parametrize("metric", ["BLEU", "chrF"])
def test_bootstrap_is_near_the_count_of_all_resamples(metric):
    n = 4
    refs, a, b = systems(n, seed=8, noise_a=0.4, noise_b=0.3)
    differences = []
    for rows in itertools.product(range(n), repeat=n):
        x, y, r = ([texts[i] for i in rows] for texts in (a, b, refs))
        differences.append(score(metric, y, r) - score(metric, x, r))
    wins = np.mean(np.array(differences) > 1e-9)
    assert 0.02 < wins < 0.98, "a case that says something"
    counts = [count_sentences(metric, texts, [refs]) for texts in (a, b)]
    ours = paired_bootstrap(*counts, n_resamples=6000)
    assert ours.b_wins == pytest.approx(wins, abs=0.02)
    low, high = np.quantile(differences, [0.025, 0.975])
    assert ours.difference_low == pytest.approx(low, abs=3)
    assert ours.difference_high == pytest.approx(high, abs=3)


def score(metric: str, texts: list[str], refs: list[str]) -> float:
    return evaluate(texts, [refs], metrics=[metric.lower()])[metric].value


@pytest.mark.parametrize("metric", ["BLEU", "chrF"])
def test_a_system_does_not_differ_from_itself(metric):
    a, _ = counted(metric)
    assert approximate_randomization(a, a, 200) == 1
    same = paired_bootstrap(a, a, 200)
    assert (same.p, same.a_wins, same.b_wins) == (1, 0, 0)
    assert (same.difference_low, same.difference_high) == (0, 0)


@pytest.mark.parametrize("metric", ["BLEU", "chrF"])
def test_exchanging_the_systems_changes_only_the_sign(metric):
    a, b = counted(metric, noise_b=0.25)
    forth, back = paired_bootstrap(a, b, 300), paired_bootstrap(b, a, 300)
    assert (forth.a_wins, forth.b_wins, forth.p) == (back.b_wins, back.a_wins, back.p)
    assert forth.difference_low == pytest.approx(-back.difference_high)
    assert approximate_randomization(a, b, 300) == approximate_randomization(b, a, 300)


def test_p_is_uniform_where_the_systems_are_equally_good():
    """A test at 5 % errs in 5 % of the cases; here 200 of them, so 2 to 18 is where it must be."""
    errs = sum(
        approximate_randomization(*counted("chrF", 25, seed, noise_a=0.3, noise_b=0.3), 199) <= 0.05
        for seed in range(200)
    )
    assert 2 <= errs <= 18


def test_much_is_drawn_in_blocks(monkeypatch):
    a, b = counted("chrF")
    whole = paired_bootstrap(a, b, 100)
    monkeypatch.setattr(significance, "BLOCK_CELLS", 60 * 7)
    assert paired_bootstrap(a, b, 100) == whole


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (1, 0), (2, 7), (5, 5), (1, 11)])
def test_sign_test_counts_every_row_of_coins(only_a, only_b):
    n = only_a + only_b
    far = abs(only_a - only_b)
    exact = np.mean([abs(2 * sum(coins) - n) >= far for coins in itertools.product([0, 1], repeat=n)])
    assert sign_test(only_a, only_b) == pytest.approx(exact)


@pytest.mark.parametrize("metric", ["BLEU", "chrF"])
def test_counts_of_a_part_give_its_score(metric):
    refs, a, _ = systems(30, seed=3)
    counts = count_sentences(metric, a, [refs])
    assert counts.corpus_score() == score(metric, a, refs)
    assert counts.corpus_score([3, 4, 9]) == pytest.approx(
        score(metric, [a[i] for i in (3, 4, 9)], [refs[i] for i in (3, 4, 9)])
    )
    assert counts.signature == evaluate(a, [refs])[metric].signature


def test_sentence_chrf_is_sacrebleus():
    refs, a, _ = systems(20, seed=4)
    second = [None, *refs[:-1]]
    expected = [
        CHRF().sentence_score(text, [r for r in pair if r is not None]).score
        for text, pair in zip(a, zip(refs, second, strict=True), strict=True)
    ]
    assert sentence_chrf(a, [refs, second]) == pytest.approx(expected)
