"""Rotary positions against the matrices and complex numbers of Su et al. 2021, and a library's."""

import cmath
import math

import pytest
import torch
from torch import Tensor

from crosslight.errors import ConfigError
from crosslight.nn.attention import attend_written_out
from crosslight.nn.masks import causal_mask
from crosslight.nn.rotary import RotaryScoring, frequencies, turned

EXACT = {"rtol": 0, "atol": 1e-12}


def drawn(*shape: int, seed: int = 3) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def matrix(position: int, width: int) -> Tensor:
    """Eq. (15): a rotation of each pair of features, 0 elsewhere."""
    turn = torch.zeros(width, width, dtype=torch.float64)
    for pair in range(width // 2):
        angle = position * 10_000 ** (-2 * pair / width)
        cos, sin = math.cos(angle), math.sin(angle)
        turn[2 * pair : 2 * pair + 2, 2 * pair : 2 * pair + 2] = torch.tensor(
            [[cos, -sin], [sin, cos]], dtype=torch.float64
        )
    return turn


@pytest.mark.parametrize(("n_queries", "n_keys"), [(6, 6), (2, 6), (1, 100)])
def test_the_matrices_of_the_paper(n_queries: int, n_keys: int) -> None:
    """Every vector times the matrix of its place; the last queries are the last tokens."""
    q, k, v = drawn(2, 3, n_queries, 8), drawn(2, 3, n_keys, 8, seed=4), drawn(2, 3, n_keys, 5)
    mask, first = causal_mask(n_queries, n_keys - n_queries), n_keys - n_queries
    turned_q = torch.stack([q[:, :, i] @ matrix(first + i, 8).T for i in range(n_queries)], dim=2)
    turned_k = torch.stack([k[:, :, j] @ matrix(j, 8).T for j in range(n_keys)], dim=2)
    scores = (turned_q @ turned_k.mT / math.sqrt(8)).masked_fill(~mask, -math.inf)
    scoring = RotaryScoring(8)
    torch.testing.assert_close(scoring.weights(q, k, mask), scores.softmax(-1), **EXACT)
    torch.testing.assert_close(scoring.attend(q, k, v, mask), scores.softmax(-1) @ v, **EXACT)


def test_a_score_is_the_product_of_complex_numbers() -> None:
    """Eq. (12): Re[q k* e^{i(m−n)θ}], pair by pair."""
    q, k = drawn(1, 1, 5, 6), drawn(1, 1, 5, 6, seed=9)
    scores = (turned(q) @ turned(k).mT)[0, 0]
    for m in range(5):
        for n in range(5):
            said = 0.0
            for pair in range(3):
                a, b = (complex(*x[0, 0, p, 2 * pair : 2 * pair + 2].tolist()) for x, p in ((q, m), (k, n)))
                said += (a * b.conjugate() * cmath.exp(1j * (m - n) * 10_000 ** (-pair / 3))).real
            assert float(scores[m, n]) == pytest.approx(said, abs=1e-12)


@pytest.mark.parametrize("shift", [1, 17, 1000])
def test_a_score_depends_on_the_distance_only(shift: int) -> None:
    q, k = drawn(2, 2, 9, 16), drawn(2, 2, 9, 16, seed=5)
    here, there = (turned(q, n) @ turned(k, n).mT for n in (0, shift))
    torch.testing.assert_close(there, here, **EXACT)
    assert not torch.allclose(turned(q, shift) @ turned(k).mT, here, atol=1e-2)


def test_a_turn_keeps_the_length_and_the_first_token_stays() -> None:
    x = drawn(1, 2, 300, 8)
    torch.testing.assert_close(turned(x).norm(dim=-1), x.norm(dim=-1), **EXACT)
    assert torch.equal(turned(x)[:, :, 0], x[:, :, 0])


@pytest.mark.parametrize("n_past", [1, 63, 64, 200])
def test_tokens_that_come_later_stand_where_they_would_have_stood(n_past: int) -> None:
    x = drawn(1, 2, n_past + 70, 8)
    assert torch.equal(turned(x[:, :, n_past:], n_past), turned(x)[:, :, n_past:])


def test_the_library_of_the_authors_method_turns_alike() -> None:
    """RoFormer in transformers: sines first, each repeated for its pair."""
    roformer = pytest.importorskip("transformers.models.roformer.modeling_roformer")
    q, k = drawn(2, 3, 11, 8).float(), drawn(2, 3, 11, 8, seed=8).float()
    angles = torch.arange(11)[:, None] * frequencies(8)
    places = torch.cat((angles.sin(), angles.cos()), dim=-1)[None, None].float()
    theirs = roformer.RoFormerSelfAttention.apply_rotary_position_embeddings(places, q, k)
    torch.testing.assert_close(turned(q), theirs[0], rtol=0, atol=1e-5)
    torch.testing.assert_close(turned(k), theirs[1], rtol=0, atol=1e-5)


def test_angles_of_half_precision_are_not_rounded() -> None:
    """At position 1,000 eight bits of the angle's cosine would be nothing; here only x is rounded."""
    x = drawn(1, 1, 1001, 8).bfloat16()
    found = turned(x)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.double(), turned(x.double()), rtol=2**-8, atol=1e-6)


def test_what_a_search_made_serves_training() -> None:
    """The table of turns is made once; one that remembered inference mode would break the way back."""
    x = drawn(1, 1, 70, 22).requires_grad_()  # a width that no other test has
    with torch.inference_mode():
        turned(x)
    turned(x).square().sum().backward()
    assert x.grad is not None


def test_gradients_are_those_of_finite_differences() -> None:
    q, k, v = (drawn(1, 2, n, 4, seed=seed).requires_grad_() for seed, n in enumerate((2, 4, 4)))
    scoring, mask = RotaryScoring(4), causal_mask(2, 2)

    def written_out(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return attend_written_out(*scoring.turned(q, k), v, mask)

    assert torch.autograd.gradcheck(written_out, (q, k, v))
    ours = torch.autograd.grad(scoring.attend(q, k, v, mask).square().sum(), (q, k, v))
    expected = torch.autograd.grad(written_out(q, k, v).square().sum(), (q, k, v))
    for one, other in zip(ours, expected, strict=True):
        torch.testing.assert_close(one, other, **EXACT)


def test_pairs_need_an_even_width() -> None:
    with pytest.raises(ConfigError, match="heads of width 5 have a feature without a partner"):
        RotaryScoring(5)
