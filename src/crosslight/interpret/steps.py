"""How long a model that decides that for itself has thought about each token: plain data.

Nothing here imports torch.
"""

from dataclasses import dataclass
from typing import NamedTuple


class TokenSteps(NamedTuple):
    """What one token took."""

    piece: str  # of the target: the one to write
    n_steps: int
    weights: list[float]  # of its state after each step, as many as there may be; they sum to 1


@dataclass(frozen=True)
class Steps:
    """What the tokens of one translation took."""

    max_steps: int
    src: list[TokenSteps]
    tgt: list[TokenSteps]

    @property
    def mean(self) -> float:
        """Steps of a token of both sides."""
        counts = [token.n_steps for token in (*self.src, *self.tgt)]
        return sum(counts) / len(counts)
