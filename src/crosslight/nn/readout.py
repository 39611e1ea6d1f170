"""From a decoder's state to the vector that meets the output table (Bahdanau et al. 2015, appendix A.2.2).

Shape letters: B batch · T target tokens · X width of all that is read · D d_model.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from crosslight.nn.linear import Linear

ReadoutKind = Literal["maxout", "tanh"]


class Readout(nn.Module):
    """One hidden layer over state, token and context: the larger of two maps, element by element
    (maxout, Goodfellow et al. 2013), or tanh of one.
    """

    def __init__(self, kind: ReadoutKind, d_in: int, d_model: int) -> None:
        super().__init__()
        self.kind = kind
        self.maps = Linear(d_in, 2 * d_model if kind == "maxout" else d_model)

    def forward(self, read: Float[Tensor, "B T X"]) -> Float[Tensor, "B T D"]:
        """What the output table is compared with."""
        x: Tensor = self.maps(read)
        return torch.maximum(*x.chunk(2, dim=-1)) if self.kind == "maxout" else torch.tanh(x)
