"""What a decoder would say if it stopped earlier: its end reads what flows between its layers.

The residual path carries a vector for every target position from the embedding to the last layer; every
sublayer adds to it. Reading it half-way with the last norm and the output table is the *logit lens*
(nostalgebraist 2020).
Shape letters: T target positions · D d_model · V vocabulary · N stages.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from crosslight.interpret.trace import Trace
from crosslight.models.transformer import Transformer
from crosslight.nn.layers import DecoderLayer

After = Literal["embedding", "self", "cross", "feed-forward"]


class Stage(NamedTuple):
    """A place on the residual path."""

    layer: int | None  # from 0; None before the first
    after: After


def stages(model: Transformer) -> list[Stage]:
    """The places of a decoder, in order; the last one is its own end."""
    sublayers: tuple[After, ...] = ("self", "cross", "feed-forward")
    layers = range(len(list(model.decoder_layers)))
    return [Stage(None, "embedding"), *(Stage(layer, after) for layer in layers for after in sublayers)]


def stage_vectors(model: Transformer, trace: Trace) -> list[Float[Tensor, "B T D"]]:
    """The vectors at each stage, read from a trace of the whole target in one call.

    After a sublayer in post-norm the path is what its norm said; in pre-norm it is what the norm of the
    next sublayer read.
    """
    vectors = [trace.said("tgt_embedding")]
    for number, layer in enumerate(model.decoder_layers):
        name = f"decoder_layers.{number}"
        for ours, following in (("self", "cross"), ("cross", "ff")):
            if _order(layer) == "pre":
                vectors.append(trace.read(f"{name}.{following}_residual.norm"))
            else:
                vectors.append(trace.said(f"{name}.{ours}_residual.norm"))
        vectors.append(trace.said(name))
    return vectors


def stage_logp(model: Transformer, trace: Trace, banned: Sequence[int] = ()) -> Float[Tensor, "N T V"]:
    """Log-probabilities of the next piece at each stage, of a trace of one sentence.

    Args:
        banned: pieces that share in no probability; with none the last stage is the model's own softmax.
    """
    rows = [read_out(model, vectors[0], banned) for vectors in stage_vectors(model, trace)]
    return torch.stack(rows)


def read_out(
    model: Transformer, vectors: Float[Tensor, "T D"], banned: Sequence[int] = ()
) -> Float[Tensor, "T V"]:
    """What final norm, output layer and softmax make of vectors, as log-probabilities."""
    logits = model.output.logits(model.decoder_norm(vectors[None]))[0]
    logits = logits if logits.dtype == torch.float64 else logits.float()
    never = torch.tensor(list(banned), dtype=torch.long, device=logits.device)
    return logits.index_fill(1, never, float("-inf")).log_softmax(dim=-1)


def ranks(logp: Float[Tensor, "N T V"], tokens: Int[Tensor, "T"]) -> Int[Tensor, "N T"]:
    """How many pieces are more probable than the given one, at each stage and position."""
    given = logp.gather(2, tokens.expand(len(logp), -1)[:, :, None])
    return (logp > given).sum(dim=-1)


def _order(layer: DecoderLayer) -> str:
    return layer.self_residual.order
