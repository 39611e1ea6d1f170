"""Two systems on one test set: which is better, by how much, in which sentences, with which errors.

A is the system in use, B the candidate. Everything here is told from texts, so B may be anything that
translates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from crosslight.errors import CorpusError
from crosslight.evaluate.error_classes import ERROR_CLASSES, Translated, explanation, rare_words, words
from crosslight.evaluate.scores import Stream, Tokenize, check_texts
from crosslight.evaluate.sentence_counts import CountedMetric, SentenceCounts, count_sentences
from crosslight.evaluate.significance import (
    N_RESAMPLES,
    N_SHUFFLES,
    SEED,
    Bootstrap,
    approximate_randomization,
    paired_bootstrap,
    sign_test,
)

METRICS: tuple[CountedMetric, ...] = ("BLEU", "chrF")
LENGTHS = (1, 6, 11, 21, 31)  # words of the source at which a bucket begins
N_SHOWN = 10
TIE = 1e-6  # sentence scores closer than this are the same


@dataclass(frozen=True)
class System:
    """Translations of the test set, one a sentence, and what to call them."""

    name: str
    translations: Sequence[str]


@dataclass(frozen=True)
class MetricDifference:
    """One metric of both systems, and whether its difference is luck."""

    metric: CountedMetric
    signature: str
    a: float
    b: float
    difference: float  # b - a
    bootstrap: Bootstrap
    p: float  # of approximate randomization


@dataclass(frozen=True)
class Sentences:
    """Sentences in which B's own chrF is higher, lower, the same."""

    wins: int
    losses: int
    ties: int
    p: float  # of the sign test on wins and losses


@dataclass(frozen=True)
class DifferentSentence:
    """A sentence that the two systems translated very differently well."""

    line: int  # counted from 1
    src: str
    reference: str
    a: str
    b: str
    chrf_a: float
    chrf_b: float


@dataclass(frozen=True)
class ErrorCount:
    """How many sentences show one class of errors."""

    name: str
    how: str
    a: int
    b: int
    only_a: int
    only_b: int
    p: float  # of the sign test on the sentences that only one of the two has wrong


@dataclass(frozen=True)
class LengthBucket:
    """The scores of the sentences of one length."""

    words: str  # of the source, "6-10"
    n_sentences: int
    a: Mapping[CountedMetric, float]
    b: Mapping[CountedMetric, float]


@dataclass(frozen=True)
class Comparison:
    """All that two systems' translations say about them."""

    name_a: str
    name_b: str
    n_sentences: int
    n_shuffles: int
    seed: int
    metrics: tuple[MetricDifference, ...]
    sentences: Sentences
    errors: tuple[ErrorCount, ...]
    lengths: tuple[LengthBucket, ...]
    better: tuple[DifferentSentence, ...]  # where B is ahead the most, first the largest difference
    worse: tuple[DifferentSentence, ...]

    def metric(self, name: CountedMetric) -> MetricDifference:
        """The difference in one metric."""
        return next(difference for difference in self.metrics if difference.metric == name)

    def as_dict(self) -> dict[str, Any]:
        """As nested dicts and lists, ready for JSON."""
        return asdict(self)


