"""From sentence to translation in ten steps: the model's own numbers beside the formulas of the paper.

One head, one source position and one target position are followed. The numbers are those that the model
computed (`interpret.trace`); only scores, which attention does not hand out, are made anew from its queries
and keys (`interpret.scores`). Sections are those of Vaswani et al. 2017.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from crosslight.interpret.packed import short
from crosslight.interpret.scores import scores, worded
from crosslight.interpret.trace import Trace
from crosslight.interpret.views import TourStep, Value
from crosslight.models.transformer import Transformer
from crosslight.nn.attention import Scoring
from crosslight.nn.positions import NoPositions

EXCERPT = 8


class Place(NamedTuple):
    """What is followed; all count from 0."""

    encoder_layer: int
    decoder_layer: int
    head: int
    src_position: int
    tgt_position: int


class Walk(NamedTuple):
    """A trace of one sentence pair and the texts that belong to it."""

    model: Transformer
    trace: Trace
    src_ids: list[int]
    src_pieces: list[str]
    inputs: list[str]
    at: Place


def value(
    name: str, symbol: str, numbers: Tensor | Sequence[float], labels: Sequence[str] | None = None
) -> Value:
    """A number, a vector or a matrix, cut to an excerpt unless its entries have labels.

    >>> value("x", "x", [3.0, 4.0])["norm"]
    5.0
    """
    array = torch.as_tensor(numbers).detach().cpu().numpy()
    is_real = array.dtype.kind == "f"
    if array.dtype.kind == "b":
        array = array.astype(np.int64)
    cut = array if labels is not None else array[(slice(EXCERPT),) * array.ndim]
    rounded = np.vectorize(short, otypes=[float])(cut) if is_real else cut
    excerpt = rounded.tolist()
    return {
        "name": name,
        "symbol": symbol,
        "shape": list(array.shape),
        "excerpt": excerpt if array.ndim else [excerpt],
        "norm": short(float(np.linalg.norm(array))) if is_real and array.ndim else None,
        "labels": None if labels is None else list(labels),
    }


def reading_steps(walk: Walk) -> list[TourStep]:
    """Steps 1 to 7: the encoder."""
    model, trace, at = walk.model, walk.trace, walk.at
    i, labels = at.src_position, walk.src_pieces
    layer = f"encoder_layers.{at.encoder_layer}"
    attention = f"{layer}.self_attention"
    head, words = _Head(walk, attention, i), worded(_scoring(model, attention))
    is_added = not isinstance(model.src_embedding.positions, NoPositions)
    added = trace.said("src_embedding.positions")[i]
    position = [value("position", "PE(pos)", added)] if is_added else []
    is_pre = _order(model) == "pre"
    norm = f"{layer}.ff_residual.norm" if is_pre else f"{layer}.self_residual.norm"
    norm_kind = type(model.get_submodule(norm)).__name__  # LayerNorm or RMSNorm
    inner, feed = f"{layer}.feed_forward.up", f"{layer}.feed_forward"
    table = model.src_embedding.tokens.table
    return [
        _step(1, "pieces", "The sentence becomes pieces, the pieces numbers", "3.4, 5.1", "x = (x_1, …, x_n)",
              "The end of the sentence is a piece of its own.",
              [value("ids", "x", walk.src_ids, labels)]),
        _step(2, "embedding", *_EMBEDDING[is_added],
              [value("row", "E[x]", table.weight[walk.src_ids[i]]),
               value("factor", "√d_model", torch.tensor(math.sqrt(table.embedding_dim))),
               value("scaled", "E[x]·√d_model", trace.said("src_embedding.tokens", 0)[0, i]),
               *position,
               value("sum", "h", trace.said("src_embedding")[0, i])]),
        _step(3, "queries", "One head makes queries, keys and values", "3.2.2",
              "Q = h W_Q, K = h W_K, V = h W_V",
              f"What the layer reads, through three matrices of this head.{_QK_NORM[_has_qk_norm(model)]}",
              [value("read", f"{norm_kind}(h)" if is_pre else "h", trace.read(f"{attention}.q_proj")[0, i]),
               value("query", "q", head.query),
               value("keys", "K", head.keys),
               value("values", "V", head.values)]),
        _step(4, "weights", "Query times key, and a softmax over the sentence", "3.2.1, eq. (1)",
              f"softmax({words.all_scores})",
              f"{words.say}; then shares that sum to 1.",
              [value("scores", words.scores, head.scores, labels),
               value("weights", "α", head.weights, labels)]),
        _step(5, "heads", "The values are added up by these shares, and the heads are put together", "3.2.2",
              f"head = {words.context};  MultiHead = Concat(head_1, …, head_h) W_O",
              "Each head hands on one mixture of values; one matrix turns all of them into what is added.",
              [value("context", words.context, head.context),
               value("concatenated", "Concat(head_1, …, head_h)", trace.read(f"{attention}.out_proj")[0, i]),
               value("output", "Concat(…) W_O", trace.said(f"{attention}.out_proj")[0, i])]),
        _step(6, "residual", "What came in is kept, and what was found is added", "3.1, 5.4",
              f"x + Sublayer({norm_kind}(x))" if is_pre else f"{norm_kind}(x + Sublayer(x))",
              _NORM_ORDER[is_pre],
              [value("before", "x", trace.read(layer)[0, i]),
               value("added", "x + Sublayer(…)", trace.read(norm)[0, i]),
               value("after", f"{norm_kind}(x + Sublayer(…))", trace.said(norm)[0, i])]),
        _step(7, "feed-forward", "Each position thinks for itself", "3.3, eq. (2)",
              _FEED_FORWARD[_activation(model)],
              "Two matrices with a bend between them, the same at every position; then the layer is done.",
              [value("read", "x", trace.read(feed)[0, i]),
               value("inner", "xW_1 + b_1", trace.said(inner)[0, i]),
               value("active", "bent", trace.read(f"{layer}.feed_forward.down")[0, i]),
               value("output", "FFN(x)", trace.said(feed)[0, i]),
               value("after", "the layer's end", trace.said(layer)[0, i])]),
    ]  # fmt: skip


def writing_steps(walk: Walk) -> list[TourStep]:
    """Steps 8 and 9: the decoder's two attentions."""
    at, t = walk.at, walk.at.tgt_position
    layer = f"decoder_layers.{at.decoder_layer}"
    looking_back = _Head(walk, f"{layer}.self_attention", t)
    across = _Head(walk, f"{layer}.cross_attention", t)
    back, over = (worded(_scoring(walk.model, f"{layer}.{name}_attention")) for name in ("self", "cross"))
    return [
        _step(8, "masks", "The decoder may look back, never ahead", "3.2.3",
              f"softmax({back.all_scores} + mask)",
              "Scores exist for all places; where no piece is written yet, minus infinity takes their place.",
              [value("may_see", "mask", looking_back.may_see, walk.inputs),
               value("scores", back.scores, looking_back.scores, walk.inputs),
               value("weights", "α", looking_back.weights, walk.inputs)]),
        _step(9, "cross", "The decoder asks the source", "3.2.3",
              _ACROSS[over.all_scores],
              "The query comes from what has been written, keys and values from what the encoder has read.",
              [value("query", "q", across.query),
               value("keys", "K", across.keys),
               value("values", "V", across.values),
               value("scores", over.scores, across.scores, walk.src_pieces),
               value("weights", "α", across.weights, walk.src_pieces),
               value("context", "α V", across.context)]),
    ]  # fmt: skip


