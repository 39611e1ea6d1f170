"""What is read as it is, and learned from more slowly."""

from typing import Any

import torch
from torch import Tensor


def scaled_gradient(x: Tensor, scale: float) -> Tensor:
    """X itself, whose gradient arrives times `scale`.

    >>> x = torch.ones(2, requires_grad=True)
    >>> scaled_gradient(x, 0.5).sum().backward()
    >>> x.grad
    tensor([0.5000, 0.5000])
    """
    scaled: Tensor = _ScaledGradient.apply(x, scale)  # type: ignore[no-untyped-call]
    return scaled


class _ScaledGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: float) -> Tensor:
        ctx.scale = scale
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient * ctx.scale, None
