"""The loss in blocks against the plain formulas, differentiated by torch, in float64."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from crosslight.nn import linear_cross_entropy
from crosslight.nn.linear_cross_entropy import BlockLoss, consistent, linear_loss, smoothed

N, D, V = 23, 6, 17


def drawn(*shape: int, seed: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed)).requires_grad_()


TARGETS = torch.randint(0, V, (N,), generator=torch.Generator().manual_seed(3))


def cross_entropy(x: Tensor, weight: Tensor, smoothing: float) -> Tensor:
    return F.cross_entropy(x @ weight.T, TARGETS, label_smoothing=smoothing, reduction="sum")


def divergence(a: Tensor, b: Tensor, weight: Tensor) -> Tensor:
    """KL(a ‖ b), by torch's own function (whose arguments come the other way round)."""
    log_a, log_b = (a @ weight.T).log_softmax(-1), (b @ weight.T).log_softmax(-1)
    return F.kl_div(log_b, log_a, log_target=True, reduction="sum")


def same(block_loss: BlockLoss, plain: Callable[..., Tensor], n_views: int) -> None:
    weight = drawn(V, D, seed=1)
    views = [drawn(N, D, seed=10 + i) for i in range(n_views)]
    ours, theirs = linear_loss(views, weight, TARGETS, block_loss), plain(*views, weight)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=0)
    for a, b in zip(
        torch.autograd.grad(3 * ours, [weight, *views]),
        torch.autograd.grad(3 * theirs, [weight, *views]),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


@pytest.fixture(params=[1, 5 * V, 1 << 20], ids=["a row at a time", "five rows", "all at once"], autouse=True)
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(linear_cross_entropy.BLOCK, "cpu", request.param)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_smoothed(smoothing: float) -> None:
    same(smoothed(smoothing), lambda x, weight: cross_entropy(x, weight, smoothing), 1)


@pytest.mark.parametrize(
    ("weights", "forth", "back"),
    [((0.5, 0.5), 0.75, 0.75), ((1.0, 0.0), 3.0, 0.0), ((0.0, 0.3), 0.0, 2.0)],
)
def test_consistent(weights: tuple[float, float], forth: float, back: float) -> None:
    def plain(a: Tensor, b: Tensor, weight: Tensor) -> Tensor:
        right = weights[0] * cross_entropy(a, weight, 0.1) + weights[1] * cross_entropy(b, weight, 0.1)
        return right + forth * divergence(a, b, weight) + back * divergence(b, a, weight)

    same(consistent(0.1, weights, forth, back), plain, 2)


def test_without_gradients_only_the_loss_is_computed() -> None:
    weight, x = drawn(V, D, seed=1), drawn(N, D, seed=2)
    with torch.inference_mode():
        loss = linear_loss([x], weight, TARGETS, smoothed(0.1))
    assert not loss.requires_grad
    torch.testing.assert_close(loss, cross_entropy(x, weight, 0.1).detach(), rtol=1e-12, atol=0)


def test_in_bfloat16_products_are_rounded_and_sums_are_not() -> None:
    weight, x = drawn(V, D, seed=1, dtype=torch.float32), drawn(N, D, seed=2, dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        ours = linear_loss([x], weight, TARGETS, smoothed(0.1))
    theirs = cross_entropy(x, weight, 0.1)
    assert ours.dtype == torch.float32
    assert 0 < abs(float(ours.detach() - theirs.detach())) < 0.01 * float(theirs.detach())
    gradient, exact = (torch.autograd.grad(loss, weight)[0] for loss in (ours, theirs))
    assert gradient.dtype == torch.float32
    assert float((gradient - exact).norm() / exact.norm()) < 0.02
