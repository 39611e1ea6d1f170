"""The certificate of an export: that the converted model is the same model, shown on sentences.

Six things are compared, each where it is sharpest:

    settings          what the package says of itself: the ε of its norms, what outputs begin with
    given outputs     log-probability of every token, no search involved: any other number in the model shows.
                      In float32 they may be apart as far as rounding moves our own (NOISE times that)
    ε                 too small to show in one number; but the direction in which it moves all is known
    greedy            token by token; where the two part, it must be a tie
    beam              the score of each output, which holds what it was divided by
    translations      chrF against the references: what it is worth to people

Positions count from 0. Where a comparison fails, the first place that differs is named.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from crosslight.errors import ExportError
from crosslight.export.package import CERTIFICATE

NOISE = 10.0
LEAST_NOISE = 1e-7
EPSILON_SHARE = 0.5  # of the way from our ε to none, or as far to the other side
SIGMAS = 6.0  # that a share must be above its own error to count


@dataclass(frozen=True)
class Tolerance:
    """How far an export may be from its bundle."""

    logp: float  # of any token, in nats
    mean_logp: float  # on average; 0 for what rounding explains
    score: float  # of any hypothesis, as a share of it; of 1 where it is smaller
    mean_score: float  # on average
    chrf: float  # points that may be lost, where there are references


TOLERANCES = {
    "float32": Tolerance(logp=5e-4, mean_logp=0.0, score=5e-4, mean_score=5e-4, chrf=1.0),
    "int8": Tolerance(logp=3.0, mean_logp=0.1, score=1.0, mean_score=0.1, chrf=0.3),
}

ADVICE = {
    "float32": "translate with --engine torch, and report this with the settings of the bundle",
    "int8": "one byte a weight can be too coarse, for small models above all: use the export in float32",
}


@dataclass(frozen=True)
class Trial:
    """What both engines made of a sample; `ours` is torch, `theirs` the export."""

    pieces: list[list[str]]  # of the given outputs, the end token included
    ours: list[list[float]]  # log-probability of each of those pieces
    theirs: list[list[float]]
    greedy_ours: list[list[int]]
    greedy_theirs: list[list[int]]
    margins: list[float]  # how much better ours was where greedy outputs part first; 0 where they do not
    scores_ours: list[list[float]]  # of all their beam outputs, under our model and our length penalty
    scores_theirs: list[list[float]]  # as they say
    beams_equal: int
    noise: float  # mean difference between our log-probabilities in float32 and in float64
    epsilon_share: float  # how far they are on the way to a model without ε in its norms: 0 ours, 1 none
    epsilon_error: float  # standard error of that
    settings_ours: dict[str, Any]  # what the package must say of itself
    settings_theirs: dict[str, Any]
    chrf_ours: float
    chrf_theirs: float
    seconds_ours: float
    seconds_theirs: float
    n_tokens: int  # of source, that were translated in that time
    is_referenced: bool  # whether chrF is against people's translations; else against our own


class _OtherModelError(Exception):
    """Where the two engines are too far apart."""


def certify(trial: Trial, kind: str, about: dict[str, Any], directory: Path) -> dict[str, Any]:
    """The certificate, written into a package.

    Args:
        kind: a key of TOLERANCES.
        about: what else it shall say: engine, versions, checksums, where the sample is from.

    Raises:
        ExportError: the export is another model; the first place that differs is named.
    """
    tolerance = TOLERANCES[kind]
    differences = _differences(trial)
    flat = [abs(d) for row in differences for d in row]
    figures = {
        "sentences": len(trial.pieces),
        "given_outputs": {
            "tokens": len(flat),
            "largest": max(flat),
            "mean": sum(flat) / len(flat),
            "mean_by_rounding": trial.noise,
            "epsilon_share": trial.epsilon_share,
        },
        "greedy": {"tokens_equal": _share_equal(trial), "largest_margin": max(trial.margins)},
        "beam": {
            "outputs_equal": trial.beams_equal / len(trial.pieces),
            "largest_score_difference": max(
                (share for shares in _score_differences(trial) for share in shares), default=0.0
            ),
        },
        "chrf": {"torch": trial.chrf_ours, "export": trial.chrf_theirs},
        "delta_chrf": trial.chrf_theirs - trial.chrf_ours,
        "source_tokens_per_second": {
            "torch": trial.n_tokens / trial.seconds_ours,
            "export": trial.n_tokens / trial.seconds_theirs,
            "ratio": trial.seconds_ours / trial.seconds_theirs,
        },
        "settings": trial.settings_theirs,
        "tolerance": asdict(tolerance),
    }
    try:
        _judge_settings(trial)
        _judge_given(trial, differences, tolerance)
        _judge_search(trial, tolerance)
    except _OtherModelError as found:
        raise ExportError(
            f"the export is not the same model, and was not kept: {found}", ADVICE[kind]
        ) from None
    certificate = {**about, **figures}
    text = json.dumps(certificate, indent=1, ensure_ascii=False) + "\n"
    (directory / CERTIFICATE).write_text(text, encoding="utf-8", newline="\n")
    return certificate


def _judge_settings(trial: Trial) -> None:
    for name, ours in trial.settings_ours.items():
        theirs = trial.settings_theirs.get(name)
        same = theirs == ours if isinstance(ours, str) else abs((theirs or 0.0) - ours) <= 1e-6 * abs(ours)
        if not same:
            raise _OtherModelError(f"the package says {name} = {theirs!r}, the bundle {ours!r}")


def _judge_given(trial: Trial, differences: list[list[float]], tolerance: Tolerance) -> None:
    flat = [abs(d) for row in differences for d in row]
    mean = tolerance.mean_logp or NOISE * max(trial.noise, LEAST_NOISE)
    limit = tolerance.logp if not max(flat) <= tolerance.logp else mean
    if not (max(flat) <= tolerance.logp and sum(flat) / len(flat) <= mean):
        sentence, step = next(
            (i, j) for i, row in enumerate(differences) for j, d in enumerate(row) if not abs(d) <= limit
        )
        raise _OtherModelError(
            f"sentence {sentence}, step {step} ({trial.pieces[sentence][step]!r}): log-probability "
            f"{trial.theirs[sentence][step]:.6f}, expected {trial.ours[sentence][step]:.6f}"
        )
    share = abs(trial.epsilon_share)
    if not tolerance.mean_logp and share > EPSILON_SHARE and share > SIGMAS * trial.epsilon_error:
        sentence, step = max(
            ((i, j) for i, row in enumerate(differences) for j in range(len(row))),
            key=lambda at: abs(differences[at[0]][at[1]]),
        )
        raise _OtherModelError(
            "its norms add another ε to the variance: log-probabilities moved by "
            f"{trial.epsilon_share:.2f} of what leaving ε out does (± {trial.epsilon_error:.2f}), most at "
            f"sentence {sentence}, step {step} ({trial.pieces[sentence][step]!r})"
        )


def _judge_search(trial: Trial, tolerance: Tolerance) -> None:
    for sentence, margin in enumerate(trial.margins):
        if margin > tolerance.logp:
            step = _first_difference(trial.greedy_ours[sentence], trial.greedy_theirs[sentence])
            raise _OtherModelError(
                f"sentence {sentence}, step {step}: greedy search takes a token that is {margin:.5f} worse"
            )
    apart = _score_differences(trial)
    flat = [share for shares in apart for share in shares]
    mean = sum(flat) / max(1, len(flat))
    limit = tolerance.mean_score if mean > tolerance.mean_score else tolerance.score
    for sentence, shares in enumerate(apart):
        if (worst := max(shares, default=0.0)) > limit:
            place = shares.index(worst)
            ours, theirs = trial.scores_ours[sentence][place], trial.scores_theirs[sentence][place]
            raise _OtherModelError(
                f"sentence {sentence}: the score of a beam output is {theirs:.5f}, expected {ours:.5f}; "
                "log-probability or length penalty differ"
            )
    if trial.is_referenced and trial.chrf_theirs < trial.chrf_ours - tolerance.chrf:
        raise _OtherModelError(
            f"chrF is {trial.chrf_theirs:.1f}, expected {trial.chrf_ours:.1f} or {tolerance.chrf} less"
        )


def _differences(trial: Trial) -> list[list[float]]:
    return [
        [a - b for a, b in zip(theirs, ours, strict=True)]
        for theirs, ours in zip(trial.theirs, trial.ours, strict=True)
    ]


def _score_differences(trial: Trial) -> list[list[float]]:
    """How far the two scores of every beam output are apart, as a share of ours; of 1 where it is smaller."""
    return [
        [abs(a - b) / max(1.0, abs(a)) for a, b in zip(ours, theirs, strict=True)]
        for ours, theirs in zip(trial.scores_ours, trial.scores_theirs, strict=True)
    ]


def _first_difference(a: Sequence[int], b: Sequence[int]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _share_equal(trial: Trial) -> float:
    """Of the positions of greedy outputs, the end included, those where both have the same token."""
    both = [([*a, None], [*b, None]) for a, b in zip(trial.greedy_ours, trial.greedy_theirs, strict=True)]
    equal = sum(x == y for a, b in both for x, y in zip(a, b, strict=False))
    return equal / sum(max(len(a), len(b)) for a, b in both)
