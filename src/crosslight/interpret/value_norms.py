"""How much a head takes from each place: the length of what it adds, not the weight alone.

A large weight on a short vector moves nothing. Kobayashi et al. (2020) therefore look at ‖α f(x)‖, where f(x)
is the value of a place after its head's part of W_O; with relative positions what a distance adds to the value
is part of it. Shape letters: H heads · T queries · S keys · V d_value · D d_model.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from crosslight.interpret.trace import HeadCall
from crosslight.nn.attention import MultiHeadAttention
from crosslight.nn.relative import RelativeScoring


def transformed_values(attention: MultiHeadAttention, v: Float[Tensor, "H S V"]) -> Float[Tensor, "H S D"]:
    """f(x): the values of every head through its columns of W_O (the bias of W_O belongs to no place)."""
    parts = attention.out_proj.weight.view(-1, *v.shape[::2])  # (D, H, V)
    return torch.einsum("hsv,dhv->hsd", v, parts)


def value_norms(
    attention: MultiHeadAttention, call: HeadCall
) -> tuple[Float[Tensor, "H T S"], Float[Tensor, "T S"]]:
    """‖α f(x)‖ of every head, and ‖Σ α f(x)‖, the sum over the heads, of a call with one sentence."""
    if isinstance(attention.scoring, RelativeScoring):
        return _query_by_query(attention, attention.scoring, call)
    weights, added = call.weights[0], transformed_values(attention, call.v[0])
    # The length of a sum from the inner products of its terms: no vector for every pair (t, s) is stored.
    products = torch.einsum("hsd,gsd->hgs", added, added)
    squares = torch.einsum("hts,gts,hgs->ts", weights, weights, products)
    return weights * added.norm(dim=-1)[:, None, :], squares.clamp(min=0).sqrt()


def _query_by_query(
    attention: MultiHeadAttention, scoring: RelativeScoring, call: HeadCall
) -> tuple[Float[Tensor, "H T S"], Float[Tensor, "T S"]]:
    """The same where each query finds other values: aⱽ of its distance is added to them."""
    weights, v = call.weights[0], call.v[0]
    beside = scoring.beside_values(*weights.shape[1:])
    norms, together = [], []
    for t in range(weights.shape[1]):
        brought = weights[:, t, :, None] * transformed_values(attention, v + beside[t])
        norms.append(brought.norm(dim=-1))
        together.append(brought.sum(dim=0).norm(dim=-1))
    return torch.stack(norms, dim=1), torch.stack(together)
