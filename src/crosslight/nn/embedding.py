"""From token ids to vectors, and back to logits through the same table (section 3.4)."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from crosslight.nn.dropout import Dropout
from crosslight.nn.positions import Positions


class TokenEmbedding(nn.Module):
    """One vector per token, times √d_model; the bare table also serves as the output layer.

    The table starts at a standard deviation of 1/√d_model, which suits the output layer; the factor
    brings the input to the size of the positions that are added to it. With `bias` each token's logit
    has a number of its own added to it.
    """

    def __init__(self, vocab_size: int, d_model: int, bias: bool = False) -> None:
        super().__init__()
        self.table = nn.Embedding(vocab_size, d_model)
        self.bias = nn.Parameter(torch.zeros(vocab_size)) if bias else None
        nn.init.normal_(self.table.weight, std=d_model**-0.5)

    def forward(self, tokens: Int[Tensor, "B T"]) -> Float[Tensor, "B T D"]:
        """The scaled vectors of tokens."""
        x: Tensor = self.table(tokens)
        return x * math.sqrt(self.table.embedding_dim)

    def logits(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B T V"]:
        """The pre-softmax linear transformation: x against every token's vector."""
        return nn.functional.linear(x, self.table.weight, self.bias)


class PositionedEmbedding(nn.Module):
    """The bottom of Figure 1: token vectors plus positions, then dropout (section 5.4)."""

    def __init__(self, tokens: TokenEmbedding, positions: Positions, dropout: float) -> None:
        super().__init__()
        self.tokens = tokens
        self.positions = positions
        self.dropout = Dropout(dropout)

    def forward(self, tokens: Int[Tensor, "B T"], n_past: int = 0) -> Float[Tensor, "B T D"]:
        """What enters the first layer; n_past tokens came before these."""
        x: Tensor = self.dropout(self.tokens(tokens) + self.positions(tokens.shape[1], n_past))
        return x
