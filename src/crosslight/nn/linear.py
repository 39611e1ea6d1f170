"""Linear maps, multiplied by the faster of two libraries.

Torch multiplies float32 with MKL, which on AMD's processors reaches three quarters of the rate of the
OpenBLAS that comes with numpy (docs/decisions/0073-products-by-numpy.md). Within `fast_products` training on
such a processor multiplies with numpy. Everywhere else this is torch's linear and the operator @.
"""

import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

LEAST = 250_000_000  # operations of a map: below it, what two threads wait for Python costs more than is won
_by_numpy: ContextVar[bool] = ContextVar("products by numpy", default=False)


@cache
def numpy_is_faster() -> bool:
    """Whether this is one of AMD's processors, torch has MKL and numpy OpenBLAS.

    A rule and no measurement: the same machine must answer the same each time, since the last bits of a
    product depend on who multiplies.
    """
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    has_mkl: bool = torch.backends.mkl.is_available()  # type: ignore[no-untyped-call]
    return _is_amd() and has_mkl and "openblas" in blas["name"]


@contextmanager
def fast_products(device: torch.device, precision: torch.dtype) -> Iterator[None]:
    """Within it, and in this thread, products are numpy's where that is faster."""
    token = _by_numpy.set(device.type == "cpu" and precision == torch.float32 and numpy_is_faster())
    try:
        yield
    finally:
        _by_numpy.reset(token)


def product(a: Float[Tensor, "N K"], b: Float[Tensor, "K M"]) -> Float[Tensor, "N M"]:
    """a b. By numpy it is no part of the graph: for what computes its gradient itself."""
    return numpy_product(a, b) if _by_numpy.get() else a @ b


def add_product(total: Float[Tensor, "N M"], a: Float[Tensor, "N K"], b: Float[Tensor, "K M"]) -> None:
    """Total + a b, in place and in the total's own precision; outside the graph, as `product`."""
    if a.dtype == total.dtype and not _by_numpy.get():
        total.addmm_(a, b)
    else:
        total += product(a, b)


def linear(
    x: Float[Tensor, "*N K"], weight: Float[Tensor, "M K"], bias: Float[Tensor, " M"] | None = None
) -> Float[Tensor, "*N M"]:
    """x Wᵀ + b of every row."""
    if torch.compiler.is_compiling() or not _by_numpy.get() or 2 * x.numel() * len(weight) < LEAST:
        return F.linear(x, weight, bias)
    y: Tensor = _Linear.apply(x.reshape(-1, weight.shape[1]), weight, bias)  # type: ignore[no-untyped-call]
    return y.view(*x.shape[:-1], len(weight))


class Linear(nn.Linear):
    """Torch's, by `linear`."""

    def forward(self, input: Float[Tensor, "*N K"]) -> Float[Tensor, "*N M"]:
        """The map of every row."""
        return linear(input, self.weight, self.bias)


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        y = numpy_product(x, weight.T)
        return y if bias is None else y.add_(bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        needs_x, needs_weight, needs_bias = ctx.needs_input_grad
        return (
            numpy_product(dy, weight) if needs_x else None,
            numpy_product(dy.T, x) if needs_weight else None,
            dy.sum(0) if needs_bias else None,
        )


def numpy_product(a: Float[Tensor, "N K"], b: Float[Tensor, "K M"]) -> Float[Tensor, "N M"]:
    """a b by numpy, no part of the graph."""
    out = torch.empty(len(a), b.shape[1], dtype=a.dtype)
    np.matmul(a.detach().numpy(), b.detach().numpy(), out=out.numpy())
    return out


def _is_amd() -> bool:
    if sys.platform == "linux":
        return "AuthenticAMD" in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    return "AuthenticAMD" in platform.processor()
