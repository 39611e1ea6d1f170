"""Attention in every layer of a convolutional decoder (Gehring et al. 2017, section 3.3): it may look again.

    d = W h + b + g      what a layer knows, and the token it has just written
    a = softmax(d · z)   not scaled
    c = Σ a (z + e)      what the encoder made of a token, and the token itself

Shape letters: B batch · T queries · S source tokens · D d_model · H d_hidden · K, V widths of keys and values
· N heads, of which there is one here.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from crosslight.nn.attention import Attend, DotProduct, KeysValues
from crosslight.nn.convolution import HALF, GatedConvolution
from crosslight.nn.dropout import Dropout
from crosslight.nn.weight_norm import WeightNormLinear


class MultiStepAttention(nn.Module):
    """One layer's look at the source. All layers share the keys z and the values (z + e) · √0.5."""

    def __init__(self, d_hidden: int, d_model: int) -> None:
        super().__init__()
        self.q_proj = WeightNormLinear(d_hidden, d_model, math.sqrt(1 / d_hidden))
        self.out_proj = WeightNormLinear(d_model, d_hidden, math.sqrt(1 / d_model))
        scoring = DotProduct(scale=1.0)
        self.scoring = scoring
        self.attend: Attend = scoring.attend

    def forward(
        self,
        x: Float[Tensor, "B T H"],
        embedded: Float[Tensor, "B T D"],
        keys_values: KeysValues,
        mask: Bool[Tensor, "B 1 1 S"],
    ) -> Float[Tensor, "B T H"]:
        """What x finds in the source.

        Args:
            embedded: the target tokens as they entered the decoder (g in the paper).
            mask: True at real source tokens. The context is scaled by m · √(1/m) with m the number of those,
                for a mean of m vectors varies m times less than each (section 3.5).
        """
        keys, values = keys_values
        queries = ((self.q_proj(x) + embedded) * HALF)[:, None]
        context = self.attend(queries, keys, values, mask)[:, 0]
        n_source = mask[:, 0].sum(dim=-1, keepdim=True).to(context.dtype)
        out: Tensor = self.out_proj(context * n_source.sqrt())
        return out


class DecoderBlock(nn.Module):
    """A convolution over a token and the k - 1 before it, then attention, and the ways around both.

    The last k - 1 inputs are kept from call to call: a window that slides, and all that a convolution needs
    to know of what was written.
    """

    def __init__(self, d_hidden: int, d_model: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.dropout = Dropout(dropout)
        self.convolution = GatedConvolution(d_hidden, kernel, dropout)
        self.attention = MultiStepAttention(d_hidden, d_model)

    def forward(
        self,
        x: Float[Tensor, "B T H"],
        embedded: Float[Tensor, "B T D"],
        past: Float[Tensor, "B P H"],
        memory: KeysValues,
        memory_mask: Bool[Tensor, "B 1 1 S"],
    ) -> tuple[Float[Tensor, "B T H"], Float[Tensor, "B P H"]]:
        """X, a little further, and the window before the tokens that come next."""
        seen = torch.cat((past, self.dropout(x)), dim=1)
        out = self.convolution(seen)
        out = (out + self.attention(out, embedded, memory, memory_mask)) * HALF
        return (x + out) * HALF, seen[:, x.shape[1] :]
