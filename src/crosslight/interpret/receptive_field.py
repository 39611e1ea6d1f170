"""What a model's vectors know of each token: whether, how much, and after how many layers.

All is measured, whatever the architecture is, by gradients: a vector that does not change with a token's
vector has a gradient of exactly zero there. Put the model in `eval()` mode, and in float64, where small is
not nothing.
Shape letters: B batch · S source tokens · T target tokens · Q computed vectors · N tokens that are looked at.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from crosslight.errors import ConfigError
from crosslight.interpret.token_vectors import caught_vectors

CURE = "give tokens that the computation looks up in an `nn.Embedding`, the very tensor"


def memory_influence(model: Any, src: Tensor) -> Tensor:
    """How much each vector that the encoder hands over changes with each source token (B, Q, S).

    Q is S, or 1 for a model that hands over a single vector. Any Seq2Seq whose state has a `memory`.
    """
    return influence(model, src, lambda: [_vectors(model.start(src).memory)])[0]


def logit_influence(model: Any, src: Tensor, tgt_in: Tensor) -> Tensor:
    """How much the logits after each target token change with each source token (B, T, S)."""
    return influence(model, src, lambda: [model(src, tgt_in)])[0]


def receptive_field(model: Any, src: Tensor) -> int:
    """The most source tokens that one vector of the encoder knows of. Give a source that is longer."""
    return int((memory_influence(model, src) > 0).sum(dim=2).max())


def path_lengths(model: Any, src: Tensor, layers: Sequence[nn.Module]) -> Tensor:
    """After how many calls of layers a token has reached a place: integers (B, S, S); 0 where it never does.

    Args:
        layers: that read, like `model.encoder_layers`; each says (B, S, D). One that is called again and
            again counts every time.
    """
    heard: list[Tensor] = []

    def listen(_: nn.Module, __: Any, said: Any) -> None:
        heard.append(said[0] if isinstance(said, tuple) else said)

    handles = [layer.register_forward_hook(listen) for layer in layers]
    try:
        reached = influence(model, src, lambda: [model.start(src), heard][1])
    finally:
        for handle in handles:
            handle.remove()
    lengths = torch.zeros_like(reached[0], dtype=torch.long)
    for n, seen in reversed(list(enumerate(reached, start=1))):
        lengths[seen > 0] = n
    return lengths


def influence(model: nn.Module, tokens: Tensor, compute: Callable[[], Sequence[Tensor]]) -> list[Tensor]:
    """How much vectors change with the vectors of tokens: for each (B, Q, D) computed, lengths (B, Q, N).

    A length is that of the gradient of the vector's component in some direction, the same for all.

    Args:
        tokens: (B, N), of the source or of the target; their vectors are caught where they are looked up.
        compute: runs the model on them.

    Raises:
        ConfigError: the computation did not look tokens up.
    """
    with torch.enable_grad(), caught_vectors(model, tokens) as caught:
        results = compute()
        if not caught:
            raise ConfigError("the tokens were not looked up in any table of the model", CURE)
        return [_lengths(vectors, caught[0]) for vectors in results]


def _lengths(vectors: Tensor, caught: Tensor) -> Tensor:
    direction = torch.randn(vectors.shape[2], generator=torch.Generator().manual_seed(0)).to(vectors)
    along = (vectors @ direction).sum(dim=0)  # rows do not see each other, so their gradients stay apart
    found = [
        torch.autograd.grad(each, caught, retain_graph=True, materialize_grads=True)[0].norm(dim=2)
        for each in along
    ]
    return torch.stack(found, dim=1)


def _vectors(memory: Any) -> Tensor:
    """A memory as one vector a token: keys and values of all heads and layers side by side (B, Q, D)."""
    if isinstance(memory, Tensor):
        if memory.dim() == 4:  # (B, H, S, K)
            return memory.transpose(1, 2).flatten(2)
        return memory if memory.dim() == 3 else memory[:, None]
    return torch.cat([_vectors(part) for part in memory], dim=2)
