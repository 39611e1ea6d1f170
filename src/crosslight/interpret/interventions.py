"""What if: a head switched off or made to look evenly, the positions left out, while a block runs.

Attention weights say where a head looked, not whether it mattered; an intervention says that. Switching heads
off is what Michel et al. (2019) and Voita et al. (2019) do. All is done from outside, by swapping `attend`
and by hooks on the position encodings. Positions that are distances are left out by scoring without them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from crosslight.errors import ConfigError
from crosslight.models.transformer import Transformer
from crosslight.nn.attention import Attend, DotProduct, MultiHeadAttention, Scoring
from crosslight.nn.positions import NoPositions
from crosslight.nn.relative import RelativeScoring
from crosslight.nn.rotary import RotaryScoring

Stack = Literal["encoder", "decoder", "cross"]
What = Literal["zero", "uniform", "no_positions"]
STACKS: tuple[Stack, ...] = get_args(Stack)
ABSENT: What = "no_positions"


@dataclass(frozen=True)
class Intervention:
    """One change. Layers and heads count from 0; None is all of them."""

    what: What
    stack: Stack  # for `no_positions` the encoder's or the decoder's
    layer: int | None = None
    head: int | None = None


def intervention(wish: dict[str, Any]) -> Intervention:
    """An intervention from a dictionary of its fields.

    Raises:
        ConfigError: an unknown field or value, or one that is missing.
    """
    cure = 'give {"what": "zero", "stack": "cross", "layer": 0, "head": 2}, as docs/inside.md lists them'
    if unknown := set(wish) - {"what", "stack", "layer", "head"}:
        raise ConfigError(f"an intervention has no {sorted(unknown)[0]!r}", cure)
    what, stack = wish.get("what"), wish.get("stack")
    for name, value, choices in (("what", what, get_args(What)), ("stack", stack, STACKS)):
        if value not in choices:
            raise ConfigError(f"{name} is {value!r}, expected one of {', '.join(choices)}", cure)
    places = [wish.get("layer"), wish.get("head")]
    if not all(place is None or type(place) is int for place in places):
        raise ConfigError(f"layer and head are {places[0]!r} and {places[1]!r}, expected numbers", cure)
    if what == "no_positions" and (stack == "cross" or places != [None, None]):
        raise ConfigError("positions belong to the encoder or the decoder as a whole", cure)
    return Intervention(what, stack, *places)  # type: ignore[arg-type]


def attentions(model: Transformer, stack: Stack) -> dict[str, MultiHeadAttention]:
    """The attention sublayers of a stack, one a layer in order, by their names in the model."""
    if stack == "encoder":
        readers = enumerate(model.encoder_layers)
        return {f"encoder_layers.{i}.self_attention": layer.self_attention for i, layer in readers}
    layers = enumerate(model.decoder_layers)
    if stack == "decoder":
        return {f"decoder_layers.{i}.self_attention": layer.self_attention for i, layer in layers}
    return {f"decoder_layers.{i}.cross_attention": layer.cross_attention for i, layer in layers}


@contextmanager
def intervened(model: Transformer, interventions: Sequence[Intervention]) -> Iterator[None]:
    """While the block runs, the interventions hold, all together; where two meet, `zero` wins.

    Raises:
        ConfigError: a layer or head that the model does not have, or positions.
    """
    blind = {each.stack: positions_of(model, each.stack) for each in interventions if each.what == ABSENT}
    distances = [attention for _, among in blind.values() for attention in among]
    changes: dict[MultiHeadAttention, dict[What, set[int]]] = {attention: {} for attention in distances}
    for each in interventions:
        if each.what != ABSENT:
            for attention in _places(model, each):
                heads = range(attention.n_heads) if each.head is None else [each.head]
                changes.setdefault(attention, {}).setdefault(each.what, set()).update(heads)
    before = {attention: attention.attend for attention in changes}
    for attention, heads_of in changes.items():
        is_bare = attention in distances
        scoring = DotProduct() if is_bare else attention.scoring
        attention.attend = _changed(
            scoring,
            scoring.attend if is_bare else before[attention],
            attention.n_heads,
            heads_of.get("zero", set()),
            heads_of.get("uniform", set()),
        )
    handles = [added.register_forward_hook(_nothing) for added, _ in blind.values()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
        for attention, attend in before.items():
            attention.attend = attend


def has_positions(model: Transformer) -> bool:
    """Whether anything tells the model where a token stands."""
    is_added = not isinstance(model.src_embedding.positions, NoPositions)
    return is_added or bool(_with_distances(model, "encoder"))


def positions_of(model: Transformer, stack: Stack) -> tuple[nn.Module, list[MultiHeadAttention]]:
    """What a stack knows of positions: what is added to embeddings, and attentions that know distances.

    Raises:
        ConfigError: nothing at all.
    """
    if not has_positions(model):
        raise ConfigError(
            'the model was trained with positions = "none", so there are none to leave out',
            "ask for another intervention, or open a model with positions",
        )
    embedding = model.src_embedding if stack == "encoder" else model.tgt_embedding
    return embedding.positions, _with_distances(model, stack)


def _with_distances(model: Transformer, stack: Stack) -> list[MultiHeadAttention]:
    return [
        attention
        for attention in attentions(model, stack).values()
        if isinstance(attention.scoring, RelativeScoring | RotaryScoring)
    ]


def _places(model: Transformer, change: Intervention) -> list[MultiHeadAttention]:
    found = list(attentions(model, change.stack).values())
    for name, value, limit in (
        ("layer", change.layer, len(found)),
        ("head", change.head, found[0].n_heads),
    ):
        if value is not None and not 0 <= value < limit:
            raise ConfigError(f"{change.stack} {name} {value} does not exist", f"choose 0 to {limit - 1}")
    return found if change.layer is None else [found[change.layer]]


def _changed(scoring: Scoring, attend: Attend, n_heads: int, off: set[int], even: set[int]) -> Attend:
    """`attend` with some heads switched off and others looking evenly."""

    def changed(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        context = attend(q, k, v, mask)
        if even:
            flat = scoring.gather(even_weights(q, k, mask), v)
            context = torch.where(_these(even, n_heads, v), flat, context)
        return torch.where(_these(off, n_heads, v), torch.zeros_like(context), context)

    return changed


def even_weights(q: Tensor, k: Tensor, mask: Tensor | None) -> Tensor:
    """The same share for each key (B, H, S, K) that a query (B, H, T, K) may see: (B, H, T, S)."""
    shape = (*q.shape[:3], k.shape[2])
    seen = q.new_ones(shape) if mask is None else mask.to(q.dtype).expand(shape)
    return seen / seen.sum(dim=-1, keepdim=True)


def _these(heads: set[int], n_heads: int, like: Tensor) -> Tensor:
    return torch.tensor([head in heads for head in range(n_heads)], device=like.device)[:, None, None]


def _nothing(_: nn.Module, __: Any, positions: Tensor) -> Tensor:
    return torch.zeros_like(positions)
