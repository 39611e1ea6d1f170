"""What the first process does beside computing: it shows, validates, keeps and saves."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from crosslight.config.run import TrainConfig
from crosslight.train.checkpoints import Checkpoints, Ledger
from crosslight.train.progress import Progress, Validation
from crosslight.train.recovery import begin_safely
from crosslight.train.span import Clock, done, finished, validations_due
from crosslight.train.step import StepResult


@dataclass
class Lead:
    """The duties of the first process.

    Args:
        validate: judges the model as it stands.
        reserve: what to keep back of the minutes for the end, in seconds, by what a validation has
            taken; 0 before the first.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    config: TrainConfig
    checkpoints: Checkpoints
    validate: Callable[[], Validation]
    progress: Progress
    reserve: Callable[[float], float]

    def begin(self, ledger: Ledger) -> None:
        """From here on there is a checkpoint; what a crash cut off is forgotten."""
        self.checkpoints.forget_after(ledger.step)
        begin_safely(self.model, self.optimizer, self.checkpoints, ledger)
        self.progress.go_back(ledger.step)
        self._last_saved = time.monotonic()
        self.go_to(ledger)

    def go_to(self, ledger: Ledger) -> None:
        """Go on from where this ledger stands."""
        self._n_judged = validations_due(ledger, self.config)
        self._judging = 0.0  # when the validation of this step began, if it has one

    def show(self, ledger: Ledger, result: StepResult, rate: float, clock: Clock) -> None:
        """After a step: tell of it, and validate if it is time."""
        share, due = done(ledger, self.config), validations_due(ledger, self.config)
        self.progress.step(ledger, result, rate, share)
        self._judging = 0.0
        if due > self._n_judged:
            self._n_judged, self._judging = due, time.monotonic()
            self.judge(ledger, share)
            clock.tick()

    def save(self, ledger: Ledger, asked: int | None, is_safe: bool) -> None:
        """Write a checkpoint where one is due.

        Args:
            asked: the signal that asks to stop.
            is_safe: whether the step is one to go back to.
        """
        over = finished(ledger, self.config)
        overdue = time.monotonic() - self._last_saved > self.config.checkpoint_seconds
        if self._judging or overdue or is_safe or asked or over:
            self.checkpoints.save(self.model, self.optimizer, ledger)
            self._last_saved = time.monotonic()
        if is_safe:
            self.checkpoints.make_safe()
        if self._judging and not over:
            ledger.reserve = self.reserve(self._last_saved - self._judging)

    def judge(self, ledger: Ledger, share: float) -> None:
        """Validate, keep the weights, and note in the ledger whether they are the best so far."""
        self.model.eval()
        validation = self.validate()
        self.model.train()
        ledger.judged_step, ledger.judged_loss = ledger.step, validation.loss
        best = validation.loss < ledger.best_loss
        if best:
            ledger.best_loss, ledger.best_step, ledger.stale = validation.loss, ledger.step, 0
        else:
            ledger.stale += 1
        self.checkpoints.keep_weights(self.model, ledger.step, best)
        self.progress.validation(ledger, validation, share)