def compare(
    a: System,
    b: System,
    sources: Sequence[str],
    references: Sequence[Stream],
    *,
    lowercase: bool = False,
    tokenize: Tokenize = "13a",
    n_resamples: int = N_RESAMPLES,
    n_shuffles: int = N_SHUFFLES,
    seed: int = SEED,
) -> Comparison:
    """Compare two systems' translations of the same sentences.

    Args:
        references: streams, as for `evaluate`.

    Raises:
        CorpusError: the numbers of sentences differ, or there are none.
    """
    for name, texts in (("sources", sources), (a.name, a.translations), (b.name, b.translations)):
        if len(texts) != len(references[0]):
            raise CorpusError(
                f"{name}: {len(texts):,} lines, but there are references for {len(references[0]):,}",
                "compare translations of the same test set, line by line",
            )
        check_texts(texts, references)

    def counts(metric: CountedMetric) -> tuple[SentenceCounts, SentenceCounts]:
        of_a, of_b = (
            count_sentences(metric, s.translations, references, lowercase=lowercase, tokenize=tokenize)
            for s in (a, b)
        )
        return of_a, of_b

    counted = {metric: counts(metric) for metric in METRICS}
    differences = tuple(
        MetricDifference(
            metric,
            of_a.signature,
            of_a.corpus_score(),
            of_b.corpus_score(),
            of_b.corpus_score() - of_a.corpus_score(),
            paired_bootstrap(of_a, of_b, n_resamples, seed),
            approximate_randomization(of_a, of_b, n_shuffles, seed),
        )
        for metric, (of_a, of_b) in counted.items()
    )
    chrf_a, chrf_b = (of.scores_of(of.rows) for of in counted["chrF"])
    ahead = chrf_b - chrf_a
    wins, losses = int((ahead > TIE).sum()), int((ahead < -TIE).sum())
    order = np.argsort(-ahead, kind="stable").tolist()

    def shown(rows: list[int]) -> tuple[DifferentSentence, ...]:
        firsts = [next(ref for ref in refs if ref is not None) for refs in zip(*references, strict=True)]
        return tuple(
            DifferentSentence(
                i + 1,
                sources[i],
                firsts[i],
                a.translations[i],
                b.translations[i],
                float(chrf_a[i]),
                float(chrf_b[i]),
            )
            for i in rows[:N_SHOWN]
        )

    return Comparison(
        name_a=a.name,
        name_b=b.name,
        n_sentences=len(sources),
        n_shuffles=n_shuffles,
        seed=seed,
        metrics=differences,
        sentences=Sentences(wins, losses, len(sources) - wins - losses, sign_test(wins, losses)),
        errors=count_errors(a, b, sources, references),
        lengths=tuple(_by_length(sources, counted)),
        better=shown([i for i in order if ahead[i] > TIE]),
        worse=shown([i for i in reversed(order) if ahead[i] < -TIE]),
    )


def count_errors(
    a: System, b: System, sources: Sequence[str], references: Sequence[Stream]
) -> tuple[ErrorCount, ...]:
    """Every class of errors in both systems' translations."""
    refs = [tuple(ref for ref in row if ref is not None) for row in zip(*references, strict=True)]
    rare = rare_words([first for first, *_ in refs])
    rows_a, rows_b = (
        [Translated(*row, rare) for row in zip(sources, s.translations, refs, strict=True)] for s in (a, b)
    )
    counts = []
    for name, errs in ERROR_CLASSES.items():
        of_a, of_b = [errs(row) for row in rows_a], [errs(row) for row in rows_b]
        only_a = sum(x and not y for x, y in zip(of_a, of_b, strict=True))
        only_b = sum(y and not x for x, y in zip(of_a, of_b, strict=True))
        counts.append(
            ErrorCount(
                name, explanation(name), sum(of_a), sum(of_b), only_a, only_b, sign_test(only_a, only_b)
            )
        )
    return tuple(counts)


def length_bucket(src: str) -> int:
    """The place in LENGTHS of a source's number of words; no word counts as one.

    >>> [length_bucket("a " * n) for n in (0, 5, 6, 200)]
    [0, 0, 1, 4]
    """
    n_words = max(1, len(words(src)))
    return sum(n_words >= start for start in LENGTHS) - 1


def _by_length(
    sources: Sequence[str], counted: dict[CountedMetric, tuple[SentenceCounts, SentenceCounts]]
) -> list[LengthBucket]:
    places = [length_bucket(src) for src in sources]
    buckets = []
    for i, start in enumerate(LENGTHS):
        rows = [row for row, place in enumerate(places) if place == i]
        label = f"{start}-{LENGTHS[i + 1] - 1}" if i + 1 < len(LENGTHS) else f"{start} or more"
        if rows:
            of_a, of_b = (
                {metric: both[side].corpus_score(rows) for metric, both in counted.items()} for side in (0, 1)
            )
            buckets.append(LengthBucket(label, len(rows), of_a, of_b))
    return buckets
