"""Convolutions over tokens with gated linear units (Dauphin et al. 2017; Gehring et al. 2017, section 3.2).

Batches stay (B, T, H): the k neighbors of a token are laid side by side and meet one matrix. On a CPU that is
up to half again as fast as `nn.functional.conv1d`, which wants (B, H, T) and so a transposed copy each way.

Shape letters: B batch · T tokens · TP of them and k - 1 more · H d_hidden · KH k · d_hidden.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from crosslight.nn.dropout import Dropout
from crosslight.nn.weight_norm import WeightNormLinear

HALF = math.sqrt(0.5)  # a sum of two that vary alike varies as each of them did


def windows(x: Float[Tensor, "B TP H"], kernel: int) -> Float[Tensor, "B T KH"]:
    """Every `kernel` neighbors side by side, from the earliest to the latest.

    >>> windows(torch.tensor([[[1], [2], [3], [4]]]).float(), 3)
    tensor([[[1., 2., 3.],
             [2., 3., 4.]]])
    """
    n = x.shape[1] - kernel + 1
    return torch.cat([x[:, i : i + n] for i in range(kernel)], dim=2)


class GatedConvolution(nn.Module):
    """A convolution of width k, then a GLU: half of what it says is let through by the other half.

    It adds nothing at the ends, so that T + k - 1 tokens become T: who calls it knows what stands beyond them.
    Its weights start at a variance of 4p / n, with n inputs of which dropout keeps a share p: a GLU leaves a
    quarter of a small variance (section 3.5).
    """

    def __init__(self, d_hidden: int, kernel: int, dropped: float) -> None:
        super().__init__()
        self.kernel = kernel
        n_inputs = kernel * d_hidden
        self.linear = WeightNormLinear(n_inputs, 2 * d_hidden, math.sqrt(4 * (1 - dropped) / n_inputs))

    def forward(self, x: Float[Tensor, "B TP H"]) -> Float[Tensor, "B T H"]:
        """Every window of k tokens, as one vector."""
        return F.glu(self.linear(windows(x, self.kernel)), dim=2)


class EncoderBlock(nn.Module):
    """(x + convolution(x)) · √0.5, where a token sees (k - 1) / 2 neighbors on either side of it."""

    def __init__(self, d_hidden: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.dropout = Dropout(dropout)
        self.convolution = GatedConvolution(d_hidden, kernel, dropout)

    def forward(self, x: Float[Tensor, "B T H"], mask: Bool[Tensor, "B T 1"]) -> Float[Tensor, "B T H"]:
        """X, a little further; mask is True at real tokens, all others are read as zeros."""
        around = self.convolution.kernel // 2
        out: Tensor = self.convolution(F.pad(self.dropout(x) * mask, (0, 0, around, around)))
        return (x + out) * HALF
