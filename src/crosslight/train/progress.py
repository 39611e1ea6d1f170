"""What a person sees while a model learns, and what stays on disk of it.

On a terminal a moving bar with rate, time left and loss; elsewhere a plain line now and then.
Validations are printed with a live translation. Everything goes to `log.txt` as text, to
`metrics.jsonl` as numbers (and to TensorBoard, where that is installed), and what the model makes of a
few sentences at each validation to `samples.jsonl`.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from crosslight.train import events
from crosslight.train.checkpoints import Ledger
from crosslight.train.records import Records
from crosslight.train.step import StepResult

PLAIN_SECONDS = 15.0
METRIC_SECONDS = 5.0


@dataclass(frozen=True)
class Validation:
    """How good the model is now."""

    loss: float  # mean cross-entropy of a target token in nats, no smoothing
    scores: dict[str, float]  # e.g. BLEU and chrF of a sample, translated greedily
    sample: tuple[str, str, str]  # a source sentence, its reference, and the model's translation
    samples: tuple[tuple[str, str, str], ...] = ()  # the same sentences at every validation


class Progress:
    """Shows and records a run; use it as a context manager."""

    def __init__(
        self, directory: Path, console: Console, after_validation: Callable[[], None] = lambda: None
    ) -> None:
        self.console = console
        self._after_validation = after_validation
        self._metrics = Records(directory / "metrics.jsonl")
        self._samples = Records(directory / "samples.jsonl")
        self._events: events.Events | None = None
        self._events_directory = directory / "tensorboard"
        self._log: TextIO = (directory / "log.txt").open("a", encoding="utf-8")
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            console=console,
        )
        self._task = self._bar.add_task("training", total=1.0)
        self._meter = Meter()
        self._shown = self._recorded = time.monotonic()

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
        self._metrics.close()
        self._samples.close()
        if self._events is not None:
            self._events.close()
        self._log.close()

    def go_back(self, step: int) -> None:
        """Begin after this step: what was recorded later, a crash cut off from the run."""
        kept = self._metrics.go_back(step)
        self._samples.go_back(step)
        if self._events is not None:
            self._events.close()
        if events.available():
            self._events = events.Events(self._events_directory, kept)

    def say(self, text: str) -> None:
        """A line for people, on the screen and in the log."""
        self.console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)
        self._log.write(text + "\n")
        self._log.flush()

    def step(self, ledger: Ledger, result: StepResult, rate: float, share: float) -> None:
        """Called after every update; shows and records at its own pace."""
        self._meter.add(ledger, result, share)
        now = time.monotonic()
        if now - self._recorded > METRIC_SECONDS:
            self._recorded = now
            self._record(
                kind="train",
                **self._where(ledger),
                loss=result.loss,
                grad_norm=result.grad_norm,
                learning_rate=rate,
                tokens_per_second=self._meter.rate,
            )
        speed = f"{self._meter.rate:,.0f}" if self._meter.rate else "–"  # the first update alone has none
        line = (
            f"step {ledger.step:,} · epoch {ledger.position.epoch + 1} · loss {self._meter.loss:.3f} · "
            f"{speed} tokens/s · {duration(self._meter.seconds_left)} left"
        )
        self.show(line, share)

    def show(self, line: str, share: float) -> None:
        """How far something is: in place on a terminal, elsewhere a plain line now and then.

        Args:
            share: what is done of it, from 0 to 1; NaN if that is not known.
        """
        known = math.isfinite(share)
        if self.console.is_terminal:
            self._bar.update(self._task, completed=share if known else 0.0, description=line)
        elif time.monotonic() - self._shown > PLAIN_SECONDS:
            self._shown = time.monotonic()
            self.say(f"{share:4.0%}  {line}" if known else f"      {line}")

    def rollback(self, ledger: Ledger, what: str) -> None:
        """Called after training has gone back to a safe state; `what` says why, and to where."""
        self.go_back(ledger.step)
        self._record(kind="rollback", **self._where(ledger), factor=ledger.pulse.factor, what=what)
        self.say(what)

    def validation(self, ledger: Ledger, validation: Validation, share: float) -> None:
        """Called after every validation."""
        self._record(kind="valid", **self._where(ledger), loss=validation.loss, **validation.scores)
        best = "  ← best" if ledger.best_step == ledger.step else ""
        scores = " · ".join(
            f"{name} {value:.{3 if 'loss' in name else 1}f}" for name, value in validation.scores.items()
        )
        self.say(
            f"{share:4.0%}  valid at step {ledger.step:,}: loss {validation.loss:.3f} "
            f"(perplexity {math.exp(min(validation.loss, 50)):.2f}) · {scores}{best}"
        )
        for label, text in zip(("src", "ref", "now"), validation.sample, strict=True):
            self.say(f"        {label}  {text}")
        for number, (src, ref, now) in enumerate(validation.samples, start=1):
            self._samples.add({"step": ledger.step, "sentence": number, "src": src, "ref": ref, "now": now})
        self._after_validation()

    def _where(self, ledger: Ledger) -> dict[str, Any]:
        return {
            "step": ledger.step,
            "epoch": ledger.position.epoch,
            "seconds": round(ledger.seconds, 2),
            "tokens": ledger.n_tokens,
        }

    def _record(self, **numbers: Any) -> None:
        self._metrics.add(numbers)
        if self._events is not None:
            self._events.add(numbers)


class Meter:
    """Running figures: smoothed loss, rate over the last steps, time left."""

    def __init__(self) -> None:
        self.loss = float("nan")
        self.rate = 0.0
        self.seconds_left = float("nan")
        self._start: tuple[float, int, float] | None = None

    def add(self, ledger: Ledger, result: StepResult, share: float) -> None:
        """Take an update in."""
        self.loss = result.loss if math.isnan(self.loss) else 0.98 * self.loss + 0.02 * result.loss
        now = time.monotonic()
        if self._start is None:
            self._start = (now, ledger.n_tokens, share)
            return
        began, tokens, share_then = self._start
        self.rate = (ledger.n_tokens - tokens) / max(now - began, 1e-9)
        if share > share_then:
            self.seconds_left = (1 - share) * (now - began) / (share - share_then)


def duration(seconds: float) -> str:
    """Seconds as people say them.

    >>> duration(75), duration(3700), duration(float("nan"))
    ('1:15', '1:01:40', '–')
    """
    if not math.isfinite(seconds):
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
