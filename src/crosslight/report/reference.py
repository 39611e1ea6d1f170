"""Is my run normal? Validation losses that were measured on other corpora, to lie beside those of a run.

reference_curves.json is a list of curves:

    {"name": "what was trained", "pairs": 122518, "vocab_size": 8000, "points": [[tokens seen, loss], ...]}

The loss is that of a validation, in nats per target token without smoothing. It depends on the language
pair, the kind of text and the vocabulary, so a curve is a neighborhood, not a norm.
"""

import json
import math
from dataclasses import dataclass
from importlib import resources

FARTHEST = 4.0  # a corpus so many times larger or smaller is no neighbor


@dataclass(frozen=True)
class ReferenceCurve:
    """A measured run: validation loss against target tokens seen."""

    name: str
    pairs: int
    vocab_size: int
    points: tuple[tuple[float, float], ...]


def reference_curves() -> list[ReferenceCurve]:
    """The curves that come with the program."""
    text = resources.files("crosslight.report").joinpath("reference_curves.json").read_text(encoding="utf-8")
    return [
        ReferenceCurve(c["name"], c["pairs"], c["vocab_size"], tuple((x, y) for x, y in c["points"]))
        for c in json.loads(text)
    ]


def nearest(curves: list[ReferenceCurve], n_pairs: int) -> ReferenceCurve | None:
    """The curve of the corpus whose size is nearest, None where all are far.

    >>> curves = [ReferenceCurve("a", 10_000, 4000, ()), ReferenceCurve("b", 100_000, 8000, ())]
    >>> nearest(curves, 50_000).name, nearest(curves, 1_000_000)
    ('b', None)
    """

    def distance(curve: ReferenceCurve) -> float:
        return abs(math.log(curve.pairs / n_pairs))

    near = [curve for curve in curves if n_pairs > 0 and distance(curve) <= math.log(FARTHEST)]
    return min(near, key=distance, default=None)
