"""The layers of a Universal Transformer: attention, then a transition that may look at the neighbors.

Dehghani et al. 2019, section 2.1: the transition is a feed-forward network, or one with a separable convolution:
each feature is first summed over k neighboring positions, with weights of its own, and then the features are mixed
at each position. With k = 1 that is the feed-forward network. Reading looks to both sides, writing only back.

Shape letters: B batch · S source tokens · T target tokens · W = k - 1 · D d_model. Masks: True = may attend.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from crosslight.nn.attention import KeysValues, MultiHeadAttention
from crosslight.nn.layers import DecoderLayer, EncoderLayer, FeedForward, Residual


class Depthwise(nn.Module):
    """Each feature summed over `kernel` neighboring positions, with weights of its own; nothing if kernel is 1."""

    def __init__(self, d_model: int, kernel: int) -> None:
        super().__init__()
        self.kernel = kernel
        self.weight = nn.Parameter(torch.randn(kernel, d_model) * kernel**-0.5) if kernel > 1 else None

    def forward(self, x: Float[Tensor, "B P D"]) -> Float[Tensor, "B T D"]:
        """P = T + kernel - 1 positions to T."""
        if self.weight is None:
            return x
        n = x.shape[1] - self.kernel + 1
        # Sums of products one by one: no other position or row can change a bit of them.
        total = x[:, :n] * self.weight[0]
        for j in range(1, self.kernel):
            total = total + x[:, j : j + n] * self.weight[j]
        return total


class ReadingLayer(EncoderLayer):
    """Self-attention, then the transition; an odd kernel has the position in its middle."""

    def __init__(
        self,
        attention: MultiHeadAttention,
        feed_forward: FeedForward,
        residuals: list[Residual],
        neighbors: Depthwise,
    ) -> None:
        super().__init__(attention, feed_forward, residuals)
        self.neighbors = neighbors

    def forward(self, x: Float[Tensor, "B S D"], mask: Bool[Tensor, "B 1 1 S"]) -> Float[Tensor, "B S D"]:
        """X after every source token has looked at every other."""
        x = self.look(x, mask)
        y = self.ff_residual.before(x)
        side = self.neighbors.kernel // 2
        if side:  # beyond the end there is nothing, whether the row ends there or padding begins
            y = nn.functional.pad(y.masked_fill(~mask[:, 0, 0, :, None], 0.0), (0, 0, side, side))
        return self.ff_residual.after(x, self.feed_forward(self.neighbors(y)))


class Past(NamedTuple):
    """What a step of the decoder remembers of the target so far."""

    keys: Tensor  # (B, H, T, K)
    values: Tensor  # (B, H, T, V)
    window: Tensor  # (B, W, D), what the transition read at the last positions


class WritingLayer(DecoderLayer):
    """Causal self-attention, attention to the memory, then the transition, which looks at the last positions."""

    def __init__(
        self,
        self_attention: MultiHeadAttention,
        cross_attention: MultiHeadAttention,
        feed_forward: FeedForward,
        residuals: list[Residual],
        neighbors: Depthwise,
    ) -> None:
        super().__init__(self_attention, cross_attention, feed_forward, residuals)
        self.neighbors = neighbors

    def begin(self, memory: Float[Tensor, "B S D"]) -> Past:
        """Before the first token."""
        window = memory.new_zeros(memory.shape[0], self.neighbors.kernel - 1, memory.shape[2])
        return Past(*self.self_attention.project(memory[:, :0]), window)

    def forward(  # type: ignore[override]  # it remembers more
        self,
        x: Float[Tensor, "B T D"],
        past: Past,
        memory: KeysValues,
        causal: Bool[Tensor, "1 1 T P"] | None,
        memory_mask: Bool[Tensor, "B 1 1 S"],
    ) -> tuple[Float[Tensor, "B T D"], Past]:
        """As in `DecoderLayer`: x after it has looked back and across; and the past, grown by x."""
        x, (keys, values) = self.look(x, (past.keys, past.values), memory, causal, memory_mask)
        y = self.ff_residual.before(x)
        window = past.window
        if self.neighbors.kernel > 1:
            y = torch.cat((window, y), dim=1)
            window = y[:, y.shape[1] - window.shape[1] :]
        x = self.ff_residual.after(x, self.feed_forward(self.neighbors(y)))
        return x, Past(keys, values, window)

    def remember(
        self,
        x: Float[Tensor, "B T D"],
        past: Past,
        memory: KeysValues,
        causal: Bool[Tensor, "1 1 T P"] | None,
        memory_mask: Bool[Tensor, "B 1 1 S"],
    ) -> Past:
        """The past grown by x alone, which has halted: later tokens may look at it. Bit for bit that of `forward`."""
        if self.neighbors.kernel > 1:  # what the transition reads takes all the rest
            return self(x, past, memory, causal, memory_mask)[1]  # type: ignore[no-any-return]
        y = self.self_residual.before(x)
        return Past(*self.self_attention.extend((past.keys, past.values), y), past.window)
