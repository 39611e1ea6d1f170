"""The vectors of given tokens, caught where they leave their table: all that is known of a model here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn


@contextmanager
def caught_vectors(model: nn.Module, tokens: Tensor) -> Iterator[list[Tensor]]:
    """While the block runs, the vectors of tokens begin a graph of their own, and are put on the list."""
    caught: list[Tensor] = []

    def catch(_: nn.Module, read: tuple[Any, ...], said: Tensor) -> Tensor | None:
        if read[0] is not tokens:
            return None
        caught.append(said.detach().requires_grad_())
        return caught[-1]

    handles = [
        module.register_forward_hook(catch) for module in model.modules() if isinstance(module, nn.Embedding)
    ]
    try:
        yield caught
    finally:
        for handle in handles:
            handle.remove()
