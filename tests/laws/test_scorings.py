"""What every way of scoring promises, and why the dot product is divided by √d_key."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from crosslight.config.model import TransformerConfig
from crosslight.interpret.attention import record_attention
from crosslight.interpret.trace import traced
from crosslight.models.build import build_model
from crosslight.models.transformer import Transformer
from crosslight.nn.additive import AdditiveScoring
from crosslight.nn.attention import DotProduct, attention_weights
from crosslight.nn.masks import causal_mask, padding_mask
from crosslight.nn.relative import RelativeScoring
from crosslight.nn.rotary import RotaryScoring

B, H, T, S, K, V = 2, 3, 4, 6, 8, 5
SCORINGS: dict[str, Callable[[], nn.Module]] = {
    "dot": DotProduct,
    "relative": lambda: RelativeScoring(K, V, max_distance=2),
    "rotary": lambda: RotaryScoring(K),
    "additive": lambda: AdditiveScoring(H, K),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "dot": {},
    "none": {"positions": "none"},
    "relative": {"positions": "relative", "max_distance": 2},
    "rotary": {"positions": "rotary"},
    "additive": {"scoring": "additive"},
}
EXACT = {"rtol": 0, "atol": 1e-12}
SRC, TGT = torch.tensor([[4, 5, 6, 7, 8], [6, 9, 4, 0, 0]]), torch.tensor([[5, 4, 9, 8], [7, 6, 10, 4]])


@pytest.fixture(params=list(SCORINGS))
def scoring(request: pytest.FixtureRequest) -> Any:
    torch.manual_seed(2)
    return SCORINGS[request.param]().double()


@pytest.fixture(params=list(SETTINGS))
def model(request: pytest.FixtureRequest) -> Transformer:
    torch.manual_seed(3)
    shape = {"d_model": 16, "d_ff": 24, "n_heads": 2, "n_encoder_layers": 2, "n_decoder_layers": 2}
    config = TransformerConfig.model_validate({**shape, **SETTINGS[request.param]})
    return build_model(config, 11, 11).double().eval()  # type: ignore[return-value]


def drawn(n: int, width: int) -> Tensor:
    return torch.randn(
        B, H, n, width, dtype=torch.float64, generator=torch.Generator().manual_seed(n + width)
    )


MASKS = {
    "all": None,
    "causal": causal_mask(T, S - T),
    "padding": padding_mask(torch.tensor([[5] * S, [5, 5, 5, 0, 0, 0]]), 0),
}


@pytest.mark.parametrize("mask", list(MASKS))
def test_to_attend_is_to_weigh_and_to_gather(scoring: Any, mask: str) -> None:
    q, k, v = drawn(T, K), drawn(S, K), drawn(S, V)
    weights = scoring.weights(q, k, MASKS[mask])
    torch.testing.assert_close(weights.sum(-1), torch.ones(B, H, T, dtype=torch.float64), **EXACT)
    torch.testing.assert_close(scoring.attend(q, k, v, MASKS[mask]), scoring.gather(weights, v), **EXACT)
    if (seen := MASKS[mask]) is not None:
        seen = seen.expand(B, H, T, S)
        assert (weights[~seen] == 0).all()
        assert (weights[seen] > 0).all()


def test_a_masked_key_and_its_value_change_nothing(scoring: Any) -> None:
    q, k, v = drawn(T, K), drawn(S, K), drawn(S, V)
    mask = MASKS["padding"]
    before = scoring.attend(q, k, v, mask)
    k[1, :, 3:], v[1, :, 3:] = 9.0, -9.0
    assert torch.equal(scoring.attend(q, k, v, mask), before)


def test_what_is_recorded_is_what_was_done(model: Transformer) -> None:
    """The recorder's weights, gathered, are the contexts that the unwatched model computed."""
    with torch.no_grad():
        expected = model(SRC, TGT)
        with traced(model) as trace:
            model(SRC, TGT)
        with record_attention(model) as recording:
            torch.testing.assert_close(model(SRC, TGT), expected, **EXACT)
    assert set(recording) == set(trace.heads)
    assert len(recording) == 6
    for name, (weights,) in recording.items():
        call = trace.heads[name]
        torch.testing.assert_close(call.weights, weights, **EXACT)
        torch.testing.assert_close(
            model.get_submodule(name).scoring.gather(weights, call.v), call.context, **EXACT
        )


