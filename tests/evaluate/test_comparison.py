"""Comparisons and verdicts on systems whose differences are made by hand."""

import json
import random

import pytest

from crosslight.errors import CorpusError
from crosslight.evaluate import evaluate
from crosslight.evaluate.comparison import ErrorCount, System, compare
from crosslight.evaluate.sentence_counts import sentence_chrf
from crosslight.evaluate.verdict import judge, more_frequent

WORDS = "le chat dort sous la table verte avec deux chiens noirs pendant que Marie lit dans un jardin".split()


def references(n: int, seed: int = 0) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choice(WORDS) for _ in range(chance.randint(2, 35))) for _ in range(n)]


def spoiled(refs: list[str], rate: float, seed: int) -> list[str]:
    """The references with some words in another spelling."""
    chance = random.Random(seed)
    return [" ".join(w[::-1] if chance.random() < rate else w for w in ref.split()) for ref in refs]


def compared(a: list[str], b: list[str], refs: list[str], srcs: list[str] | None = None):
    srcs = srcs or ["mot " * len(ref.split()) for ref in refs]
    return compare(System("a", a), System("b", b), srcs, [refs], n_resamples=200, n_shuffles=400)


def test_a_better_system_is_shipped_and_a_worse_one_is_not():
    refs = references(80)
    good, bad = spoiled(refs, 0.1, 1), spoiled(refs, 0.4, 2)
    forth, back = judge(compared(bad, good, refs)), judge(compared(good, bad, refs))
    assert forth.ship
    assert forth.confidence >= 0.95
    assert forth.reason.startswith("it is better: chrF ")
    assert not back.ship
    assert back.reason.startswith("it is worse: chrF ")


def test_luck_is_not_shipped():
    refs = references(40)
    comparison = compared(spoiled(refs, 0.2, 1), spoiled(refs, 0.2, 2), refs)
    verdict = judge(comparison)
    assert not verdict.ship
    assert "may be luck" in verdict.reason
    assert verdict.confidence == 1 - comparison.metric("chrF").bootstrap.b_wins


def test_the_same_translations():
    refs = references(10)
    comparison = compared(refs, refs, refs)
    assert (comparison.sentences.ties, comparison.metric("BLEU").p) == (10, 1)
    assert "nothing to gain" in judge(comparison).reason
    assert comparison.better == comparison.worse == ()


def test_a_better_score_does_not_excuse_lost_numbers():
    refs = [f"{ref} {i + 100}" for i, ref in enumerate(references(60))]
    srcs = [f"mot {i + 100}" for i in range(60)]
    bad, good = spoiled(refs, 0.0, 1), spoiled(refs, 0.0, 1)
    bad = [
        " ".join([*spoiled([text], 0.4, i)[0].split()[:-1], text.split()[-1]]) for i, text in enumerate(bad)
    ]
    good = [" ".join([*text.split()[:-1], "7"]) for text in good]
    verdict = judge(compared(bad, good, refs, srcs))
    assert not verdict.ship
    assert "errors are more frequent: number" in verdict.reason


def test_wins_losses_and_ties_are_those_of_sentence_chrf():
    refs = references(50, seed=4)
    a, b = spoiled(refs, 0.15, 1), spoiled(refs, 0.15, 2)
    pairs = list(zip(sentence_chrf(a, [refs]), sentence_chrf(b, [refs]), strict=True))
    comparison = compared(a, b, refs)
    sentences = comparison.sentences
    assert sentences.wins == sum(y - x > 1e-6 for x, y in pairs)
    assert sentences.losses == sum(x - y > 1e-6 for x, y in pairs)
    assert sentences.wins + sentences.losses + sentences.ties == 50
    (first, *_) = comparison.better
    assert first.chrf_b - first.chrf_a == pytest.approx(max(y - x for x, y in pairs))
    assert (first.a, first.b, first.reference) == tuple(x[first.line - 1] for x in (a, b, refs))
    (last, *_) = comparison.worse
    assert last.chrf_b - last.chrf_a == pytest.approx(min(y - x for x, y in pairs))


def test_lengths_are_those_of_the_source():
    refs = references(60, seed=5)
    a, b = spoiled(refs, 0.1, 1), spoiled(refs, 0.2, 2)
    comparison = compared(a, b, refs)
    assert sum(bucket.n_sentences for bucket in comparison.lengths) == 60
    rows = [i for i, ref in enumerate(refs) if 6 <= len(ref.split()) <= 10]
    bucket = next(bucket for bucket in comparison.lengths if bucket.words == "6-10")
    scores = evaluate([b[i] for i in rows], [[refs[i] for i in rows]])
    assert bucket.b == pytest.approx({name: scores[name].value for name in ("BLEU", "chrF")})


def test_the_corpus_scores_are_those_of_evaluate():
    refs = references(30)
    a = spoiled(refs, 0.3, 1)
    difference = compared(a, refs, refs).metric("BLEU")
    assert difference.a == evaluate(a, [refs])["BLEU"].value
    assert difference.b == pytest.approx(100)
    assert difference.signature == evaluate(a, [refs])["BLEU"].signature


def test_errors_are_counted_by_sentence_with_several_references():
    srcs, refs = (
        ["7 chats", "8 chats", "9 chats"],
        [["7 cats", "8 cats", "9 cats"], [None, "eight cats", None]],
    )
    a, b = System("a", ["cats", "8 cats", "9 cats"]), System("b", ["cats", "6 cats", "9"])
    counts = {e.name: e for e in compare(a, b, srcs, refs, n_resamples=9, n_shuffles=9).errors}
    lost = counts["number lost"]
    assert (lost.a, lost.b, lost.only_a, lost.only_b, lost.p) == (1, 2, 0, 1, 1)


def test_it_is_json():
    refs = references(12)
    comparison = compared(spoiled(refs, 0.3, 1), refs, refs)
    assert json.loads(json.dumps(comparison.as_dict()))["metrics"][0]["metric"] == "BLEU"


def test_many_classes_need_a_smaller_p():
    def error(name: str, only_b: int, p: float) -> ErrorCount:
        return ErrorCount(name, "", 0, only_b, 0, only_b, p)

    alone, others = error("x", 6, 0.03), [error(str(i), 1, 1.0) for i in range(9)]
    assert more_frequent([alone]) == [alone]
    assert more_frequent([alone, *others]) == []
    sure = error("y", 12, 0.0005)
    assert more_frequent([*others, alone, sure]) == [sure]


def test_what_cannot_be_compared():
    with pytest.raises(CorpusError, match="b: 1 lines, but there are references for 2"):
        compare(System("a", ["x", "y"]), System("b", ["x"]), ["x", "y"], [["x", "y"]])
    with pytest.raises(CorpusError, match="there are 0 hypotheses"):
        compare(System("a", []), System("b", []), [], [[]])
