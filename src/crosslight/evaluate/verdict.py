"""Whether to put the candidate in the place of the system in use: an answer, how sure, and why.

Ship B only if all of these hold; each is asked in turn, and the first that fails is the reason:

    1. chrF is higher, and by more than luck: p of approximate randomization below 5 %, and B ahead in
       at least 95 % of the bootstrap's resamples. (chrF follows people's judgment closer than BLEU does.)
    2. BLEU is not lower by more than luck, by the same two tests.
    3. No class of errors is more frequent by more than luck: sign tests, together at 5 % (Holm 1979).

In doubt the system in use stays. The confidence is the share of resamples in which B is ahead in chrF if
the answer is to ship. Otherwise it is how sure the reason is: of a failure by 2 or 3, or of B being worse,
1 - p; of a difference that may be luck, the share of resamples in which B is not ahead.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crosslight.evaluate.comparison import Comparison, ErrorCount, MetricDifference

LEVEL = 0.05


@dataclass(frozen=True)
class Verdict:
    """Whether to ship B."""

    ship: bool
    confidence: float
    reason: str


def judge(comparison: Comparison) -> Verdict:
    """The verdict on B, by the rules above."""
    chrf, bleu = comparison.metric("chrF"), comparison.metric("BLEU")
    if comparison.sentences.wins == comparison.sentences.losses == 0:
        return Verdict(False, 1.0, "no sentence scores differently: there is nothing to gain")
    if is_worse(chrf):
        return Verdict(False, 1 - chrf.p, f"it is worse: {_said(chrf)}")
    if not is_better(chrf):
        return Verdict(
            False,
            1 - chrf.bootstrap.b_wins,
            f"the difference may be luck: {_said(chrf)}, ahead in {chrf.bootstrap.b_wins:.0%} of resamples; "
            f"more than {comparison.n_sentences:,} test sentences could tell",
        )
    if is_worse(bleu):
        return Verdict(False, 1 - bleu.p, f"chrF is higher, but BLEU is lower: {_said(bleu)}")
    if frequent := more_frequent(comparison.errors):
        worst = frequent[0]
        return Verdict(
            False,
            1 - worst.p,
            f"the score is higher, but errors are more frequent: {worst.name}, "
            f"{worst.b:,} sentences instead of {worst.a:,} (p = {worst.p:.3g})",
        )
    return Verdict(
        True, chrf.bootstrap.b_wins, f"it is better: {_said(chrf)}, and no class of errors is more frequent"
    )


def is_better(difference: MetricDifference) -> bool:
    """Whether B is ahead by more than luck, by both tests."""
    return difference.difference > 0 and difference.p < LEVEL and difference.bootstrap.b_wins >= 1 - LEVEL


def is_worse(difference: MetricDifference) -> bool:
    """Whether B is behind by more than luck, by both tests."""
    return difference.difference < 0 and difference.p < LEVEL and difference.bootstrap.a_wins >= 1 - LEVEL


def more_frequent(errors: Sequence[ErrorCount]) -> list[ErrorCount]:
    """The classes in which B errs more often by more than luck, all tests together at 5 %; surest first.

    Holm's procedure: the smallest p is compared with 5 % / number of classes, the next with one class
    fewer, until one is not below.
    """
    found = []
    for place, error in enumerate(sorted(errors, key=lambda error: error.p)):
        if error.p >= LEVEL / (len(errors) - place):
            break
        if error.only_b > error.only_a:
            found.append(error)
    return found


def _said(difference: MetricDifference) -> str:
    return f"{difference.metric} {difference.a:.1f} → {difference.b:.1f} (p = {difference.p:.3g})"