def test_additive_scores_by_hand() -> None:
    """vᵀ tanh(q + k), one pair after the other, each head with its own v."""
    scoring = AdditiveScoring(H, K).double().requires_grad_(False)
    q, k = drawn(T, K), drawn(S, K)
    weights = scoring.weights(q, k, MASKS["causal"])
    for b in range(B):
        for h in range(H):
            for t in range(T):
                e = [
                    sum(float(scoring.v[h, i]) * math.tanh(q[b, h, t, i] + k[b, h, s, i]) for i in range(K))
                    for s in range(S - T + t + 1)
                ]
                shares = [math.exp(x) / sum(map(math.exp, e)) for x in e] + [0.0] * (T - 1 - t)
                assert weights[b, h, t].tolist() == pytest.approx(shares, abs=1e-12)


def test_additive_gradients_are_those_of_finite_differences() -> None:
    scoring = AdditiveScoring(2, 3).double()
    sizes = ((2, 3), (4, 3), (4, 2))
    inputs = [torch.randn(1, 2, *size, dtype=torch.float64, requires_grad=True) for size in sizes]
    attend = lambda q, k, v: scoring.attend(q, k, v, causal_mask(2, 2))  # noqa: E731
    assert torch.autograd.gradcheck(attend, inputs)


def test_in_bfloat16_it_is_that_of_float32_but_for_rounding(scoring: Any) -> None:
    """As training with that precision computes, there and back: what is projected is bfloat16."""
    scoring = scoring.float()
    sizes = (T, K), (S, K), (S, V)

    def found(dtype: torch.dtype) -> list[Tensor]:
        scoring.zero_grad()
        q, k, v = (drawn(*size).to(torch.bfloat16).to(dtype).requires_grad_() for size in sizes)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            context = scoring.attend(q, k, v, MASKS["causal"])
        context.float().square().sum().backward()
        learned = [parameter.grad.clone() for parameter in scoring.parameters()]
        return [each.detach().float() for each in (context, q.grad, k.grad, v.grad, *learned)]

    for half, full in zip(found(torch.bfloat16), found(torch.float32), strict=True):
        assert 0 < float((half - full).norm()) < 0.02 * float(full.norm())


def test_only_self_attention_knows_distances() -> None:
    """As in both papers: across languages a distance means little."""
    kinds = {"relative": RelativeScoring, "rotary": RotaryScoring}
    for positions, kind in kinds.items():
        model = build_model(TransformerConfig(d_model=16, n_heads=2, positions=positions), 9, 9)  # type: ignore[arg-type]
        for name, module in model.named_modules():
            if name.endswith("attention"):
                expected = kind if name.endswith("self_attention") else DotProduct
                assert type(module.scoring) is expected, name


def test_additive_scoring_is_everywhere() -> None:
    model = build_model(TransformerConfig(d_model=16, n_heads=2, scoring="additive"), 9, 9)
    found = [module.scoring for name, module in model.named_modules() if name.endswith("attention")]
    assert len(found) == 18
    assert all(type(each) is AdditiveScoring for each in found)


@pytest.mark.parametrize("d_key", [4, 16, 64, 256, 1024])
def test_why_the_dot_product_is_divided(d_key: int) -> None:
    """Section 3.2.1, footnote 4: q · k of unit normal vectors has variance d_key; divided by √d_key, 1.

    Scores are read off the weights: the logarithm of two weights' ratio is the difference of two scores.
    """
    q, k = torch.randn(2, 1, 1, 1000, d_key, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    bare = float((q @ k.mT).std())
    assert bare == pytest.approx(math.sqrt(d_key), rel=0.05)
    logs = attention_weights(q, k).log()
    scores = logs - logs.mean(dim=-1, keepdim=True)
    assert float(scores.std()) == pytest.approx(1, rel=0.05)


def test_without_the_division_a_softmax_lets_no_gradient_through() -> None:
    """The trace of its Jacobian, Σ p(1 − p), falls as keys widen; with the division it stays."""

    def open_to_gradients(d_key: int, is_divided: bool) -> float:
        q, k = torch.randn(2, 1, 1, 300, d_key, generator=torch.Generator().manual_seed(4))
        p = attention_weights(q, k) if is_divided else (q @ k.mT).softmax(-1)
        return float((p * (1 - p)).sum(-1).mean())

    divided, bare = ([open_to_gradients(d, is_divided) for d in (16, 1024)] for is_divided in (True, False))
    assert divided[1] == pytest.approx(divided[0], rel=0.02)
    assert bare[1] < 0.2 * bare[0]
