"""What BLEU and chrF count in each sentence: the corpus score is a function of the sum of these counts.

So the score of any part of a test set, of a resample of it, or of a mixture of two systems' translations
is known without looking at a text again. The counts, and the function, are sacreBLEU's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from crosslight.evaluate.scores import Stream, Tokenize, check_texts

CountedMetric = Literal["BLEU", "chrF"]
Rows = NDArray[np.float64]


@dataclass(frozen=True)
class SentenceCounts:
    """The counts of one metric in every sentence of one system's translations."""

    metric: CountedMetric
    signature: str
    rows: Rows  # (sentence, count)
    counter: Any  # sacreBLEU's metric

    def score_of(self, sums: Rows) -> float:
        """The corpus score, 0 to 100, of sentences whose counts add up to `sums`."""
        return float(self.counter._compute_score_from_stats(sums.tolist()).score)

    def scores_of(self, sums: Rows) -> Rows:
        """The corpus score of each row of sums."""
        return np.array([self.score_of(row) for row in sums])

    def corpus_score(self, sentences: Sequence[int] | slice = slice(None)) -> float:
        """The score of the whole set, or of some of its sentences."""
        return self.score_of(self.rows[sentences].sum(axis=0))


def count_sentences(
    metric: CountedMetric,
    hypotheses: Sequence[str],
    references: Sequence[Stream],
    *,
    lowercase: bool = False,
    tokenize: Tokenize = "13a",
) -> SentenceCounts:
    """Count one system's translations against its references, as `evaluate` does.

    >>> counts = count_sentences("chrF", ["a cat", "a dog"], [["a cat", "the dog"]])
    >>> round(counts.corpus_score([0])), round(counts.corpus_score([1])) < 100
    (100, True)

    Raises:
        CorpusError: nothing to count, or another number of references.
    """
    check_texts(hypotheses, references)
    counter: Any = (
        BLEU(lowercase=lowercase, tokenize=tokenize, force=True)
        if metric == "BLEU"
        else CHRF(lowercase=lowercase)
    )
    rows = counter._extract_corpus_statistics(hypotheses, references)
    return SentenceCounts(metric, str(counter.get_signature()), np.array(rows, dtype=np.float64), counter)


def sentence_chrf(hypotheses: Sequence[str], references: Sequence[Stream]) -> list[float]:
    """ChrF of every sentence on its own, 0 to 100, against the best of its references.

    >>> [round(score) for score in sentence_chrf(["a cat", ""], [["a cat", "a dog"]])]
    [100, 0]
    """
    counts = count_sentences("chrF", hypotheses, references)
    return [float(score) for score in counts.scores_of(counts.rows)]
