"""Translations that run in a circle.

A model that has lost its place may say the same few pieces again and again, up to the length limit. That is
not a translation and should not pass for one: the output is marked, and on request cut after the first round.
"""

from collections.abc import Sequence
from dataclasses import replace

from crosslight.decode.hypothesis import Hypothesis

LONGEST = 16  # tokens of a round
ROUNDS = 4  # the fewest that are no figure of speech ("no, no, no!")
SPAN = 12  # and the fewest tokens that they must fill


def loop_end(tokens: Sequence[int]) -> int | None:
    """How many tokens there are up to the end of a loop's first round; None where nothing loops.

    >>> loop_end([7, 8] + [1, 2, 3] * 5 + [9])
    5
    >>> loop_end([7, 8] + [1, 2, 3] * 3 + [9])
    """
    # Most outputs hardly repeat a token: they are through here.
    if len(tokens) < SPAN or len(tokens) - len(set(tokens)) < min(SPAN * (ROUNDS - 1) // ROUNDS, SPAN - 1):
        return None
    for period in range(1, min(LONGEST, len(tokens) // ROUNDS) + 1):
        needed = max(SPAN, ROUNDS * period) - period
        run = 0
        for i in range(period, len(tokens)):
            run = run + 1 if tokens[i] == tokens[i - period] else 0
            if run == needed:
                return i - run + 1
    return None


def marked_loop(hypothesis: Hypothesis, src: Sequence[int], cut: bool) -> Hypothesis:
    """The hypothesis, marked (and cut, if wanted) where it loops and its source does not."""
    end = loop_end(hypothesis.tokens)
    if end is None or loop_end(src) is not None:
        return hypothesis
    if not cut:
        return replace(hypothesis, looped=True)
    log_probs = hypothesis.log_probs and hypothesis.log_probs[:end]
    return replace(
        hypothesis, tokens=hypothesis.tokens[:end], log_probs=log_probs, finished=False, looped=True
    )
