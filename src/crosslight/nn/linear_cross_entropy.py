"""Output layer and loss in one, a few rows at a time: the logits of a batch are never stored.

The logits are the largest thing in training (tokens × vocabulary), and written plainly they are stored
and read again about ten times. Here a block of rows small enough for the processor's cache becomes
logits, loss and gradient before the next is begun, so that what is left is three matrix products.

Shape letters: N tokens · R rows of a block · D d_model · V vocabulary.
"""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from crosslight.nn.linear import add_product, product

BLOCK = {"cpu": 1 << 21, "cuda": 1 << 27}  # logits at a time: few enough for a processor's cache

BlockLoss = Callable[[list[Tensor], Tensor], tuple[Tensor, list[Tensor]]]
"""(logits of each view (R, V), targets (R, 1)) -> summed loss, and its gradient for each view's logits.
It may overwrite the logits."""


def linear_loss(
    views: list[Float[Tensor, "N D"]],
    weight: Float[Tensor, "V D"],
    targets: Int[Tensor, " N"],
    block_loss: BlockLoss,
) -> Float[Tensor, ""]:
    """`block_loss` over the logits x Wᵀ of each view x, summed over all rows.

    Args:
        views: last vectors of the same tokens, one or several times (with other dropout, say).
    """
    loss: Tensor = _LinearLoss.apply(weight, targets, block_loss, _products_in(weight), *views)  # type: ignore[no-untyped-call]
    return loss


def smoothed(smoothing: float) -> BlockLoss:
    """Cross-entropy against (1 - ε) · the target + ε · every token alike, of one view.

    Szegedy et al. 2016, eq. for q'(k) with uniform u(k) = 1/V, which section 5.4 of Vaswani et al. 2017
    takes: the target's own share of the uniform part included.
    """

    def block_loss(logits: list[Tensor], targets: Tensor) -> tuple[Tensor, list[Tensor]]:
        (z,) = logits
        log_p = z.log_softmax(-1)
        loss = (smoothing - 1) * log_p.gather(1, targets).sum() - smoothing * log_p.mean(-1).sum()
        return loss, [_gradient(log_p.exp_(), targets, smoothing)]

    return block_loss


def consistent(smoothing: float, weights: tuple[float, float], forth: float, back: float) -> BlockLoss:
    """Two views a and b of the same tokens, each right and both alike:

        weights[0] · CE(a) + weights[1] · CE(b) + forth · KL(a ‖ b) + back · KL(b ‖ a)

    with CE as in `smoothed`. The gradient flows into both views.
    """

    def block_loss(logits: list[Tensor], targets: Tensor) -> tuple[Tensor, list[Tensor]]:
        log_p = [z.log_softmax(-1) for z in logits]
        p = [log.exp() for log in log_p]
        loss = log_p[0].new_zeros(())
        gradients = [torch.zeros_like(z) for z in logits]
        for view, weight in enumerate(weights):
            if weight:
                right = log_p[view].gather(1, targets).sum()
                loss -= weight * ((1 - smoothing) * right + smoothing * log_p[view].mean(-1).sum())
                gradients[view].add_(_gradient(p[view].clone(), targets, smoothing), alpha=weight)
        for one, other, weight in ((0, 1, forth), (1, 0, back)):
            if weight:
                ratio = log_p[one] - log_p[other]
                divergence = (p[one] * ratio).sum(-1, keepdim=True)
                loss += weight * divergence.sum()
                gradients[one].add_(ratio.sub_(divergence).mul_(p[one]), alpha=weight)
                gradients[other].add_(p[other] - p[one], alpha=weight)
        return loss, gradients

    return block_loss


def _gradient(p: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Of the smoothed cross-entropy: p - (1 - ε) · onehot(target) - ε/V; overwrites p."""
    p.sub_(smoothing / p.shape[-1])
    return p.scatter_add_(1, targets, p.new_full((), smoothing - 1).expand_as(targets))


def _products_in(weight: Tensor) -> torch.dtype:
    """What matrix products are computed in: as autocast says, or as the weights are."""
    kind = weight.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else weight.dtype


class _LinearLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, weight: Tensor, targets: Tensor, block_loss: BlockLoss, dtype: torch.dtype, *views: Tensor
    ) -> Tensor:
        n_rows = max(1, BLOCK.get(weight.device.type, 1 << 24) // (len(weight) * len(views)))
        needs_gradient = any(ctx.needs_input_grad)
        w, xs = weight.to(dtype), [x.to(dtype) for x in views]
        dweight, dxs = torch.zeros_like(weight), [torch.empty_like(x) for x in views]
        total = weight.new_zeros(())
        for start in range(0, len(targets), n_rows):
            part = slice(start, start + n_rows)
            logits = [product(x[part], w.T).to(weight.dtype) for x in xs]
            loss, dlogits = block_loss(logits, targets[part, None])
            total += loss
            if needs_gradient:
                for x, dx, dz in zip(xs, dxs, (dz.to(dtype) for dz in dlogits), strict=True):
                    dx[part] = product(dz, w)
                    add_product(dweight, dz.T, x[part])
        ctx.save_for_backward(dweight, *dxs)
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        dweight, *dxs = ctx.saved_tensors
        return dweight * grads[0], None, None, None, *(dx * grads[0] for dx in dxs)
