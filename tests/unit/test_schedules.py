"""The two schedules against their formulas and their corners."""

import itertools

import pytest

from crosslight.train.schedules import linear, noam

STEPS = (1, 2, 399, 400, 401, 5000, 100_000)


@pytest.mark.parametrize("warmup", [1, 400, 4000])
@pytest.mark.parametrize("d_model", [64, 512])
def test_noam_is_equation_3(d_model: int, warmup: int) -> None:
    rate = noam(d_model, warmup)
    for step in STEPS:
        rising, falling = step / (d_model**0.5 * warmup**1.5), 1 / (d_model * step) ** 0.5
        assert rate(step, 0.5) == pytest.approx(rising if step < warmup else falling, rel=1e-12)


def test_noam_peaks_where_the_warm_up_ends() -> None:
    rate = noam(512, 400, factor=2.0)
    rates = [rate(step, 0.0) for step in range(1, 2000)]
    assert rates.index(max(rates)) + 1 == 400
    assert max(rates) == pytest.approx(2.0 / (512 * 400) ** 0.5, rel=1e-12)
    assert rates[199] == pytest.approx(max(rates) / 2)
    assert rates[1599] == pytest.approx(max(rates) / 2)


def test_noam_knows_nothing_of_the_length_of_the_run() -> None:
    assert noam(64, 10)(7, 0.0) == noam(64, 10)(7, 1.0)


@pytest.mark.parametrize("warmup", [1, 10, 1_000_000])
def test_linear_ends_at_zero(warmup: int) -> None:
    rate = linear(3e-4, warmup)
    assert rate(5000, 1.0) == 0.0
    assert rate(5000, 1.1) == 0.0
    assert rate(4999, 0.999) > 0


def test_linear_rises_over_the_warm_up_and_falls_straight() -> None:
    rate, steps = linear(1.0, 20), 1000
    rates = [rate(step, (step - 1) / steps) for step in range(1, steps + 1)]
    assert rates.index(max(rates)) + 1 == 20
    assert all(a < b for a, b in itertools.pairwise(rates[:20]))
    falls = {round(a - b, 9) for a, b in itertools.pairwise(rates[20:])}
    assert falls == {1 / steps}


def test_linear_warms_up_for_a_tenth_of_the_run_at_most() -> None:
    """A run of few steps is not spent on warming up."""
    rate = linear(1.0, warmup_steps=1_000_000)
    rates = [rate(step, step / 1000) for step in range(1, 1001)]
    assert rates.index(max(rates)) + 1 == 100
    assert max(rates) == pytest.approx(0.9)


def test_linear_never_exceeds_its_peak() -> None:
    rate = linear(2.0, 5)
    assert max(rate(step, step / 1000) for step in range(1, 1001)) <= 2.0
