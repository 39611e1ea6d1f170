"""What a search finds, and what it is ranked by.

A log-probability only falls with every token, so the bare sum prefers short outputs. A *length penalty*
divides it: by ((5 + n) / 6)^α (Wu et al. 2016, eq. 14: "gnmt"), or by n^α ("average": the mean of a token's
log-probability at α = 1). n counts the end token. Which one is a setting, and stays with the bundle.
"""

from dataclasses import dataclass
from typing import NamedTuple

from crosslight.config.run import LengthPenalty


@dataclass(frozen=True)
class Hypothesis:
    """A finished (or, at the length limit, broken off) output."""

    tokens: list[int]  # without begin and end
    logp: float  # log-probability in nats, the end token included
    score: float  # logp / length penalty: what hypotheses are ranked by
    finished: bool  # whether it ended with the end token
    log_probs: tuple[float, ...] | None = None  # of each token, then of the end; None from other engines
    looped: bool = False  # whether it runs in a circle (`decode.loops`)


class Ranking(NamedTuple):
    """A length penalty and its exponent: log-probabilities to scores."""

    alpha: float = 0.6
    penalty: LengthPenalty = "gnmt"

    def score(self, logp: float, n_tokens: int) -> float:
        """The score of an output of n tokens, the end token included."""
        return logp / length_penalty(n_tokens, self.alpha, self.penalty)


def length_penalty(n_tokens: int, alpha: float, penalty: LengthPenalty = "gnmt") -> float:
    """What the log-probability of n tokens, the end token included, is divided by.

    >>> length_penalty(1, alpha=0.6), round(length_penalty(25, alpha=0.6), 3)
    (1.0, 2.627)
    >>> length_penalty(25, alpha=1.0, penalty="average")
    25.0
    """
    if penalty == "average":
        return float(max(1, n_tokens) ** alpha)
    return float(((5 + n_tokens) / 6) ** alpha)
