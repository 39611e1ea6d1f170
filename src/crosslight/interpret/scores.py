"""Scores: what a head thinks of each key before the softmax, which attention does not hand out.

They are made anew from the queries and keys that were seen, as the scoring of the sublayer says.
Shape letters: B batch · H heads · T queries · S keys.
"""

import math
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from crosslight.interpret.trace import HeadCall
from crosslight.nn.additive import AdditiveScoring
from crosslight.nn.attention import Scoring
from crosslight.nn.relative import RelativeScoring
from crosslight.nn.rotary import RotaryScoring


class Wording(NamedTuple):
    """A way of scoring in formulas and words."""

    scores: str  # of one query
    all_scores: str
    say: str
    context: str = "α V"


_DOT = Wording("qKᵀ/√d_k", "QKᵀ / √d_k", "How well the query fits each key, over the root of their width")
_RELATIVE = Wording(
    "q(K + Aᴷ)ᵀ/√d_k",
    "Q(K + Aᴷ)ᵀ / √d_k",
    "How well the query fits each key and its distance, over the root of their width",
    "α (V + Aⱽ)",
)
_ROTARY = Wording(
    "R(q)R(K)ᵀ/√d_k",
    "R(Q)R(K)ᵀ / √d_k",
    "How well the query fits each key, both turned by where they stand, over the root of their width",
)
_ADDITIVE = Wording(
    "tanh(q + K)w",
    "tanh(Q + K)w",
    "How far the sum of the query and each key, bent, lies along a learned vector",
)


def worded(scoring: Scoring) -> Wording:
    """How a scoring is written and said."""
    match scoring:
        case RelativeScoring():
            return _RELATIVE
        case RotaryScoring():
            return _ROTARY
        case AdditiveScoring():
            return _ADDITIVE
    return _DOT


def scores(scoring: Scoring, call: HeadCall) -> Float[Tensor, "B H T S"]:
    """Before the softmax and without the mask."""
    q, k = call.q, call.k
    match scoring:
        case RelativeScoring() | AdditiveScoring():
            return scoring.scores(q, k)
        case RotaryScoring():
            q, k = scoring.turned(q, k)
    return q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
