"""Thinking has a price: the steps that a model spends on its tokens are added to the loss.

Graves 2016, eq. 12-13; Dehghani et al. 2019, section 2.2. The cost of a sentence pair is the mean of steps and
remainder over its source and target tokens; as everything in the loss it weighs as much as the pair has target
tokens, so that it does not matter how batches are cut.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor, nn

from crosslight.data.batch import Batch
from crosslight.models.protocol import Ponders
from crosslight.nn.halting import Halting, HaltingUnit
from crosslight.train.objectives import Loss, Objective


def priced(objective: Objective, model: nn.Module) -> Objective:
    """The objective with the ponder cost of the model, in as far as it has one; else the objective itself.

    The steps are counted in the same forward pass that the loss is made of, of every view if there are several.
    """
    if not (isinstance(model, Ponders) and model.ponder_weight):
        return objective
    weight = model.ponder_weight

    def with_cost(model: nn.Module, batch: Batch) -> Loss:
        counted = _Counted(model)
        loss = objective(cast("nn.Module", counted), batch)
        return loss._replace(total=loss.total + weight * counted.cost * loss.n_tokens)

    return with_cost


def cost_per_pair(read: Halting, written: Halting) -> Tensor:
    """(B,): steps and remainder, the mean over the tokens of both sides; padding takes no step and does not count."""
    costs, real = (torch.cat(pair, dim=1) for pair in ((read.cost, written.cost), (_real(read), _real(written))))
    return (costs * real).sum(1) / real.sum(1)


def mean_steps(model: Ponders, batch: Batch) -> tuple[int, int]:
    """Steps on all tokens of both sides, and how many tokens that are."""
    _, read, written = model.features_and_halting(batch.src, batch.tgt_in)
    steps = [halting.n_steps for halting in (read, written)]
    return sum(int(n.sum()) for n in steps), sum(int((n > 0).sum()) for n in steps)


@contextmanager
def tireless(model: nn.Module) -> Iterator[None]:
    """Within the block no position halts before the last step: the most work and memory that the model can ask for."""
    biases = [module.bias for module in model.modules() if isinstance(module, HaltingUnit)]
    before = [bias.detach().clone() for bias in biases]
    with torch.no_grad():
        for bias in biases:
            bias.fill_(-1e4)
    try:
        yield
    finally:
        with torch.no_grad():
            for bias, kept in zip(biases, before, strict=True):
                bias.copy_(kept)


class _Counted:
    """A `Trainable` around a model, for one call of an objective: it keeps what thinking has cost."""

    def __init__(self, model: Any) -> None:
        self.output = model.output
        self.cost: Tensor | float = 0.0  # the mean over target tokens
        self._model = model

    def features(self, src: Tensor, tgt_in: Tensor) -> Tensor:
        """Those of the model."""
        x: Tensor
        x, read, written = self._model.features_and_halting(src, tgt_in)
        n_tokens = _real(written).sum(1)
        self.cost = (cost_per_pair(read, written) * n_tokens).sum() / n_tokens.sum()
        return x


def _real(halting: Halting) -> Tensor:
    return halting.n_steps > 0
