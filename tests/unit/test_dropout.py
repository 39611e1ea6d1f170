"""Dropout draws one byte an element: rate, mean, gradient, seeds, and no pattern among the bytes."""

import math
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from crosslight.nn.dropout import Dropout, dropout_seed

N = 400_000


def dropped(rate: float, n: int = N, seed: int = 0) -> Tensor:
    torch.manual_seed(seed)
    out: Tensor = Dropout(rate).train()(torch.ones(n))
    return out


@pytest.mark.parametrize("rate", [0.004, 0.1, 0.3, 0.5, 0.9])
def test_rate_and_mean(rate: float) -> None:
    """Within five standard errors of the multiple of 1/256 that is nearest."""
    p = round(rate * 256) / 256
    out = dropped(rate)
    share = float((out == 0).double().mean())
    assert abs(share - p) < 5 * math.sqrt(p * (1 - p) / N)
    assert abs(p - rate) <= 1 / 512
    survivors = out[out != 0]
    torch.testing.assert_close(survivors, torch.full_like(survivors, 1 / (1 - p)))
    assert abs(float(out.double().mean()) - 1) < 5 * math.sqrt(p / (1 - p) / N)


def test_every_byte_of_a_draw_is_uniform() -> None:
    """Element i takes byte i mod 8 of a 64-bit draw; each byte has every rate, sign byte included."""
    for rate in (0.1, 0.5, 0.9):
        p = round(rate * 256) / 256
        lanes = (dropped(rate) == 0).double().view(-1, 8).mean(dim=0)
        assert (lanes - p).abs().max() < 5 * math.sqrt(p * (1 - p) / (N / 8))


def test_neighbors_are_dropped_independently() -> None:
    """Those in one draw, and those in the next."""
    holes = (dropped(0.5) == 0).double() - 0.5
    for distance in (1, 2, 4, 7, 8, 16):
        correlation = float((holes[:-distance] * holes[distance:]).mean()) / 0.25
        assert abs(correlation) < 5 / math.sqrt(N)


@pytest.mark.parametrize("shape", [(1,), (7,), (3, 5, 11), (2, 0)])
def test_any_shape(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    out = Dropout(0.5).train()(torch.ones(shape))
    assert out.shape == shape
    assert set(out.flatten().tolist()) <= {0.0, 2.0}


def test_the_gradient_goes_through_the_same_holes() -> None:
    torch.manual_seed(0)
    x = torch.randn(1000, requires_grad=True)
    out = Dropout(0.3).train()(x)
    upstream = torch.randn(1000)
    (out * upstream).sum().backward()
    assert x.grad is not None
    assert ((x.grad == 0) == (out == 0)).all()
    torch.testing.assert_close(x.grad, upstream * (out / x).detach())


def test_seeds_decide() -> None:
    assert torch.equal(dropped(0.3, 100, seed=1), dropped(0.3, 100, seed=1))
    assert not torch.equal(dropped(0.3, 100, seed=1), dropped(0.3, 100, seed=2))


def test_a_seed_of_its_own_ends_with_its_block() -> None:
    dropout, x = Dropout(0.5).train(), torch.ones(100)
    torch.manual_seed(0)
    expected = [dropout(x), dropout(x)]
    torch.manual_seed(0)
    before = dropout(x)
    drawn = []
    for _ in range(2):
        with dropout_seed(7, x.device):
            drawn.append(dropout(x))
            with dropout_seed(8, x.device):
                inner = dropout(x)
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], inner)
    assert torch.equal(before, expected[0])
    assert torch.equal(dropout(x), expected[1])


def test_a_seed_of_its_own_is_of_this_thread_alone() -> None:
    dropout, x = Dropout(0.5).train(), torch.ones(100)

    def drawn() -> Tensor:
        with dropout_seed(7, x.device):
            first: Tensor = dropout(x)
        return first

    with dropout_seed(7, x.device), ThreadPoolExecutor(1) as pool:
        elsewhere = pool.submit(drawn).result()
        assert torch.equal(dropout(x), elsewhere)


def test_two_calls_draw_anew() -> None:
    dropout = Dropout(0.5).train()
    x = torch.ones(100)
    assert not torch.equal(dropout(x), dropout(x))


def test_input_is_left_alone() -> None:
    x = torch.ones(100)
    Dropout(0.5).train()(x)
    assert (x == 1).all()


def test_off_in_eval_and_at_rate_zero() -> None:
    x = torch.randn(10)
    assert Dropout(0.9).eval()(x) is x
    assert Dropout(0.0).train()(x) is x


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_dtype_is_kept(dtype: torch.dtype) -> None:
    assert Dropout(0.5).train()(torch.ones(9, dtype=dtype)).dtype == dtype


def test_print_shows_the_rate_in_force() -> None:
    assert repr(Dropout(0.1)) == "Dropout(rate=26/256)"


def test_highest_rate() -> None:
    assert float(dropped(0.999).mean()) == pytest.approx(1, abs=0.3)
