"""A probability from signs: logistic regression, and how far what it says is from what happens.

    p(acceptable) = 1 / (1 + e^-(bias + w · z))       z: the signs, each with mean 0 and deviation 1

A probability is *calibrated* if of all cases that get 0.8, 80 % are acceptable. The expected calibration
error (Guo et al. 2017, "On Calibration of Modern Neural Networks") sorts the cases into 10 bins of equal
width and takes the mean distance, by cases, between the mean probability of a bin and its share of
acceptable ones. It is measured on cases that were held out. Even a perfect probability has some, as bins are
finite: what it would have is estimated beside it, from coins that fall with exactly these probabilities.
"""

import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosslight.errors import CorpusError

Values = NDArray[np.float64]

N_BINS = 10
N_FOLDS = 5
LEAST_CASES = 50
RIDGE = 1.0  # weight of the squared coefficients: cases that are told apart perfectly need a limit
N_CHANCE = 200
MOST_STEPS = 100


@dataclass(frozen=True)
class Bin:
    """The held-out cases whose probability lies in one tenth of 0 to 1."""

    low: float
    high: float
    n: int
    mean_probability: float
    share_acceptable: float


@dataclass(frozen=True)
class Calibration:
    """Coefficients, and how far they can be trusted."""

    signs: tuple[str, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    weights: tuple[float, ...]  # of a deviation of each sign
    bias: float
    n: int
    n_acceptable: int
    ece: float  # held out
    ece_by_chance: float  # that of a perfect probability on as many cases
    bins: tuple[Bin, ...]  # held out

    def probability(self, rows: Values) -> Values:
        """The probability of each row (case, sign), between 0 and 1."""
        z = (rows - np.array(self.means)) / np.array(self.deviations)
        return _sigmoid(self.bias + z @ np.array(self.weights))

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, tree: dict[str, Any]) -> "Calibration":
        """The inverse of `as_dict`.

        Raises:
            KeyError, TypeError, ValueError: something is missing or of another kind.
        """
        known = {name: tree[name] for name in cls.__dataclass_fields__}
        for name in ("means", "deviations", "weights"):
            known[name] = tuple(float(value) for value in known[name])
            if len(known[name]) != len(known["signs"]) or not np.isfinite(known[name]).all():
                raise ValueError(f"{name} are {known[name]}")
        bins = tuple(Bin(**one) for one in known["bins"])
        return cls(**{**known, "signs": tuple(known["signs"]), "bins": bins, "bias": float(known["bias"])})


def calibrate(
    signs: Sequence[str], rows: Values, acceptable: Sequence[bool], keys: Sequence[str]
) -> Calibration:
    """Fit on all cases; judge on each fifth with coefficients fitted on the other four.

    Args:
        rows: (case, sign).
        keys: decide which fifth a case is in, so that equal cases are held out together.

    Raises:
        CorpusError: there are too few cases, or they are all acceptable, or none.
    """
    labels = np.array(acceptable, dtype=np.float64)
    n, n_acceptable = len(labels), int(labels.sum())
    if n < LEAST_CASES:
        raise CorpusError(
            f"there are {n} sentences, expected at least {LEAST_CASES}",
            "calibrate on a larger test set; 1,000 sentences give a figure to rely on",
        )
    if n_acceptable in (0, n):
        raise CorpusError(
            f"{'all' if n_acceptable else 'none'} of the {n:,} translations are acceptable: there is nothing "
            "to tell apart",
            "choose another --acceptable",
        )
    folds = np.array([zlib.crc32(key.encode("utf-8", "surrogatepass")) % N_FOLDS for key in keys])
    held_out = np.empty(n)
    for fold in range(N_FOLDS):
        out = folds == fold
        if out.any():
            held_out[out] = _predicted(_fitted(rows[~out], labels[~out]), rows[out])
    means, deviations, coefficients = _fitted(rows, labels)
    coins = np.random.default_rng(0)
    by_chance = [
        calibration_error(held_out, (coins.random(n) < held_out).astype(np.float64)) for _ in range(N_CHANCE)
    ]
    return Calibration(
        signs=tuple(signs),
        means=tuple(means.tolist()),
        deviations=tuple(deviations.tolist()),
        weights=tuple(coefficients[1:].tolist()),
        bias=float(coefficients[0]),
        n=n,
        n_acceptable=n_acceptable,
        ece=calibration_error(held_out, labels),
        ece_by_chance=float(np.mean(by_chance)),
        bins=tuple(reliability(held_out, labels)),
    )


def calibration_error(probabilities: Values, labels: Values) -> float:
    """The expected calibration error over 10 bins of equal width, 0 to 1.

    >>> round(calibration_error(np.array([0.75, 0.75, 0.25]), np.array([1.0, 1.0, 0.0])), 4)
    0.25
    """
    bins = reliability(probabilities, labels)
    return float(sum(b.n * abs(b.mean_probability - b.share_acceptable) for b in bins) / len(labels))


def reliability(probabilities: Values, labels: Values) -> list[Bin]:
    """The bins that are not empty: what was said, and what happened."""
    places = np.minimum((probabilities * N_BINS).astype(int), N_BINS - 1)
    found = []
    for i in range(N_BINS):
        inside = places == i
        if inside.any():
            said, happened = float(probabilities[inside].mean()), float(labels[inside].mean())
            found.append(Bin(i / N_BINS, (i + 1) / N_BINS, int(inside.sum()), said, happened))
    return found


def logistic_regression(z: Values, labels: Values, ridge: float = RIDGE) -> Values:
    """The bias and the weights that maximize log-likelihood - ridge/2 · |weights|²; by Newton's method.

    The bias is not held back. The function is concave, so there is one maximum; a step that would go
    down is halved.
    """
    x = np.column_stack((np.ones(len(z)), z))
    penalty = np.diag([0.0, *[ridge] * z.shape[1]])
    penalty[0, 0] = 1e-9  # where all labels are alike the bias has no maximum
    w = np.zeros(x.shape[1])

    def goal(w: Values) -> float:
        margins = x @ w
        return float(labels @ margins - np.logaddexp(0, margins).sum() - w @ penalty @ w / 2)

    for _ in range(MOST_STEPS):
        p = _sigmoid(x @ w)
        gradient = x.T @ (labels - p) - penalty @ w
        step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + penalty, gradient)
        while goal(w + step) < goal(w) and np.abs(step).max() > 1e-12:
            step = step / 2
        w = w + step
        if np.abs(step).max() < 1e-10:
            break
    return w


def _fitted(rows: Values, labels: Values) -> tuple[Values, Values, Values]:
    means, deviations = rows.mean(axis=0), rows.std(axis=0)
    deviations = np.where(deviations > 1e-12, deviations, 1.0)
    return means, deviations, logistic_regression((rows - means) / deviations, labels)


def _predicted(fitted: tuple[Values, Values, Values], rows: Values) -> Values:
    means, deviations, w = fitted
    return _sigmoid(w[0] + (rows - means) / deviations @ w[1:])


def _sigmoid(x: Values) -> Values:
    found: Values = np.exp(-np.logaddexp(0, -x))
    return found
