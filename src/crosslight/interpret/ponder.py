"""How many steps a Universal Transformer takes on each token (Dehghani et al. 2019, section 4.1)."""

from collections.abc import Sequence
from typing import TypeGuard

import torch
from torch import Tensor, nn

from crosslight.interpret.steps import Steps, TokenSteps
from crosslight.models.universal import Universal
from crosslight.nn.halting import Halting, HaltingUnit


def decides_on_steps(model: nn.Module) -> TypeGuard[Universal]:
    """Whether its tokens decide for themselves how many steps they take."""
    return isinstance(model, Universal) and isinstance(model.encoder_halting, HaltingUnit)


def steps_of(
    model: nn.Module, src: Tensor, tgt_in: Tensor, src_pieces: Sequence[str], tgt_pieces: Sequence[str]
) -> Steps | None:
    """The steps on every token of one sentence; None for a model that takes as many for each.

    Args:
        src, tgt_in: token ids (1, S) and (1, T).
        tgt_pieces: what each target position is to write, the end included.
    """
    if not decides_on_steps(model):
        return None
    with torch.inference_mode():
        _, read, written = model.features_and_halting(src, tgt_in)
    return Steps(read.weights.shape[-1], _tokens(read, src_pieces), _tokens(written, tgt_pieces))


def _tokens(halting: Halting, pieces: Sequence[str]) -> list[TokenSteps]:
    counts, weights = halting.n_steps[0].tolist(), halting.weights[0].tolist()
    return [TokenSteps(*token) for token in zip(pieces, counts, weights, strict=True)]
