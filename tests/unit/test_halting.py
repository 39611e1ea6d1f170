"""Adaptive computation time against Graves' definition, by hand, position by position."""

import itertools
import math
import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from crosslight.nn.halting import HaltingUnit, Pondering, Tireless

EPSILON = 0.01


def by_hand(said: list[float], max_steps: int) -> tuple[list[float], int, float]:
    """Graves 2016, eq. 6-8 of one position: weights, N and remainder, from what it says after each step."""
    n, total = 1, said[0]
    while total <= 1 - EPSILON and n < max_steps:
        n += 1
        total += said[n - 1]
    remainder = 1 - sum(said[: n - 1])
    return [*said[: n - 1], remainder] + [0.0] * (max_steps - n), n, remainder


class Says(nn.Module):
    """A halting unit that says after each step what it was given, and nothing about the states."""

    def __init__(self, said: Tensor) -> None:
        super().__init__()
        self._turns = iter(said.unbind(-1))

    def forward(self, h: Tensor) -> Tensor:
        return next(self._turns)


@given(
    st.lists(st.lists(st.floats(0, 1), min_size=5, max_size=5), min_size=6, max_size=6),
    st.integers(1, 5),
    st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_every_position_is_graves_definition(
    said: list[list[float]], max_steps: int, real: list[bool]
) -> None:
    """Two rows of three positions; states are drawn, and those of halted positions must not be taken up."""
    chance = random.Random(0)
    states = [[chance.random() for _ in range(max_steps)] for _ in said]
    begin = torch.full((2, 3, 1), 7.0, dtype=torch.float64)
    given_p = torch.tensor(said, dtype=torch.float64).view(2, 3, 5)
    tokens = Pondering(begin, torch.tensor(real).view(2, 3), nn.Identity(), Says(given_p), EPSILON, max_steps)
    n_taken = 0
    for step in range(max_steps):
        if not tokens.goes_on:
            break
        tokens.take(torch.tensor([each[step] for each in states], dtype=torch.float64).view(2, 3, 1))
        n_taken += 1
    halting = tokens.halting()
    assert n_taken == max(int(halting.n_steps.max()), 0)
    for i, (row, t) in enumerate(itertools.product(range(2), range(3))):
        weights, n, remainder = by_hand(said[i], max_steps) if real[i] else ([0.0] * max_steps, 0, 1.0)
        assert halting.weights[row, t].tolist() == pytest.approx(weights, abs=1e-12)
        assert int(halting.n_steps[row, t]) == n
        assert float(halting.remainder[row, t]) == pytest.approx(remainder, abs=1e-12)
        assert float(halting.cost[row, t]) == pytest.approx(n + remainder, abs=1e-12)
        mixture = sum(w * s for w, s in zip(weights, states[i], strict=True))
        assert float(tokens.mixture[row, t, 0]) == pytest.approx(mixture, abs=1e-12)
        assert float(tokens.x[row, t, 0]) == (states[i][n - 1] if n else 7.0)
        assert abs(float(halting.weights[row, t].sum()) - real[i]) < 1e-12


def test_the_unit_is_a_sigmoid_that_begins_with_a_bias_of_one() -> None:
    unit = HaltingUnit(8).double()
    h = torch.randn(2, 3, 8, dtype=torch.float64)
    assert float(unit.bias.detach()) == 1.0
    said = unit(h).detach()
    for row, t in itertools.product(range(2), range(3)):
        z = sum(a * b for a, b in zip(unit.weight.tolist(), h[row, t].tolist(), strict=True)) + 1.0
        assert float(said[row, t]) == pytest.approx(1 / (1 + math.exp(-z)), abs=1e-12)


def test_who_never_halts_hands_on_the_last_state_by_the_bit() -> None:
    states = torch.randn(4, 1, 2, 8)
    tokens = Pondering(torch.zeros(1, 2, 8), torch.ones(1, 2).bool(), nn.Identity(), Tireless(), EPSILON, 4)
    for new in states:
        assert tokens.goes_on
        tokens.take(new)
    assert not tokens.goes_on
    assert torch.equal(tokens.mixture, states[-1])
    assert tokens.halting().n_steps.tolist() == [[4, 4]]