def output_step(
    vector: Tensor, logits: Tensor, logp: Tensor, pieces: Sequence[str], chosen: int, search: list[Value]
) -> TourStep:
    """Step 10: logits, probabilities, and what the search makes of them.

    Args:
        vector: (D,), what the output layer reads.
        logits: (V,), before anything is left out.
        logp: (V,), of the pieces that may be written.
        pieces: all of the vocabulary.
        chosen: the piece that was written.
        search: the values of the search over the whole translation.
    """
    best = logp.topk(min(EXCERPT, len(logp))).indices
    names = [pieces[token] for token in best.tolist()]
    return _step(
        10, "output", "Every piece gets a number, and the search chooses", "3.4, 6.1",
        "softmax(y Eᵀ);  score = log P / lp(n)",
        "The last vector is compared with the row of every piece. The search adds up log-probabilities.",
        [value("vector", "y", vector),
         value("logits", "y Eᵀ", logits[best], names),
         value("probabilities", "p", logp[best].exp(), names),
         value("chosen", "p", logp[chosen].exp()[None], [pieces[chosen]]),
         *search],
    )  # fmt: skip


_EMBEDDING = {
    True: (
        "Each piece becomes a vector, and its position is added",
        "3.4, 3.5",
        "h = E[x] · √d_model + PE(pos)",
        "The row of the table, times the root of its width, plus what belongs to the position.",
    ),
    False: (
        "Each piece becomes a vector",
        "3.4",
        "h = E[x] · √d_model",
        "The row of the table, times the root of its width. This model adds nothing for the position.",
    ),
}
_ACROSS = {
    "QKᵀ / √d_k": "softmax(Q_decoder K_encoderᵀ / √d_k) V_encoder",
    "tanh(Q + K)w": "softmax(tanh(Q_decoder + K_encoder)w) V_encoder",
}
_QK_NORM = {True: " This model scales queries and keys to a learned length.", False: ""}
_NORM_ORDER = {
    True: "This model normalizes only what the next sublayer reads: the sum itself goes on as it is.",
    False: "The sum is normalized, and goes on as that.",
}
_FEED_FORWARD = {
    "relu": "FFN(x) = max(0, xW_1 + b_1) W_2 + b_2",
    "swish": "FFN(x) = swish(xW_1 + b_1) W_2 + b_2, swish(z) = z · sigmoid(z)",
}


class _Head:
    """What one head did at one query of a call with one sentence."""

    def __init__(self, walk: Walk, attention: str, query: int) -> None:
        call, head = walk.trace.heads[attention], walk.at.head
        self.query = call.q[0, head, query]
        self.keys, self.values = call.k[0, head], call.v[0, head]
        self.scores = scores(_scoring(walk.model, attention), call)[0, head, query]
        self.weights = call.weights[0, head, query]
        self.context = call.context[0, head, query]
        every = torch.ones_like(self.weights, dtype=torch.bool)
        mask = call.mask
        self.may_see = every if mask is None else mask.expand(1, 1, call.q.shape[2], len(every))[0, 0, query]


def _step(
    number: int, key: str, title: str, section: str, formula: str, say: str, values: list[Value]
) -> TourStep:
    return {
        "number": number,
        "key": key,
        "title": title,
        "section": section,
        "formula": formula,
        "say": say,
        "values": values,
    }


def _scoring(model: Transformer, attention: str) -> Scoring:
    scoring: Scoring = model.get_submodule(attention).scoring  # type: ignore[assignment]
    return scoring


def _order(model: Transformer) -> str:
    return next(iter(model.encoder_layers)).self_residual.order


def _activation(model: Transformer) -> str:
    return next(iter(model.encoder_layers)).feed_forward.activation


def _has_qk_norm(model: Transformer) -> bool:
    return isinstance(next(iter(model.encoder_layers)).self_attention.q_norm, torch.nn.RMSNorm)
