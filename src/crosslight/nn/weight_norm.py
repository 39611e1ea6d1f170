"""A linear map whose rows have a length and a direction of their own (Salimans & Kingma 2016).

    w = g · v / ‖v‖,  row by row

so that how strongly a unit answers (g) is learned apart from what it answers to (v). Both are parameters and
are saved; w is made anew at every call. Shape letters: I width of the input · O width of the output.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from crosslight.nn.linear import linear


class WeightNormLinear(nn.Module):
    """Wx + b with W = g · v / ‖v‖.

    Args:
        std: of the normal distribution that W starts from; g starts as the lengths of its rows, b as zero.
    """

    def __init__(self, d_in: int, d_out: int, std: float) -> None:
        super().__init__()
        self.v = nn.Parameter(torch.empty(d_out, d_in).normal_(std=std))
        self.g = nn.Parameter(self.v.detach().norm(dim=1))
        self.bias = nn.Parameter(torch.zeros(d_out))

    def weight(self) -> Float[Tensor, "O I"]:
        """W, whose rows have the lengths g."""
        # The kernel of torch's own parametrization: plain products would read and write v once more.
        return torch._weight_norm(self.v, self.g[:, None], 0)

    def forward(self, x: Float[Tensor, "*rows I"]) -> Float[Tensor, "*rows O"]:
        """Wx + b."""
        return linear(x, self.weight(), self.bias)
