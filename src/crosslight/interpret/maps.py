"""The attention of a model of any architecture, brought into one form: layers of heads.

    transformer   encoder and decoder self-attention, cross-attention; a layer is a layer
    universal     the same three; a layer is a step of the one that is applied again and again, and a position
                  that has halted keeps the map of its last step
    conv          cross-attention alone, of one head; a layer is a layer of the decoder
    rnn           cross-attention alone, one layer of one head; without attention nothing

Shape letters: B batch · L layers · H heads · T target tokens · S source tokens · V vocabulary.
"""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from crosslight.errors import ConfigError
from crosslight.interpret.attention import Recording, record_attention
from crosslight.models.build import Model
from crosslight.models.conv import Conv
from crosslight.models.rnn import Rnn
from crosslight.models.transformer import Transformer
from crosslight.models.universal import Universal


class Seen(NamedTuple):
    """One pass over given targets, with every attention weight; None for what a model does not have."""

    logits: Float[Tensor, "B T V"]
    encoder: Float[Tensor, "B L H S S"] | None
    decoder: Float[Tensor, "B L H T T"] | None
    cross: Float[Tensor, "B L H T S"] | None


def look(model: Model, src: Int[Tensor, "B S"], tgt_in: Int[Tensor, "B T"]) -> Seen:
    """What the model says of each target, and where it looked."""
    with record_attention(model) as recording:
        match model:
            case Universal():
                return _of_steps(model, src, tgt_in, recording)
            case Transformer():
                logits = model(src, tgt_in)
                return Seen(
                    logits,
                    _stacked(recording, "encoder_layers", "self_attention"),
                    _stacked(recording, "decoder_layers", "self_attention"),
                    _stacked(recording, "decoder_layers", "cross_attention"),
                )
            case Conv():
                logits = model(src, tgt_in)
                return Seen(logits, None, None, _stacked(recording, "decoder_layers", "attention"))
            case Rnn():
                logits = model(src, tgt_in)
                steps = recording.get("decoder.attention")
                cross = torch.cat(steps, dim=2).float()[:, None] if steps else None
                return Seen(logits, None, None, cross)


def cross_of(seen: Seen) -> Float[Tensor, "B L H T S"]:
    """The attention to the source.

    Raises:
        ConfigError: the model has none.
    """
    if seen.cross is None:
        raise no_attention()
    return seen.cross


def has_attention(model: Model) -> bool:
    """Whether it looks at the source while it writes."""
    return not isinstance(model, Rnn) or model.decoder.attention is not None


def cross_shape(model: Model) -> tuple[int, int]:
    """The layers and heads of its attention to the source.

    Raises:
        ConfigError: it has none.
    """
    match model:
        case Universal():
            return model.max_steps, model.decoder_layer.cross_attention.n_heads
        case Transformer():
            layers = list(model.decoder_layers)
            return len(layers), layers[0].cross_attention.n_heads
        case Conv():
            return len(list(model.decoder_layers)), 1
        case Rnn():
            if not has_attention(model):
                raise no_attention()
            return 1, 1


def no_attention() -> ConfigError:
    """What is said where attention is asked for and the model has none."""
    return ConfigError(
        "this model has no attention: it hands the whole source over as one vector, and there is nothing to "
        "show or to align by",
        "give a bundle of another architecture, or train an rnn with additive attention",
    )


def _stacked(recording: Recording, stack: str, sublayer: str) -> Tensor:
    """(B, L, H, T, S): one call of each layer; layers come in the order in which the model lists them."""
    return torch.stack(
        [
            calls[-1].float()
            for name, calls in recording.items()
            if name.startswith(f"{stack}.") and name.endswith(f".{sublayer}")
        ],
        dim=1,
    )


def _of_steps(model: Universal, src: Tensor, tgt_in: Tensor, recording: Recording) -> Seen:
    features, read, written = model.features_and_halting(src, tgt_in)
    n = model.max_steps
    return Seen(
        model.output.logits(features),
        _until_halted(recording["encoder_layer.self_attention"], read.n_steps, n),
        _until_halted(recording["decoder_layer.self_attention"], written.n_steps, n),
        _until_halted(recording["decoder_layer.cross_attention"], written.n_steps, n),
    )


def _until_halted(calls: Iterable[Tensor], n_steps: Int[Tensor, "B T"], n: int) -> Tensor:
    """(B, n, H, T, S): the map of each step, each position's last one repeated.

    What is computed for a position that has halted is not looked at by anybody, and how often it is computed
    depends on the other sentences of the batch.
    """
    maps = torch.stack([call.float() for call in calls], dim=1)
    steps = torch.arange(n, device=n_steps.device)[None, :, None]
    last = torch.minimum(steps, (n_steps - 1).clamp(min=0)[:, None, :])  # (B, n, T)
    places = last[:, :, None, :, None].expand(-1, -1, maps.shape[2], -1, maps.shape[4])
    return maps.gather(1, places)
