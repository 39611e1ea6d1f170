"""A run of given minutes: what it costs here, whether it can be, what to expect, when it ends.

Before training a few real steps are timed, and the parts of a validation. From then on every
validation tells anew what the end will take (`train/budget.py` has the sums).
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import torch
from torch import nn

from crosslight.config.architecture import DEFAULT_KIND
from crosslight.config.run import RunConfig, TrainConfig
from crosslight.data.stream import Stream
from crosslight.errors import TrainingError
from crosslight.tasks.files import write_text
from crosslight.tasks.forecast import expected_chrf
from crosslight.tasks.prepare import Prepared
from crosslight.tasks.probe import training_speed
from crosslight.train.budget import LAST_SECONDS, Costs, Timetable, Wish
from crosslight.train.checkpoints import Ledger
from crosslight.train.progress import duration

PROBE_SECONDS, PROBE_SHARE = 20.0, 0.02  # at most, of the budget
WRITING = 1e8  # bytes a second: files written, flushed and summed up
COPIES = 5  # of the weights: kept, best, and the checkpoint with Adam's two moments


class Judge(Protocol):
    """What is asked of a validator."""

    loss_seconds: float
    sample_seconds: float
    sample_size: int

    def limit(self, sample_size: int, loss_batches: int) -> None: ...  # noqa: D102
    def n_batches(self) -> int: ...  # noqa: D102
    def trial(self) -> tuple[float, float]: ...  # noqa: D102


@dataclass
class Pace:
    """The time of one run."""

    config: TrainConfig  # with as many validations as there is time for
    table: Timetable
    costs: Costs
    tokens_per_second: float
    judge: Judge
    prepared: Prepared
    kind: str = DEFAULT_KIND  # of architecture

    def reserve(self, seconds: float) -> float:
        """What to keep back for the end, by the seconds that the last validation took (0: none yet)."""
        if not seconds:
            return self.table.reserve
        judge = self.judge
        files = max(0.0, seconds - judge.loss_seconds - judge.sample_seconds)
        sentence = judge.sample_seconds / judge.sample_size
        return seconds + self.table.ending(judge.loss_seconds, sentence, files, len(self.prepared.valid))

    def deadline(self, ledger: Ledger) -> float:
        """The moment (of `time.monotonic`) until which sentences may be scored; then come the last files."""
        return (
            time.monotonic() + self.table.budget - ledger.seconds - self.costs.files / COPIES - LAST_SECONDS
        )

    def begin(self, seconds_before: float, out: Path, say: Callable[[str], None]) -> None:
        """Say what is to be expected, if there is time to learn something.

        Raises:
            TrainingError: with the smallest budget that makes sense here.
        """
        smallest = self.table.smallest_minutes(seconds_before, self.costs.step)
        if smallest is not None:
            raise TrainingError(
                f"{self.config.minutes:g} minutes are too few: preparing took {seconds_before:.1f} s, one "
                f"validation and the end take about {self.table.reserve:.1f} s, and an update "
                f"{self.costs.step:.2g} s",
                f"the smallest sensible budget for this corpus on this machine is {smallest:g} minutes; "
                f"go on with what is prepared: crosslight train --resume {out} --minutes {smallest:g}",
            )
        for line in self.forecast(seconds_before):
            say(line)

    def forecast(self, seconds_before: float) -> list[str]:
        """What is to be expected, in a few lines for people."""
        seconds = self.table.budget - seconds_before - self.table.reserve
        validating = self.config.validations * (
            self.table.loss_batches * self.costs.loss_batch
            + self.table.sample_size * self.costs.sentence
            + self.costs.files
        )
        n_tokens = self.tokens_per_second * max(0.0, seconds - validating)
        ids, n_rows = self.prepared.train.tgt_ids, len(self.prepared.train)
        epochs = n_tokens / (int(ids.ends()[-1]) + n_rows)
        expected = "no chrF, because the measured runs are all of Transformers"
        if self.kind == DEFAULT_KIND:
            expected = expected_chrf(self.prepared.n_pairs, n_tokens)
        end = datetime.now() + timedelta(seconds=self.table.budget - seconds_before)
        return [
            f"forecast: {self.tokens_per_second:,.0f} tokens/s, {epochs:.1f} epochs of {n_rows:,} pairs, "
            f"{self.config.validations} validations; training {duration(seconds)}, "
            f"then {duration(self.table.reserve)} for the end, at {end:%H:%M:%S}",
            f"forecast: {expected}",
        ]


def spent(ledger: Ledger, seconds: float) -> str:
    """Where the time went, of all sessions and of this one.

    >>> spent(Ledger(seconds=115.0, began=9.0), 119.6)
    'time: preparing 0:09, training 1:46; this session 2:00'
    """
    training = duration(ledger.seconds - ledger.began)
    return f"time: preparing {duration(ledger.began)}, training {training}; this session {duration(seconds)}"


def pace(
    out: Path,
    config: RunConfig,
    prepared: Prepared,
    judge: Judge,
    stream: Stream,
    make_model: Callable[[], nn.Module],
    threads: int,
    precision: torch.dtype,
) -> Pace | None:
    """The pace of the run in `out`, measured or as it was measured; None for one of given steps.

    The judge is told how much to judge.
    """
    minutes = config.train.minutes
    if minutes is None:
        return None
    file = out / "costs.json"
    if file.is_file():
        tree = json.loads(file.read_text(encoding="utf-8"))
    else:
        tree = _measured(config.train, minutes, judge, stream, make_model(), threads, precision)
    costs = Costs(**tree["costs"])
    # Losses of one run compare with each other: resumed with more time, it takes no more batches for them.
    n_batches = tree.get("loss_batches", judge.n_batches())
    wish = Wish(config.train.validations, config.train.sample_size, n_batches, len(prepared.valid))
    table = Timetable.of(minutes, costs, wish)
    write_text(file, json.dumps({**tree, "loss_batches": table.loss_batches}, indent=1))
    judge.limit(table.sample_size, table.loss_batches)
    fitting = config.train.model_copy(update={"validations": table.validations})
    return Pace(fitting, table, costs, tree["tokens_per_second"], judge, prepared, config.model.kind)


def _measured(
    config: TrainConfig,
    minutes: float,
    judge: Judge,
    stream: Stream,
    model: nn.Module,
    threads: int,
    precision: torch.dtype,
) -> dict[str, object]:
    # Spelling at random is left out: it would spell a whole window for a few batches.
    batches = replace(stream, sampling=0.0, window_pairs=4096).batches()
    seconds = min(PROBE_SECONDS, PROBE_SHARE * 60 * minutes)
    speed = training_speed(model, (b for b, _ in batches), config, threads, precision, seconds)
    loss_batch, sentence = judge.trial()
    n_bytes = 4 * sum(p.numel() for p in model.parameters())
    costs = Costs(speed.step_seconds * config.accumulate, loss_batch, sentence, COPIES * n_bytes / WRITING)
    return {"tokens_per_second": speed.tokens_per_second, "costs": asdict(costs)}
