"""The training loop: batch, step, and now and then a look at the validation set.

Exact resume rests on three facts: the stream is a pure function of its position, dropout is drawn
from a seed made of (seed, step), and a checkpoint holds weights, moments and position. So whenever a
run of given `steps` is interrupted, it ends with the same weights, bit for bit. (A run of given
`minutes` depends on the clock by its nature.)
"""

import gc
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from types import FrameType
from typing import Self

import torch
from torch import nn

from crosslight.config.run import TrainConfig
from crosslight.data.batch import Batch
from crosslight.data.stream import Position, Stream
from crosslight.nn.threads import lone_threads
from crosslight.train.budget import share as share_of_time
from crosslight.train.checkpoints import Checkpoints, Ledger
from crosslight.train.objectives import objective_of
from crosslight.train.progress import Progress, Validation
from crosslight.train.recovery import attempt, begin_safely, roll_back, safe_step
from crosslight.train.rehearsal import rehearse
from crosslight.train.schedules import Schedule, linear, noam
from crosslight.train.step import adam, training_step


@dataclass
class StopRequest:
    """Ctrl-C or SIGTERM asks to stop after the step under way; a second Ctrl-C stops at once."""

    signal: int | None = None

    def __enter__(self) -> Self:
        self._before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in self._before:
            signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number


def fit(
    model: nn.Module,
    stream: Stream,
    config: TrainConfig,
    schedule: Schedule,
    checkpoints: Checkpoints,
    validate: Callable[[], Validation],
    progress: Progress,
    *,
    threads: int = 1,
    precision: torch.dtype = torch.float32,
    resume: bool = False,
    seconds_before: float = 0.0,
    reserve: Callable[[float], float] = lambda seconds: 0.0,
) -> tuple[Ledger, int | None]:
    """Train until the steps or the minutes are over, patience is lost, or somebody asks to stop.

    Args:
        threads: into how many shards a batch is cut on a CPU, each taken by a thread of its own.
        precision: of matrix products.
        validate: judges the model as it stands.
        resume: go on from the last checkpoint.
        seconds_before: time that preparing has taken, counted to the minutes.
        reserve: what to keep back of the minutes for the end, in seconds, by what a validation has
            taken; 0 before the first.

    Returns: where training stands, and the signal that stopped it early, if one did.
    """
    objective = objective_of(config)
    optimizer = adam(model, config.beta1, config.beta2, config.epsilon)
    ledger = (
        checkpoints.load(model, optimizer)
        if resume
        else Ledger(seconds=seconds_before, began=seconds_before, reserve=reserve(0.0))
    )
    if config.compile:
        # Lengths vary from batch to batch; without `dynamic` each would be compiled anew.
        model.features = torch.compile(model.features, dynamic=True)  # type: ignore[assignment, arg-type]
    checkpoints.forget_after(ledger.step)
    begin_safely(model, optimizer, checkpoints, ledger)
    progress.go_back(ledger.step)
    device = next(model.parameters()).device
    n_shards = threads if device.type == "cpu" else 1
    clock, last_saved = Clock(ledger), time.monotonic()
    batches = batches_from(ledger, stream)
    n_judged = validations_due(ledger, config)
    model.train()
    gc.freeze()  # what is there now stays to the end: the collector need not look at it again
    with StopRequest() as stop, lone_threads(threads) as pool:
        step = partial(
            training_step,
            model,
            objective=objective,
            clip_norm=config.clip_norm or None,
            pool=pool,
            precision=precision,
        )
        rehearse(model, stream, objective, step, optimizer, n_shards, config.accumulate, precision)
        while not finished(ledger, config):
            if ledger.warm != is_warm(ledger, config):
                ledger.warm, ledger.position = not ledger.warm, Position()
                batches = batches_from(ledger, stream)
            shards = []
            for _ in range(config.accumulate):
                batch, ledger.position = next(batches)
                shards += batch.to(device).shards(n_shards)
            rate = ledger.pulse.factor * schedule(ledger.step + 1, done(ledger, config))
            ledger.step += 1
            seed = config.seed * 1_000_003 + ledger.step - 1
            result = attempt(ledger, partial(step, shards, optimizer=optimizer, rate=rate, seed=seed))
            clock.tick()
            if isinstance(result, str):  # what is wrong
                ledger, told = roll_back(model, optimizer, checkpoints, ledger, result)
                progress.rollback(ledger, told)
                batches, clock = batches_from(ledger, stream), Clock(ledger)
                n_judged = validations_due(ledger, config)
                continue
            ledger.n_tokens += result.n_tokens
            progress.step(ledger, result, rate, done(ledger, config))

            judged = validations_due(ledger, config) > n_judged
            if judged:
                n_judged, judging = validations_due(ledger, config), time.monotonic()
                judge(model, ledger, checkpoints, validate, progress, done(ledger, config))
                clock.tick()
            overdue = time.monotonic() - last_saved > config.checkpoint_seconds
            if judged or overdue or safe_step(ledger) or stop.signal or finished(ledger, config):
                checkpoints.save(model, optimizer, ledger)
                last_saved = time.monotonic()
            if safe_step(ledger):
                checkpoints.make_safe()
            if judged and not finished(ledger, config):
                ledger.reserve = reserve(last_saved - judging)
            if stop.signal:
                break
    clock.tick()
    return ledger, stop.signal


def batches_from(ledger: Ledger, stream: Stream) -> Iterator[tuple[Batch, Position]]:
    """The batches from where the ledger stands: of both directions in the warm start, of one after it."""
    return replace(stream, both_ways=ledger.warm).batches(ledger.position)


def is_warm(ledger: Ledger, config: TrainConfig) -> bool:
    """Whether this part of the run is the warm start."""
    return done(ledger, config) < config.bidirectional


def judge(
    model: nn.Module,
    ledger: Ledger,
    checkpoints: Checkpoints,
    validate: Callable[[], Validation],
    progress: Progress,
    share: float,
) -> None:
    """Validate, keep the weights, and note in the ledger whether they are the best so far."""
    model.eval()
    validation = validate()
    model.train()
    ledger.judged_step, ledger.judged_loss = ledger.step, validation.loss
    best = validation.loss < ledger.best_loss
    if best:
        ledger.best_loss, ledger.best_step, ledger.stale = validation.loss, ledger.step, 0
    else:
        ledger.stale += 1
    checkpoints.keep_weights(model, ledger.step, best)
    progress.validation(ledger, validation, share)


def done(ledger: Ledger, config: TrainConfig) -> float:
    """How much of the run is behind us, from 0 to 1."""
    if config.steps is not None:
        return min(1.0, ledger.step / config.steps)
    return share_of_time(ledger.seconds, ledger.began, 60 * (config.minutes or 0) - ledger.reserve)


def validations_due(ledger: Ledger, config: TrainConfig) -> int:
    """How many validations belong to what is behind us: they divide the run into equal parts."""
    return int(done(ledger, config) * config.validations)


def finished(ledger: Ledger, config: TrainConfig) -> bool:
    """Whether the run is over: its length is reached, or its patience lost."""
    impatient = config.patience is not None and ledger.stale >= config.patience
    return done(ledger, config) >= 1 or impatient


def schedule_of(config: TrainConfig, d_model: int) -> Schedule:
    """The schedule that the settings name."""
    if config.schedule == "noam":
        return noam(d_model, config.warmup_steps, config.learning_rate)
    return linear(config.learning_rate, config.warmup_steps)


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
