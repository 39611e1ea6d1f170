"""Several models that write one translation together.

Each member reads the source and keeps a state of its own; what is searched is the mean of their
log-probabilities (a geometric mean of the probabilities). The state is a tree with a branch a member, so
search need not know.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from crosslight.bundle import Bundle
from crosslight.errors import ConfigError


class Ensemble(nn.Module):
    """A model as `models.protocol.Seq2Seq` promises it, made of several."""

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members: Iterable[Any] = nn.ModuleList(members)

    def start(self, src: Tensor) -> tuple[Any, ...]:
        """Every member reads the source (B, S)."""
        return tuple(member.start(src) for member in self.members)

    def decode(self, tokens: Tensor, state: Any) -> tuple[Tensor, tuple[Any, ...]]:
        """The mean log-probabilities (B, T, V) of what follows each of tokens, and the states after them."""
        logits, states = zip(
            *(member.decode(tokens, own) for member, own in zip(self.members, state, strict=True)),
            strict=True,
        )
        return torch.stack([each.float().log_softmax(dim=-1) for each in logits]).mean(dim=0), states


def ensemble(bundles: Sequence[Bundle]) -> Ensemble:
    """The models of several bundles as one.

    Raises:
        ConfigError: their vocabularies differ: one id would mean two pieces.
    """
    first = bundles[0]
    for other in bundles[1:]:
        for side in ("src_subword", "tgt_subword"):
            ours, theirs = getattr(first, side), getattr(other, side)
            if ours.to_bytes() != theirs.to_bytes():
                raise ConfigError(
                    f"the {side[:3]} vocabularies of {first.path} and {other.path} differ "
                    f"({ours.vocab_size:,} and {theirs.vocab_size:,} pieces)",
                    "train with one prepared corpus, or fine-tune from one model",
                )
    return Ensemble([bundle.model for bundle in bundles])
