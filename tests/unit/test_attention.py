"""The edges of attention, masks and embeddings that parity with torch does not reach."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from crosslight.errors import ConfigError
from crosslight.nn.attention import MultiHeadAttention, attend_fused, attend_written_out, attention_weights
from crosslight.nn.embedding import PositionedEmbedding, TokenEmbedding
from crosslight.nn.masks import causal_mask, padding_mask
from crosslight.nn.positions import SinusoidalPositions, sinusoids


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def test_weights_sum_to_one_and_are_zero_where_the_mask_says_no() -> None:
    mask = padding_mask(torch.tensor([[5, 6, 0, 0], [5, 6, 7, 8]]), pad_id=0)
    weights = attention_weights(drawn(2, 3, 5, 6), drawn(2, 3, 4, 6), mask)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 3, 5))
    assert (weights[0, :, :, 2:] == 0).all()
    assert (weights[1] > 0).all()


def test_a_query_that_may_look_nowhere_is_not_a_number() -> None:
    mask = torch.tensor([[[[True, True], [False, False]]]])
    weights = attention_weights(drawn(1, 1, 2, 4), drawn(1, 1, 2, 4), mask)
    assert weights[0, 0, 0].isfinite().all()
    assert weights[0, 0, 1].isnan().all()


@pytest.mark.parametrize(("n_new", "n_past"), [(1, 0), (4, 0), (3, 2), (1, 5)])
def test_causal_mask_is_its_definition(n_new: int, n_past: int) -> None:
    mask = causal_mask(n_new, n_past)
    expected = [[key <= n_past + query for key in range(n_past + n_new)] for query in range(n_new)]
    assert mask[0, 0].tolist() == expected


def test_projecting_in_two_parts_is_projecting_at_once() -> None:
    attention = MultiHeadAttention(12, 3)
    x = drawn(2, 5, 12)
    whole = attention.project(x)
    grown = attention.extend(attention.project(x[:, :2]), x[:, 2:])
    for ours, expected in zip(grown, whole, strict=True):
        torch.testing.assert_close(ours, expected)


def test_the_function_that_attends_may_be_swapped() -> None:
    """Looking inside rests on this: whatever stands in the attribute is called with q, k, v and the mask."""
    attention = MultiHeadAttention(12, 3)
    x, mask = drawn(2, 5, 12), causal_mask(5)
    expected = attention(x, attention.project(x), mask)
    seen: list[Any] = []

    def watched(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        seen.append((q.shape, k.shape, v.shape, mask))
        return attend_written_out(q, k, v, mask)

    assert attention.attend == attention.scoring.attend
    attention.attend = watched
    torch.testing.assert_close(attention(x, attention.project(x), mask), expected)
    assert seen == [((2, 3, 5, 4), (2, 3, 5, 4), (2, 3, 5, 4), mask)]


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ConfigError, match="d_model = 10 is not divisible by n_heads = 3"):
        MultiHeadAttention(10, 3)
    assert MultiHeadAttention(12, 3, d_key=2).q_proj.out_features == 6


def test_embedding_is_scaled_and_the_output_layer_is_not() -> None:
    """Section 3.4: "In the embedding layers, we multiply those weights by √d_model." """
    embedding = TokenEmbedding(7, 16)
    tokens = torch.tensor([[3, 1]])
    torch.testing.assert_close(embedding(tokens), 4 * embedding.table.weight[tokens])
    x = drawn(1, 2, 16)
    torch.testing.assert_close(embedding.logits(x), x @ embedding.table.weight.T)


def test_a_fresh_table_gives_vectors_and_logits_of_size_one() -> None:
    torch.manual_seed(0)
    embedding = TokenEmbedding(5000, 64)
    assert float(embedding(torch.arange(5000)[None]).detach().std()) == pytest.approx(1, rel=0.02)
    assert float(embedding.logits(torch.randn(1, 50, 64)).detach().std()) == pytest.approx(1, rel=0.05)


def test_positions_are_added_from_where_the_tokens_stand() -> None:
    bottom = PositionedEmbedding(TokenEmbedding(7, 16), SinusoidalPositions(16), dropout=0.0)
    tokens = torch.tensor([[3, 1, 4]])
    expected = bottom.tokens(tokens) + sinusoids(9, 16)[4:7]
    torch.testing.assert_close(bottom(tokens, n_past=4), expected)


def test_normalized_queries_and_keys_keep_their_scores_small() -> None:
    """With unit gains |q · k| ≤ d_key, so no score exceeds √d_key however large the weights are."""
    attention = MultiHeadAttention(16, 2, qk_norm=True)
    seen: list[Tensor] = []

    def watched(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        seen.append(q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1]))
        return attend_fused(q, k, v, mask)

    attention.attend = watched
    with torch.no_grad():
        attention.q_proj.weight.mul_(1e4)
        x = torch.randn(2, 5, 16)
        attention(x, attention.project(x))
    assert 0.5 < seen[0].abs().max() <= math.sqrt(8) + 1e-5


def test_attention_in_bfloat16_is_that_of_float32_but_for_rounding() -> None:
    q, k, v = torch.randn(3, 2, 2, 5, 8, generator=torch.Generator().manual_seed(1)).bfloat16()
    ours = attend_fused(q, k, v, causal_mask(5)).float()
    exact = attend_written_out(q.float(), k.float(), v.float(), causal_mask(5))
    assert 0 < float((ours - exact).norm() / exact.norm()) < 0.01
