"""One optimizer update: forward, backward, clip, step."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from crosslight.data.batch import Batch
from crosslight.errors import TrainingError
from crosslight.train.objectives import Objective


class StepResult(NamedTuple):
    """What one update did."""

    loss: float  # mean over target tokens, in nats, smoothing included
    n_tokens: int
    grad_norm: float


def adam(model: nn.Module, beta1: float, beta2: float, epsilon: float) -> torch.optim.Adam:
    """The paper's optimizer (section 5.3), fused: several times faster than a loop over parameters."""
    return torch.optim.Adam(model.parameters(), lr=0.0, betas=(beta1, beta2), eps=epsilon, fused=True)


def training_step(
    model: nn.Module,
    batches: Sequence[Batch],
    objective: Objective,
    optimizer: torch.optim.Optimizer,
    rate: float,
    clip_norm: float | None,
) -> StepResult:
    """Move the weights once, by the mean gradient over all tokens of `batches`.

    Several batches are one update whose memory is that of the largest (gradient accumulation).

    Raises:
        TrainingError: the loss or the gradient is not a number; the weights are untouched.
    """
    n_tokens = sum(batch.n_tokens for batch in batches)
    optimizer.zero_grad()
    loss = 0.0
    for batch in batches:
        total = objective(model, batch).total / n_tokens
        total.backward()  # type: ignore[no-untyped-call]
        loss += float(total.detach())
    norm = float(nn.utils.clip_grad_norm_(model.parameters(), clip_norm or math.inf))
    if not (math.isfinite(loss) and math.isfinite(norm)):
        raise TrainingError(
            f"the loss is {loss} and the gradient's norm {norm} at learning rate {rate:.2e}; "
            f"{_where_not_finite(model)}; batch of {batches[0].src.shape[0]} pairs",
            "the last good weights are kept; lower train.learning_rate or set train.clip_norm, and resume",
        )
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    return StepResult(loss, n_tokens, norm)


def _where_not_finite(model: nn.Module) -> str:
    for what, tensors in (
        ("weight", {name: p.detach() for name, p in model.named_parameters()}),
        ("gradient", {name: p.grad for name, p in model.named_parameters() if p.grad is not None}),
    ):
        for name, tensor in tensors.items():
            if not bool(tensor.isfinite().all()):
                return f"first {what} that is not finite: {name}"
    return "all weights and gradients are finite one by one"
