"""Relative positions against equations (3) and (4) of Shaw et al. 2018, one pair of places after another."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from crosslight.nn.masks import causal_mask
from crosslight.nn.relative import RelativeScoring, distances

B, H, K, V = 2, 3, 5, 4
EXACT = {"rtol": 0, "atol": 1e-12}


def drawn(n_queries: int, n_keys: int, max_distance: int) -> tuple[RelativeScoring, Tensor, Tensor, Tensor]:
    """A scoring whose vectors are no smaller than queries and keys, and q, k, v; float64."""
    torch.manual_seed(7)
    scoring = RelativeScoring(K, V, max_distance).double()
    with torch.no_grad():
        scoring.keys.normal_()
        scoring.values.normal_()
    sizes = ((n_queries, K), (n_keys, K), (n_keys, V))
    q, k, v = (torch.randn(B, H, *size, dtype=torch.float64, requires_grad=True) for size in sizes)
    return scoring, q, k, v


def by_hand(
    scoring: RelativeScoring, q: Tensor, k: Tensor, v: Tensor, mask: Tensor
) -> tuple[np.ndarray, np.ndarray]:
    """Weights and contexts; a query's place is counted from the end: the last query is the last token."""
    a_k, a_v, q_, k_, v_ = (x.detach().numpy() for x in (scoring.keys, scoring.values, q, k, v))
    limit, (n_queries, n_keys) = scoring.max_distance, (q.shape[2], k.shape[2])
    seen = mask.expand(B, H, n_queries, n_keys).numpy()
    weights = np.zeros((B, H, n_queries, n_keys))
    contexts = np.zeros((B, H, n_queries, V))
    clip = lambda distance: max(-limit, min(limit, distance))  # noqa: E731
    for b, h, query in np.ndindex(B, H, n_queries):
        i = n_keys - n_queries + query
        e = {
            j: q_[b, h, query] @ (k_[b, h, j] + a_k[limit + clip(j - i)]) / math.sqrt(K)
            for j in range(n_keys)
            if seen[b, h, query, j]
        }
        total = sum(math.exp(x) for x in e.values())
        for j, x in e.items():
            weights[b, h, query, j] = math.exp(x) / total
            contexts[b, h, query] += weights[b, h, query, j] * (v_[b, h, j] + a_v[limit + clip(j - i)])
    return weights, contexts


@pytest.mark.parametrize("max_distance", [1, 3, 20])
@pytest.mark.parametrize(("n_queries", "n_keys"), [(7, 7), (2, 7), (1, 1), (1, 7)])
@pytest.mark.parametrize("masked", ["padding", "causal"])
def test_the_equations_of_the_paper(n_queries: int, n_keys: int, max_distance: int, masked: str) -> None:
    scoring, q, k, v = drawn(n_queries, n_keys, max_distance)
    if masked == "causal":
        mask = causal_mask(n_queries, n_keys - n_queries)
    else:
        mask = torch.arange(n_keys).lt(torch.tensor([n_keys, max(1, n_keys - 3)])[:, None])[:, None, None]
    weights, contexts = by_hand(scoring, q, k, v, mask)
    np.testing.assert_allclose(scoring.weights(q, k, mask).detach(), weights, **EXACT)
    np.testing.assert_allclose(scoring.attend(q, k, v, mask).detach(), contexts, **EXACT)


def test_all_may_be_seen() -> None:
    scoring, q, k, v = drawn(5, 5, 2)
    weights, contexts = by_hand(scoring, q, k, v, torch.ones(1, 1, 1, 1, dtype=torch.bool))
    np.testing.assert_allclose(scoring.weights(q, k).detach(), weights, **EXACT)
    np.testing.assert_allclose(scoring.attend(q, k, v).detach(), contexts, **EXACT)


@pytest.mark.parametrize("n_new", [1, 3])
def test_the_last_queries_alone_are_the_last_of_all(n_new: int) -> None:
    """What decoding with kept keys relies on."""
    scoring, q, k, v = drawn(8, 8, 2)
    whole = scoring.attend(q, k, v, causal_mask(8))
    last = scoring.attend(q[:, :, -n_new:], k, v, causal_mask(n_new, 8 - n_new))
    torch.testing.assert_close(last, whole[:, :, -n_new:], **EXACT)


def test_far_is_as_far_as_farther() -> None:
    """Beyond the limit, like keys weigh alike; within, they do not."""
    scoring, q, k, _ = drawn(9, 9, 3)
    weights = scoring.weights(q, k[:, :, :1].expand(-1, -1, 9, -1)).detach()
    for i in range(9):
        for j in range(9):
            far = [other for other in range(9) if abs(other - i) >= 3 and (other - i) * (j - i) > 0]
            for other in far:
                alike = torch.allclose(weights[:, :, i, j], weights[:, :, i, other], **EXACT)
                assert alike == (abs(j - i) >= 3)


def test_vectors_of_distances_that_do_not_occur_get_no_gradient() -> None:
    scoring, q, k, v = drawn(4, 4, 6)
    scoring.attend(q, k, v).square().sum().backward()
    for table in (scoring.keys, scoring.values):
        assert table.grad is not None
        assert table.grad.any(dim=1).tolist() == [abs(distance) < 4 for distance in range(-6, 7)]


def test_without_its_vectors_it_is_the_dot_product() -> None:
    scoring, q, k, v = drawn(6, 6, 2)
    with torch.no_grad():
        scoring.keys.zero_()
        scoring.values.zero_()
    plain = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=causal_mask(6))
    torch.testing.assert_close(scoring.attend(q, k, v, causal_mask(6)), plain, **EXACT)


def test_distances_count_from_the_end() -> None:
    for n_queries, n_keys, limit in ((4, 4, 2), (1, 6, 3), (3, 5, 9)):
        found = distances(n_queries, n_keys, limit)
        for query in range(n_queries):
            i = n_keys - n_queries + query
            assert found[query].tolist() == [max(-limit, min(limit, j - i)) + limit for j in range(n_keys)]


def test_gradients_are_those_of_finite_differences() -> None:
    scoring, q, k, v = drawn(2, 4, 2)

    def attend(q: Tensor, k: Tensor, v: Tensor, a_k: Tensor, a_v: Tensor) -> Tensor:
        tables = {"keys": a_k, "values": a_v}
        named = {f"scoring.{name}": table for name, table in tables.items()}
        return torch.func.functional_call(_Attending(scoring), named, (q, k, v))

    inputs = (q[:1, :2], k[:1, :2], v[:1, :2], scoring.keys, scoring.values)
    leaves = tuple(x.detach().clone().requires_grad_() for x in inputs)
    assert torch.autograd.gradcheck(attend, leaves)


class _Attending(torch.nn.Module):
    def __init__(self, scoring: RelativeScoring) -> None:
        super().__init__()
        self.scoring = scoring

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return self.scoring.attend(q, k, v, causal_mask(2, 2))
