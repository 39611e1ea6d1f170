"""How far a run is, and when it is over: by its steps, its minutes, or its patience."""

import time
from dataclasses import dataclass

from crosslight.config.run import TrainConfig
from crosslight.train.budget import share as share_of_time
from crosslight.train.checkpoints import Ledger


def done(ledger: Ledger, config: TrainConfig) -> float:
    """How much of the run is behind us, from 0 to 1."""
    if config.steps is not None:
        return min(1.0, ledger.step / config.steps)
    return share_of_time(ledger.seconds, ledger.began, 60 * (config.minutes or 0) - ledger.reserve)


def validations_due(ledger: Ledger, config: TrainConfig) -> int:
    """How many validations belong to what is behind us: they divide the run into equal parts."""
    return int(done(ledger, config) * config.validations)


def is_warm(ledger: Ledger, config: TrainConfig) -> bool:
    """Whether this part of the run is the warm start, on both directions."""
    return done(ledger, config) < config.bidirectional


def is_consistent(ledger: Ledger, config: TrainConfig) -> bool:
    """Whether this part of the run asks the model to agree with itself."""
    return config.consistency != "none" and done(ledger, config) >= config.consistency_from


def finished(ledger: Ledger, config: TrainConfig) -> bool:
    """Whether the run is over: its length is reached, or its patience lost."""
    impatient = config.patience is not None and ledger.stale >= config.patience
    return done(ledger, config) >= 1 or impatient


@dataclass
class Clock:
    """Adds the time that passes to the ledger."""

    ledger: Ledger

    def __post_init__(self) -> None:
        self._last = time.monotonic()

    def tick(self) -> None:
        """Count the time since the last tick."""
        now = time.monotonic()
        self.ledger.seconds += now - self._last
        self._last = now
