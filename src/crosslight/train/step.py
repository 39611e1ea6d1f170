"""One optimizer update: forward and backward in several threads, clip, step.

On a CPU a batch is cut into as many shards as there are threads, and each thread takes one shard
through the whole model on its own. The usual way, all threads at every single operation, waits for the
slowest of them some thousand times a step, which is ruinous where other work shares the cores; this way
waits once. The weights are shared, the gradients are summed in the order of the shards, and dropout is
drawn from a seed made of (step, shard): the result is the same, bit for bit, on every run.
"""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import torch
from torch import Tensor, nn

from crosslight.data.batch import Batch
from crosslight.errors import TrainingError
from crosslight.nn.dropout import dropout_seed
from crosslight.nn.linear import fast_products
from crosslight.train.distributed import ALONE, World
from crosslight.train.objectives import Objective


class StepResult(NamedTuple):
    """What one update did."""

    loss: float  # mean over target tokens, in nats, smoothing included
    n_tokens: int
    grad_norm: float


class NotFiniteError(TrainingError):
    """The loss or the gradient is not a number."""


def adam(model: nn.Module, beta1: float, beta2: float, epsilon: float) -> torch.optim.Adam:
    """The paper's optimizer (section 5.3), fused: several times faster than a loop over parameters."""
    return torch.optim.Adam(model.parameters(), lr=0.0, betas=(beta1, beta2), eps=epsilon, fused=True)


def training_step(
    model: nn.Module,
    shards: Sequence[Batch],
    objective: Objective,
    optimizer: torch.optim.Optimizer,
    rate: float,
    *,
    clip_norm: float | None = None,
    seed: int = 0,
    pool: ThreadPoolExecutor | None = None,
    precision: torch.dtype = torch.float32,
    world: World = ALONE,
) -> StepResult:
    """Move the weights once, by the mean gradient over all tokens of all shards.

    Shards may be one batch cut in parts, several batches (gradient accumulation), or both.

    Args:
        seed: of this step; decides what dropout drops.
        pool: threads to take the shards; one after the other without.
        precision: of matrix products; weights, sums and the optimizer stay as they are.
        world: the processes among which the shards are dealt; each makes the same update.

    Raises:
        NotFiniteError: the loss or the gradient is not a number; the weights are untouched.
        TrainingError: another process is gone.
    """
    parameters = list(model.parameters())
    n_tokens = sum(shard.n_tokens for shard in shards)

    def gradient(index: int) -> tuple[float, tuple[Tensor, ...]]:
        device = parameters[0].device
        with (
            dropout_seed(seed * 1009 + index, device),
            autocast(device, precision),
            fast_products(device, precision),
        ):
            total = objective(model, shards[index]).total / n_tokens
        return float(total.detach()), torch.autograd.grad(total, parameters)

    optimizer.zero_grad()
    loss = 0.0
    for part, grads in (pool.map if pool else map)(gradient, world.share(len(shards))):
        loss += part
        for parameter, grad in zip(parameters, grads, strict=True):
            parameter.grad = grad if parameter.grad is None else parameter.grad.add_(grad)
    loss = world.sum_gradients(parameters, loss)
    total_norm = nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
    norm = float(total_norm)
    if not (math.isfinite(loss) and math.isfinite(norm)):
        raise NotFiniteError(
            f"the loss is {loss} and the gradient's norm {norm} at learning rate {rate:.2e}; "
            f"{_where_not_finite(model)}",
            "the last good weights are kept; lower train.learning_rate or set train.clip_norm, and resume",
        )
    if clip_norm is not None:
        nn.utils.clip_grads_with_norm_(parameters, clip_norm, total_norm)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    return StepResult(loss, n_tokens, norm)


def autocast(device: torch.device, precision: torch.dtype) -> torch.autocast:
    """Within it, matrix products are computed in `precision`."""
    enabled = precision != torch.float32
    return torch.autocast(device.type, dtype=precision if enabled else torch.bfloat16, enabled=enabled)


def _where_not_finite(model: nn.Module) -> str:
    for what, tensors in (
        ("weight", {name: p.detach() for name, p in model.named_parameters()}),
        ("gradient", {name: p.grad for name, p in model.named_parameters() if p.grad is not None}),
    ):
        for name, tensor in tensors.items():
            if not bool(tensor.isfinite().all()):
                return f"first {what} that is not finite: {name}"
    return "all weights and gradients are finite one by one"
