"""The forecast: least squares that numpy would find, never falling, and silent where it knows nothing."""

import numpy as np
import pytest

from crosslight.tasks.forecast import NEAR, Point, expected_chrf, fit, interval, measured_runs


def point(n_pairs: int, n_tokens: int, chrf: float) -> Point:
    return Point("a test", "xx-yy", "tiny", n_pairs, n_tokens, chrf)


def law(n_pairs: float, n_tokens: float) -> float:
    return float(100 / (1 + np.exp(-(-12 + 0.3 * np.log(n_pairs) + 0.6 * np.log(n_tokens)))))


EXACT = [point(p, t, law(p, t)) for p in (5_000, 30_000, 120_000) for t in (300_000, 1_000_000, 5_000_000)]


def test_points_on_the_law_are_forecast_exactly():
    low, high = interval(60_000, 2_000_000, EXACT)
    assert low == pytest.approx(law(60_000, 2_000_000))
    assert high == pytest.approx(low)


def test_the_interval_covers_points_that_were_left_out():
    """About K of K + 1, says the docstring: here 200 new ones, scattered as the known ones are."""
    chance = np.random.default_rng(1)

    def scattered(n):
        for p, t in zip(chance.uniform(5e3, 2e5, n), chance.uniform(3e5, 5e6, n), strict=True):
            yield point(int(p), int(t), law(p, t) + chance.normal(0, 3))

    known = list(scattered(12))
    inside = [
        low <= new.chrf <= high
        for new in scattered(200)
        if (found := interval(new.n_pairs, new.n_tokens, known)) and (low := found[0]) and (high := found[1])
    ]
    assert len(inside) == 200
    assert np.mean(inside) > 0.8


def test_more_never_makes_it_worse():
    """Points that say otherwise give a slope of zero, not a negative one."""
    falling = [point(p, t, 90 - law(p, t)) for p in (5_000, 50_000) for t in (300_000, 1_000_000, 4_000_000)]
    assert interval(5_000, 500_000, falling) == pytest.approx(interval(50_000, 3_000_000, falling))


def test_the_fit_is_least_squares():
    x = np.column_stack([np.ones(20), *np.random.default_rng(2).uniform(size=(2, 20))])
    y = x @ [1.0, 2.0, 3.0] + np.random.default_rng(3).normal(size=20) / 10
    assert fit(x, y) == pytest.approx(np.linalg.lstsq(x, y, rcond=None)[0])


@pytest.mark.parametrize(
    ("n_pairs", "n_tokens"),
    [(120_000 * NEAR * 2, 1e6), (5_000 / NEAR / 2, 1e6), (30_000, 5e6 * NEAR * 2), (30_000, 0)],
)
def test_far_away_it_says_so(n_pairs, n_tokens):
    assert "none of 9 measured runs is like this one" in expected_chrf(int(n_pairs), n_tokens, EXACT)


def test_too_few_runs_are_no_ground():
    assert "4 measured runs are too few" in expected_chrf(30_000, 1e6, EXACT[:4])


def test_the_runs_that_ship_can_be_read():
    assert all(0 < run.chrf < 100 and run.n_tokens > run.n_pairs > 0 for run in measured_runs())
