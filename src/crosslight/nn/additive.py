"""Additive attention: a query and a key meet in a small layer (Bahdanau et al. 2015, section 3.1 and A.1.2).

    score of source position j at step i:  eᵢⱼ = vᵀ tanh(W sᵢ₋₁ + U hⱼ)

U hⱼ does not depend on the step, so it is computed once per sentence. The scorer's weights are
(2h + s + 1) · a: U (2h wide), W (as wide as the decoder's state) and v, for a layer of width a.
Shape letters: B batch · H heads · T queries · S keys · K width of the layer in which they meet (a) ·
V width of a value · D width of a decoder's state · M width of the encoder's.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from crosslight.nn.attention import Attend, KeysValues
from crosslight.nn.linear import Linear


class AdditiveScoring(nn.Module):
    """A `nn.attention.Scoring` with weights: softmax over j of vᵀ tanh(q + kⱼ).

    What projects into the layer (W and U) is outside, so it serves one head or several, each with its own v.

    Args:
        d_key: width of queries and keys, which is that of the layer.
    """

    def __init__(self, n_heads: int, d_key: int) -> None:
        super().__init__()
        self.v = nn.Parameter(torch.empty(n_heads, d_key))
        nn.init.normal_(self.v, std=d_key**-0.5)  # scores of size 1 at most, so every key is looked at

    def scores(self, q: Float[Tensor, "B H T K"], k: Float[Tensor, "B H S K"]) -> Float[Tensor, "B H T S"]:
        """vᵀ tanh(q + kⱼ), before the softmax."""
        return torch.einsum("bhtsk,hk->bhts", torch.tanh(q.unsqueeze(3) + k.unsqueeze(2)), self.v)

    def weights(
        self,
        q: Float[Tensor, "B H T K"],
        k: Float[Tensor, "B H S K"],
        mask: Bool[Tensor, "#B #H #T #S"] | None = None,
    ) -> Float[Tensor, "B H T S"]:
        """How much each query looks at each key; exactly 0 where the mask is False.

        >>> scoring = AdditiveScoring(n_heads=1, d_key=2)
        >>> q, k = torch.zeros(1, 1, 1, 2), torch.zeros(1, 1, 3, 2)
        >>> scoring.weights(q, k, torch.tensor([[[[True, True, False]]]])).tolist()
        [[[[0.5, 0.5, 0.0]]]]
        """
        scores = self.scores(q, k)
        if mask is not None:
            scores = scores.masked_fill(~mask, float("-inf"))
        return scores.softmax(dim=-1)

    def gather(
        self, weights: Float[Tensor, "B H T S"], v: Float[Tensor, "B H S V"]
    ) -> Float[Tensor, "B H T V"]:
        """The values, each as much as its weight says."""
        return weights @ v

    def attend(
        self,
        q: Float[Tensor, "B H T K"],
        k: Float[Tensor, "B H S K"],
        v: Float[Tensor, "B H S V"],
        mask: Bool[Tensor, "#B #H #T #S"] | None = None,
    ) -> Float[Tensor, "B H T V"]:
        """Context: weights, then gather."""
        return self.gather(self.weights(q, k, mask), v)


class AdditiveAttention(nn.Module):
    """The paper's alignment model: one head, whose values are the encoder's states themselves.

    It is `nn.attention.Attentive`, so that it can be recorded: one call a target step, weights (B, 1, 1, S).

    Args:
        d_state: width of the decoder's state, which asks.
        d_memory: width of the encoder's states, which are asked.
        d_attention: width of the layer in which they meet.
    """

    def __init__(self, d_state: int, d_memory: int, d_attention: int) -> None:
        super().__init__()
        self.n_heads = 1
        self.q_proj = Linear(d_state, d_attention, bias=False)
        self.k_proj = Linear(d_memory, d_attention, bias=False)
        self.scoring = AdditiveScoring(1, d_attention)
        self.attend: Attend = self.scoring.attend

    def project(self, memory: Float[Tensor, "B S M"]) -> KeysValues:
        """U h and h: all that a sentence brings, once for all steps."""
        return self.k_proj(memory)[:, None], memory[:, None]

    def forward(
        self,
        state: Float[Tensor, "B D"],
        keys_values: KeysValues,
        mask: Bool[Tensor, "#B 1 1 S"] | None = None,
    ) -> Float[Tensor, "B M"]:
        """The context of one step: the encoder's states, each as much as its weight says."""
        keys, values = keys_values
        context = self.attend(self.q_proj(state)[:, None, None], keys, values, mask)
        return context[:, 0, 0]
