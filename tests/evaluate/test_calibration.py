"""Calibration on synthetic cases whose true probability is known, and the fit against another optimizer."""

import json
import math

import numpy as np
import pytest
import torch

from crosslight.errors import CorpusError
from crosslight.evaluate.calibration import (
    Calibration,
    calibrate,
    calibration_error,
    logistic_regression,
    reliability,
)

SIGNS = ("a", "b", "c")
TRUE = np.array([1.5, -0.7, 0.0])


def cases(n: int, seed: int = 0, bias: float = 0.3):
    """Signs on odd scales, the true probability of each case, and what happened."""
    chance = np.random.default_rng(seed)
    z = chance.normal(size=(n, 3))
    p = 1 / (1 + np.exp(-(bias + z @ TRUE)))
    return z * [10, 0.01, 3] + [100, -2, 0], p, chance.random(n) < p


def fitted(n: int = 4000, seed: int = 0) -> Calibration:
    rows, _, labels = cases(n, seed)
    return calibrate(SIGNS, rows, labels, [str(i) for i in range(n)])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_true_probability_is_found_again(seed):
    found = fitted(seed=seed)
    assert found.weights == pytest.approx(TRUE, abs=0.15)
    assert found.bias == pytest.approx(0.3, abs=0.2)  # three deviations, one of them that of the signs' means
    rows, p, _ = cases(2000, seed + 100)
    assert np.abs(found.probability(rows) - p).mean() < 0.02
    assert found.ece < 0.03
    assert found.ece < 3 * found.ece_by_chance


def test_ece_sees_a_probability_that_is_too_sure():
    _, p, labels = cases(20_000)
    logit = np.log(p / (1 - p))
    assert calibration_error(p, labels) < 0.01
    too_sure = 1 / (1 + np.exp(-3 * logit))
    assert calibration_error(too_sure, labels) == pytest.approx(brute_ece(too_sure, labels))
    assert calibration_error(too_sure, labels) > 0.1


def brute_ece(p, labels) -> float:
    total = 0.0
    for i in range(10):
        inside = [j for j in range(len(p)) if i / 10 <= p[j] < (i + 1) / 10 or (i == 9 and p[j] == 1)]
        if inside:
            said = sum(p[j] for j in inside) / len(inside)
            total += len(inside) * abs(said - sum(labels[j] for j in inside) / len(inside))
    return total / len(p)


def test_ece_by_hand():
    p, labels = np.array([0.0, 0.05, 0.95, 1.0]), np.array([1.0, 0.0, 1.0, 0.0])
    assert calibration_error(p, labels) == pytest.approx((2 * abs(0.025 - 0.5) + 2 * abs(0.975 - 0.5)) / 4)
    assert [b.n for b in reliability(p, labels)] == [2, 2]


def test_the_fit_is_that_of_another_optimizer():
    rows, _, labels = cases(300)
    z = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    x, y = torch.tensor(z), torch.tensor(labels, dtype=torch.float64)
    w = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([w], max_iter=500, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        logits = w[0] + x @ w[1:]
        value = torch.nn.functional.binary_cross_entropy_with_logits(logits, y, reduction="sum")
        value = value + 0.5 * (w[1:] ** 2).sum()
        value.backward()
        return value

    optimizer.step(loss)
    assert logistic_regression(z, labels.astype(float)) == pytest.approx(w.detach().numpy(), abs=1e-5)


@pytest.mark.parametrize("scale", [1, 1e6])
def test_cases_that_are_told_apart_perfectly(scale):
    z = np.linspace(-1, 1, 100)[:, None]
    w = logistic_regression(z * scale, (z[:, 0] > 0).astype(float))
    assert np.isfinite(w).all()
    assert w[1] > 0


def test_a_better_sign_never_gives_a_lower_probability():
    found = fitted()
    rows = np.tile(np.array(found.means), (200, 1))
    rows[:, 0] = np.linspace(-1e5, 1e5, 200)
    p = found.probability(rows)
    assert (np.diff(p) >= 0).all()
    assert (np.diff(p) > 0).any()
    rows[:, 0], rows[:, 1] = found.means[0], np.linspace(-1e3, 1e3, 200)
    assert (np.diff(found.probability(rows)) <= 0).all(), "the second sign's weight is negative"


def test_a_probability_is_between_0_and_1():
    found = fitted()
    extremes = np.array([[x, y, z] for x in (-1e30, 0, 1e30) for y in (-1e30, 1e30) for z in (-1e30, 1e30)])
    p = found.probability(extremes)
    assert ((p >= 0) & (p <= 1)).all()


def test_held_out_cases_are_not_seen():
    """Labels by coin: fitted on itself a model with many signs looks sure; held out it must not."""
    chance = np.random.default_rng(0)
    rows, labels = chance.normal(size=(120, 40)), chance.random(120) < 0.5
    keys = [str(i) for i in range(120)]
    found = calibrate([str(i) for i in range(40)], rows, labels, keys)
    on_itself = found.probability(rows)
    assert ((on_itself > 0.5) == labels).mean() > 0.7
    said = sum(b.n * (b.mean_probability * b.share_acceptable) for b in found.bins) / 120
    assert said < 0.32, "what is said held out knows nothing of what happens"
    assert found.ece > found.ece_by_chance


def test_equal_cases_are_held_out_together():
    """Each case fifty times: whoever has seen one knows the others, were they in other folds."""
    chance = np.random.default_rng(1)
    rows = np.repeat(chance.normal(size=(20, 15)), 50, axis=0)
    labels = np.repeat(chance.random(20) < 0.5, 50)
    together = calibrate([str(i) for i in range(15)], rows, labels, [str(i // 50) for i in range(1000)])
    apart = calibrate([str(i) for i in range(15)], rows, labels, [str(i) for i in range(1000)])
    assert together.ece > apart.ece + 0.1


def test_it_survives_json():
    found = fitted(200)
    assert Calibration.from_dict(json.loads(json.dumps(found.as_dict()))) == found
    tree = found.as_dict()
    for broken in ({"weights": [1.0]}, {"bias": "x"}, {"means": [math.nan, 0, 0]}):
        with pytest.raises((ValueError, TypeError)):
            Calibration.from_dict({**tree, **broken})


def test_what_cannot_be_calibrated():
    rows, _, labels = cases(60)
    with pytest.raises(CorpusError, match="there are 49 sentences, expected at least 50"):
        calibrate(SIGNS, rows[:49], labels[:49], ["x"] * 49)
    for all_or_none, word in (([True] * 60, "all"), ([False] * 60, "none")):
        with pytest.raises(CorpusError, match=f"{word} of the 60 translations are acceptable"):
            calibrate(SIGNS, rows, all_or_none, ["x"] * 60)
