"""What a foreign engine promises, so that search and certificate need not know which one it is.

It computes what the bundle's own model computes, by other means: the same log-probabilities (`score`),
and the hypotheses of its own search (`search`). Ids are the bundle's, sources with their end token.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Found:
    """What a foreign search found."""

    tokens: list[int]  # without begin and end
    logp: float  # log-probability in nats, the end token included, forbidden tokens left out
    finished: bool  # whether it ended with the end token


class Engine(Protocol):
    """A runtime with a converted model."""

    longest: int  # tokens of a source or an output, the end included, that it can take
    settings: dict[
        str, Any
    ]  # what the package says of itself: `epsilon`, `start` (a piece), as far as it does

    def search(self, srcs: Sequence[list[int]], limits: Sequence[int], beam: int) -> list[list[Found]]:
        """What is found for each source with at most so many tokens each, the end token not counted."""
        ...

    def score(self, srcs: Sequence[list[int]], tgts: Sequence[list[int]]) -> list[list[float]]:
        """The log-probability of each token of given outputs, then of the end token; none forbidden."""
        ...


class SearchAhead(Protocol):
    """An engine that searches while the caller does other things."""

    longest: int  # as of an `Engine`

    def begin(
        self, srcs: Sequence[list[int]], limits: Sequence[int], beam: int, patience: float
    ) -> Callable[[], list[list[Found]]]:
        """Begin a `search` until so many times the beam finished; a function that waits for what it finds."""
        ...
