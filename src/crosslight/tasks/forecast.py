"""What score to expect: from runs that were measured, and honest about how few they are.

    logit(chrF / 100) = a + b · ln(pairs) + c · ln(target tokens seen),   b, c ≥ 0

fitted by least squares to `configs/forecast.json`. The interval is as wide as the worst of the runs was
mispredicted by the others: with K runs like the new one, it holds in about K of K + 1 cases. Where no
measured run is near, there is no forecast.
"""

import json
from dataclasses import dataclass
from importlib import resources
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

FEWEST = 5  # runs, for two slopes and something to test them on
NEAR = 3.0  # times the largest, or a part of the smallest, that was measured
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Point:
    """A finished run."""

    name: str  # what and when
    languages: str  # e.g. fr-en
    preset: str
    n_pairs: int  # distinct ones
    n_tokens: int  # target tokens seen in training, every time they were seen
    chrf: float  # of the validation or test set, beam 4


def measured_runs() -> list[Point]:
    """The runs that ship with the program."""
    file = resources.files("crosslight").joinpath("configs", "forecast.json")
    return [Point(**point) for point in json.loads(file.read_text(encoding="utf-8"))]


def expected_chrf(n_pairs: int, n_tokens: float, points: list[Point] | None = None) -> str:
    """A sentence with the interval in which chrF will be, or one that says why there is none."""
    points = measured_runs() if points is None else points
    if len(points) < FEWEST:
        return f"no chrF, because {len(points)} measured runs are too few to judge by"
    found = interval(n_pairs, n_tokens, points)
    if found is None:
        return f"no chrF, because none of {len(points)} measured runs is like this one"
    low, high = found
    return f"chrF {low:.0f} to {high:.0f} for natural text, judging by {len(points)} measured runs"


def interval(n_pairs: int, n_tokens: float, points: list[Point]) -> tuple[float, float] | None:
    """The lowest and the highest chrF to expect; None where no run is near. At least `FEWEST` points."""
    for value, seen in (
        (n_pairs, [point.n_pairs for point in points]),
        (n_tokens, [point.n_tokens for point in points]),
    ):
        if not min(seen) / NEAR <= value <= max(seen) * NEAR:
            return None
    x = np.array([[1.0, np.log(p.n_pairs), np.log(p.n_tokens)] for p in points])
    y = _logit(np.array([p.chrf for p in points]))
    misses = []
    for i in range(len(points)):
        others = np.arange(len(points)) != i
        misses.append(abs(float(x[i] @ fit(x[others], y[others]) - y[i])))
    center = float(np.array([1.0, np.log(n_pairs), np.log(n_tokens)]) @ fit(x, y))
    low, high = (_chrf(center + sign * max(misses)) for sign in (-1, 1))
    return low, high


def fit(x: Floats, y: Floats) -> Floats:
    """Least squares whose slopes (all columns of x but the first) are not negative.

    More text and more training never make the forecast worse. Two slopes: every choice of those that
    are zero is tried, and the best that is allowed is taken.
    """
    best, least = np.zeros(x.shape[1]), np.inf
    columns = range(1, x.shape[1])
    for n in range(len(columns) + 1):
        for chosen in combinations(columns, n):
            kept = [0, *chosen]
            found = np.linalg.lstsq(x[:, kept], y, rcond=None)[0]
            error = float(((x[:, kept] @ found - y) ** 2).sum())
            if (found[1:] >= 0).all() and error < least:
                best, least = np.zeros(x.shape[1]), error
                best[kept] = found
    return best


def _logit(chrf: Floats) -> Floats:
    p = np.clip(chrf / 100, 0.001, 0.999)
    return np.asarray(np.log(p / (1 - p)))


def _chrf(logit: float) -> float:
    return 100 / (1 + float(np.exp(-logit)))
