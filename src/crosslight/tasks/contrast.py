"""Whether a model finds a reference more probable than the same with an error (see `evaluate.contrasts`)."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from crosslight.bundle import Bundle, load_bundle
from crosslight.errors import CorpusError
from crosslight.evaluate.contrasts import CLASSES, NEGATION, Contrast, contrasts_of, explanation
from crosslight.evaluate.negation import LANGUAGES, known
from crosslight.tasks.likelihood import mean_logps
from crosslight.text.corpus import Pair, read_parallel

N_SHOWN = 10
Z = 1.959964  # of 95 %


@dataclass(frozen=True)
class Mistake:
    """A contrast that the model finds at least as probable as the reference."""

    line: int
    src: str
    reference: str
    wrong: str
    logp: float  # mean of a token of the reference, in nats
    logp_wrong: float


@dataclass(frozen=True)
class ClassResult:
    """How a model did on the contrasts of one class."""

    name: str
    how: str
    n: int
    right: int
    mistakes: tuple[Mistake, ...]  # the clearest first, some at most
    note: str = ""  # why there are none

    @property
    def accuracy(self) -> float | None:
        """Share of the contrasts that are less probable than their reference; None without any."""
        return self.right / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the accuracy on ever more such contrasts would be, with 95 % (Wilson 1927)."""
        if not self.n:
            return None
        share, spread = self.right / self.n, Z * Z / self.n
        middle = (share + spread / 2) / (1 + spread)
        half = math.sqrt(share * (1 - share) * spread + spread * spread / 4) / (1 + spread)
        return max(0.0, middle - half), min(1.0, middle + half)

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {**asdict(self), "accuracy": self.accuracy, "interval": self.interval}


def contrast(
    path: Path | str, src: str, ref: str, say: Callable[[str], None] = lambda line: None
) -> list[ClassResult]:
    """The results of a bundle on the contrasts made of a test set, one for each class.

    Raises:
        CorpusError: the files cannot be read, differ in length, or give no contrast at all.
        BundleError: there is no bundle, or it is damaged.
    """
    pairs = list(read_parallel(src, ref))
    bundle = load_bundle(path)
    language = bundle.facts.tgt_lang
    made = [c for line, pair in enumerate(pairs, start=1) for c in contrasts_of(pair, line, language)]
    if not made:
        raise CorpusError(
            f"no contrast can be made of the {len(pairs):,} pairs of {src} and {ref}",
            "give whole sentences, some of them with numbers, names, negation or several clauses",
        )
    say(f"scoring {len(made):,} contrasts of {len(pairs):,} pairs")
    return class_results(bundle, made)


def class_results(bundle: Bundle, contrasts: Sequence[Contrast]) -> list[ClassResult]:
    """Score every contrast and its reference; one that is too long for the model is left out."""
    pairs = list(dict.fromkeys(c.pair for c in contrasts))
    right = dict(zip(pairs, mean_logps(bundle, pairs), strict=True))
    wrong = mean_logps(bundle, [Pair(c.pair.src, c.wrong) for c in contrasts])
    mistakes: dict[str, list[Mistake]] = {kind: [] for kind in CLASSES}
    counts = dict.fromkeys(CLASSES, 0)
    for one, logp_wrong in zip(contrasts, wrong, strict=True):
        logp = right[one.pair]
        if logp is None or logp_wrong is None:
            continue
        counts[one.kind] += 1
        if not logp > logp_wrong:
            mistakes[one.kind].append(
                Mistake(one.line, one.pair.src, one.pair.tgt, one.wrong, logp, logp_wrong)
            )
    results = []
    for kind in CLASSES:
        lost = sorted(mistakes[kind], key=lambda m: m.logp - m.logp_wrong)
        note = "" if counts[kind] else "no sentence of the test set gives one"
        if kind in NEGATION and not known(bundle.facts.tgt_lang):
            tag = bundle.facts.tgt_lang or "unknown"
            note = f"skipped: its words are known for {', '.join(LANGUAGES)}, the target language is {tag}"
        results.append(
            ClassResult(
                kind, explanation(kind), counts[kind], counts[kind] - len(lost), tuple(lost[:N_SHOWN]), note
            )
        )
    return results
