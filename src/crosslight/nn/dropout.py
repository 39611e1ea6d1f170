"""Dropout whose random numbers are cheap: one byte an element instead of one float.

Srivastava et al. 2014; where it goes is section 5.4 of Vaswani et al. 2017. On a CPU drawing the mask
costs more than the rest, so eight elements share one 64-bit draw. The rate is therefore a multiple of
1/256 (0.1 becomes 26/256 = 0.1016), and survivors are scaled by exactly that rate: the mean is kept.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_generator: ContextVar[torch.Generator | None] = ContextVar("dropout generator", default=None)


@contextmanager
def dropout_seed(seed: int, device: torch.device) -> Iterator[None]:
    """Within the block, dropout of this thread draws from a generator of its own.

    Threads that train side by side would otherwise share torch's one generator, and who draws first
    would depend on the weather. On a GPU there is one thread, and torch's own generator is seeded.
    """
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)
    token = _generator.set(torch.Generator(device).manual_seed(seed))
    try:
        yield
    finally:
        _generator.reset(token)


def kept(shape: torch.Size, n_dropped: int, device: torch.device) -> Tensor:
    """A boolean tensor that is False with probability n_dropped / 256, drawn as `dropout_seed` says."""
    n = math.prod(shape)
    draws = torch.empty((n + 7) // 8, dtype=torch.int64, device=device)
    # The full range, so that every one of the eight bytes is uniform.
    draws.random_(-(2**63), None, generator=_generator.get())
    return draws.view(torch.uint8)[:n].view(shape) >= n_dropped


class Dropout(nn.Module):
    """Sets a share `rate` of the elements to 0 in training and scales the others up."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.n_dropped = min(255, round(rate * 256))

    def forward(self, x: Tensor) -> Tensor:
        """X with holes in it while training; x itself otherwise."""
        if not self.training or self.n_dropped == 0:
            return x
        if x.device.type == "cuda":  # whose own dropout is one fused kernel
            return F.dropout(x, self.n_dropped / 256)
        keep = kept(x.shape, self.n_dropped, x.device)
        # A factor for every element, so that the way back is one product as well.
        return x * keep.to(x.dtype).mul_(256 / (256 - self.n_dropped))

    def extra_repr(self) -> str:
        """The rate in force, for `print(model)`."""
        return f"rate={self.n_dropped}/256"
