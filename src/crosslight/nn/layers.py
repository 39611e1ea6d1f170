"""The boxes of Figure 1: feed-forward, residual connection, encoder layer, decoder layer.

Shape letters: B batch · S source tokens · T target tokens · D d_model. Masks: True = may attend.
"""

from typing import Literal

import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from crosslight.nn.attention import KeysValues, MultiHeadAttention
from crosslight.nn.dropout import Dropout
from crosslight.nn.linear import Linear

NormOrder = Literal["post", "pre"]
Activation = Literal["relu", "swish"]


class FeedForward(nn.Module):
    """Two linear maps with a ReLU between them, at every position alike: eq. (2).

    `activation` may be "swish" instead, x·sigmoid(x) (Ramachandran et al. 2017).
    """

    def __init__(self, d_model: int, d_ff: int, activation: Activation = "relu") -> None:
        super().__init__()
        self.activation: Activation = activation
        self.up = Linear(d_model, d_ff)
        self.down = Linear(d_ff, d_model)

    def forward(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        """max(0, xW₁ + b₁)W₂ + b₂."""
        # Not in place: what a linear map returns is a view, and the way back through a view that was written
        # to copies it three times.
        inner: Tensor = self.up(x)
        out: Tensor = self.down(inner.relu() if self.activation == "relu" else F.silu(inner))
        return out


class Residual(nn.Module):
    """ "Add & Norm": what happens before and after each sublayer.

        post (the paper, section 3.1)    LayerNorm(x + dropout(sublayer(x)))
        pre  (the authors' later code)   x + dropout(sublayer(LayerNorm(x)))

    Post-norm needs a warm-up; pre-norm leaves one clean path from the last layer to the first.
    `norm` is the paper's LayerNorm, or another map of vectors to vectors of like size.
    """

    def __init__(self, norm: nn.Module, dropout: float, order: NormOrder) -> None:
        super().__init__()
        self.order = order
        self.norm = norm
        self.dropout = Dropout(dropout)

    def before(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        """What the sublayer reads."""
        y: Tensor = self.norm(x) if self.order == "pre" else x
        return y

    def after(self, x: Float[Tensor, "B T D"], out: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        """x together with what the sublayer answered."""
        x = x + self.dropout(out)
        y: Tensor = self.norm(x) if self.order == "post" else x
        return y


class EncoderLayer(nn.Module):
    """Figure 1, left box: self-attention, then feed-forward."""

    def __init__(
        self, attention: MultiHeadAttention, feed_forward: FeedForward, residuals: list[Residual]
    ) -> None:
        super().__init__()
        self.self_attention = attention
        self.feed_forward = feed_forward
        self.self_residual, self.ff_residual = residuals

    def forward(self, x: Float[Tensor, "B S D"], mask: Bool[Tensor, "B 1 1 S"]) -> Float[Tensor, "B S D"]:
        """x after every source token has looked at every other."""
        x = self.look(x, mask)
        y = self.ff_residual.before(x)
        return self.ff_residual.after(x, self.feed_forward(y))

    def look(self, x: Float[Tensor, "B S D"], mask: Bool[Tensor, "B 1 1 S"]) -> Float[Tensor, "B S D"]:
        """The first sublayer alone."""
        y = self.self_residual.before(x)
        return self.self_residual.after(x, self.self_attention(y, self.self_attention.project(y), mask))


class DecoderLayer(nn.Module):
    """Figure 1, right box: causal self-attention, attention to the memory, feed-forward."""

    def __init__(
        self,
        self_attention: MultiHeadAttention,
        cross_attention: MultiHeadAttention,
        feed_forward: FeedForward,
        residuals: list[Residual],
    ) -> None:
        super().__init__()
        self.self_attention = self_attention
        self.cross_attention = cross_attention
        self.feed_forward = feed_forward
        self.self_residual, self.cross_residual, self.ff_residual = residuals

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        past: KeysValues,
        memory: KeysValues,
        causal: Bool[Tensor, "1 1 T P"] | None,
        memory_mask: Bool[Tensor, "B 1 1 S"],
    ) -> tuple[Float[Tensor, "B T D"], KeysValues]:
        """x after it has looked back at the target and across at the source; and the past, grown by x.

        `past` holds the self-attention's keys and values of the tokens before x, `memory` those that
        the cross-attention made of the encoder's output.
        """
        x, past = self.look(x, past, memory, causal, memory_mask)
        y = self.ff_residual.before(x)
        return self.ff_residual.after(x, self.feed_forward(y)), past

    def look(
        self,
        x: Float[Tensor, "B T D"],
        past: KeysValues,
        memory: KeysValues,
        causal: Bool[Tensor, "1 1 T P"] | None,
        memory_mask: Bool[Tensor, "B 1 1 S"],
    ) -> tuple[Float[Tensor, "B T D"], KeysValues]:
        """The two attention sublayers alone."""
        y = self.self_residual.before(x)
        past = self.self_attention.extend(past, y)
        x = self.self_residual.after(x, self.self_attention(y, past, causal))
        y = self.cross_residual.before(x)
        return self.cross_residual.after(x, self.cross_attention(y, memory, memory_mask)), past
