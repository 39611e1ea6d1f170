"""How good translations are: BLEU and chrF of the whole test set, with what the luck of it can do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crosslight.evaluate import Stream, evaluate
from crosslight.evaluate.sentence_counts import SentenceCounts, count_sentences
from crosslight.evaluate.significance import paired_bootstrap


@dataclass(frozen=True)
class Translated:
    """A system's translations of the test set."""

    texts: list[str]
    bleu: SentenceCounts
    figures: dict[str, Any]


def judged(texts: list[str], references: Sequence[Stream]) -> Translated:
    """Scores with their signatures, and 95 % of what BLEU is on resamples of the test set."""
    scores = evaluate(texts, references, metrics=("bleu", "chrf"))
    counts = count_sentences("BLEU", texts, references)
    low, high = paired_bootstrap(counts, counts).a_interval
    bleu = {"value": scores["BLEU"].value, "low": low, "high": high, "signature": scores["BLEU"].signature}
    chrf = {"value": scores["chrF"].value, "signature": scores["chrF"].signature}
    return Translated(texts, counts, {"bleu": bleu, "chrf": chrf})


def against(base: Translated, other: Translated) -> dict[str, Any]:
    """Δ BLEU of another system, in which 95 % of the resamples lie, and how likely it is by luck."""
    if other is base:
        return {"value": 0.0, "low": 0.0, "high": 0.0, "p": 1.0}
    found = paired_bootstrap(base.bleu, other.bleu)
    return {
        "value": other.figures["bleu"]["value"] - base.figures["bleu"]["value"],
        "low": found.difference_low,
        "high": found.difference_high,
        "p": found.p,
    }
