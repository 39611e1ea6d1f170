"""Positions as distances between a query and a key (Shaw et al. 2018, "Self-Attention with Relative Position
Representations").

    eᵢⱼ = qᵢ · (kⱼ + aᴷ(j−i)) / √d_key          eq. (4)
    zᵢ  = Σⱼ αᵢⱼ (vⱼ + aⱽ(j−i))                 eq. (3)

aᴷ and aⱽ are learned, one vector for each distance from −max_distance to max_distance; what is farther away
counts as that far (section 3.2). Nothing is added to the embeddings.

Where a query stands follows from the shapes: in self-attention T queries are the last T of S tokens, whether
all are there at once (T = S) or a token has come after those whose keys were kept. So query i stands at
S − T + i, and no position has to be handed from layer to layer.

Shape letters: B batch · H heads · T queries · S keys · K d_key · V width of a value · R = 2·max_distance + 1.
"""

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn


def distances(
    n_queries: int, n_keys: int, max_distance: int, device: torch.device | None = None
) -> Int[Tensor, "T S"]:
    """Which of the R vectors belongs to a query and a key; the queries are the last of the keys.

    >>> distances(2, 4, 2)
    tensor([[0, 1, 2, 3],
            [0, 0, 1, 2]])
    """
    keys = torch.arange(n_keys, device=device)
    return (keys - keys[n_keys - n_queries :, None]).clamp(-max_distance, max_distance) + max_distance


class RelativeScoring(nn.Module):
    """A `nn.attention.Scoring` for self-attention: the distance speaks in the key and in the value.

    The heads share the vectors, the layers do not. Each of the two sums over K or V is one product a query
    for all rows of the batch and all heads (section 3.3), so a (T, S, K) tensor is made once, not B·H times.

    Args:
        d_key: width of a head's queries and keys.
        d_value: width of a head's values.
        max_distance: distance from which on all count the same.
    """

    def __init__(self, d_key: int, d_value: int, max_distance: int) -> None:
        super().__init__()
        self.max_distance = max_distance
        self.keys = nn.Parameter(torch.empty(2 * max_distance + 1, d_key))  # aᴷ
        self.values = nn.Parameter(torch.empty(2 * max_distance + 1, d_value))  # aⱽ
        nn.init.xavier_uniform_(self.keys)
        nn.init.xavier_uniform_(self.values)

    def scores(self, q: Float[Tensor, "B H T K"], k: Float[Tensor, "B H S K"]) -> Float[Tensor, "B H T S"]:
        """Eq. (4), before the softmax and without a mask."""
        beside = self.keys[distances(q.shape[2], k.shape[2], self.max_distance, q.device)]
        content, place = q @ k.transpose(-2, -1), _each_query(q, beside.transpose(-2, -1))
        return (content + place) / math.sqrt(q.shape[-1])

    def weights(
        self,
        q: Float[Tensor, "B H T K"],
        k: Float[Tensor, "B H S K"],
        mask: Bool[Tensor, "#B #H #T #S"] | None = None,
    ) -> Float[Tensor, "B H T S"]:
        """softmax(Q(K + Aᴷ)ᵀ / √d_key): what each query takes from each key."""
        scores = self.scores(q, k)
        if mask is not None:
            scores = scores.masked_fill(~mask, float("-inf"))
        return scores.softmax(dim=-1)

    def gather(
        self, weights: Float[Tensor, "B H T S"], v: Float[Tensor, "B H S V"]
    ) -> Float[Tensor, "B H T V"]:
        """The values, and what their distances say, each as much as its weight says: eq. (3)."""
        return weights @ v + _each_query(weights, self.beside_values(*weights.shape[2:]))

    def beside_values(self, n_queries: int, n_keys: int) -> Float[Tensor, "T S V"]:
        """What is added to the value of a key, for each query: aⱽ of their distance."""
        return self.values[distances(n_queries, n_keys, self.max_distance, self.values.device)]

    def attend(
        self,
        q: Float[Tensor, "B H T K"],
        k: Float[Tensor, "B H S K"],
        v: Float[Tensor, "B H S V"],
        mask: Bool[Tensor, "#B #H #T #S"] | None = None,
    ) -> Float[Tensor, "B H T V"]:
        """Context: weights, then gather; no fused kernel knows what a distance adds to a value."""
        return self.gather(self.weights(q, k, mask), v)


def _each_query(x: Float[Tensor, "B H T M"], own: Float[Tensor, "T M N"]) -> Float[Tensor, "B H T N"]:
    """Every query's rows, of all sentences and heads, times the matrix that belongs to its place."""
    rows = x.flatten(0, 1).transpose(0, 1)  # (T, BH, M)
    found = (rows @ own).transpose(0, 1)
    return found.reshape(*x.shape[:3], own.shape[2])
