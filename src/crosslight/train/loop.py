"""The training loop: batch, step, and now and then a look at the validation set.

Exact resume rests on three facts: the stream is a pure function of its position, dropout is drawn
from a seed made of (seed, step), and a checkpoint holds weights, moments and position. So whenever a
run of given `steps` is interrupted, it ends with the same weights, bit for bit. (A run of given
`minutes` depends on the clock by its nature.)
"""

import gc
from collections.abc import Callable
from functools import partial

import torch
from torch import nn

from crosslight.config.run import TrainConfig
from crosslight.data.stream import Stream
from crosslight.nn.threads import training_threads
from crosslight.train.checkpoints import Checkpoints, Ledger
from crosslight.train.distributed import ALONE, World
from crosslight.train.feed import Feed
from crosslight.train.lead import Lead
from crosslight.train.objectives import objective_of
from crosslight.train.pondering import priced, tireless
from crosslight.train.progress import Progress, Validation
from crosslight.train.recovery import attempt, now_minimizing, roll_back, safe_step
from crosslight.train.rehearsal import rehearse
from crosslight.train.schedules import Schedule, linear, noam
from crosslight.train.span import Clock, done, finished, is_consistent, is_warm
from crosslight.train.step import adam, training_step
from crosslight.train.stop import StopRequest


def fit(
    model: nn.Module,
    stream: Stream,
    config: TrainConfig,
    schedule: Schedule,
    checkpoints: Checkpoints,
    validate: Callable[[], Validation] | None,
    progress: Progress | None,
    *,
    threads: int = 1,
    precision: torch.dtype = torch.float32,
    resume: bool = False,
    seconds_before: float = 0.0,
    reserve: Callable[[float], float] = lambda seconds: 0.0,
    world: World = ALONE,
) -> tuple[Ledger, int | None]:
    """Train until the steps or the minutes are over, patience is lost, or somebody asks to stop.

    Args:
        threads: into how many shards a batch is cut on a CPU, each taken by a thread of its own;
            of all processes together.
        precision: of matrix products.
        validate, progress: judge and show the training; those of the first process.
        resume: go on from the last checkpoint.
        seconds_before: time that preparing has taken, counted to the minutes.
        reserve: what to keep back of the minutes for the end, in seconds, by what a validation has
            taken; 0 before the first.
        world: the processes that train together. The first one alone validates and writes.

    Returns: where training stands, and the signal that stopped it early, if one did.

    Raises:
        TrainingError: training blows up again and again, memory or disk are too small, a process is gone.
        RunError: the last checkpoint is damaged.
    """
    calm = config.model_copy(update={"consistency": "none"})
    objective, plain = (priced(objective_of(each), model) for each in (config, calm))
    optimizer = adam(model, config.beta1, config.beta2, config.epsilon)
    ledger = Ledger(seconds=seconds_before, began=seconds_before, reserve=reserve(0.0))
    lead = None
    if validate and progress:
        lead = Lead(model, optimizer, config, checkpoints, validate, progress, reserve)
        ledger = checkpoints.load(model, optimizer) if resume else ledger
        lead.begin(ledger)
    world.told()  # now there is a checkpoint, and the others begin with it
    if not lead:
        ledger = checkpoints.load(model, optimizer)
    if config.compile:
        # Lengths vary from batch to batch; without `dynamic` each would be compiled anew.
        model.features = torch.compile(model.features, dynamic=True)  # type: ignore[assignment, arg-type]
    device = next(model.parameters()).device
    n_shards = threads if device.type == "cpu" else world.size
    n_own = -(-n_shards // world.size)
    clock, asked = Clock(ledger), None
    model.train()
    gc.freeze()  # what is there now stays to the end: the collector need not look at it again
    with StopRequest() as stop, training_threads(n_own) as pool, Feed(stream, ledger) as feed:
        clip = config.clip_norm or None
        step = partial(
            training_step,
            model,
            optimizer=optimizer,
            clip_norm=clip,
            pool=pool,
            precision=precision,
        )
        largest = partial(step, objective=objective)
        with tireless(model):
            rehearse(
                model, stream, objective, largest, optimizer, n_own, world.size, config.accumulate, precision
            )
        while not finished(ledger, config):
            batches = [feed.next(ledger, is_warm(ledger, config)) for _ in range(config.accumulate)]
            shards = [shard for batch in batches for shard in batch.to(device).shards(n_shards)]
            rate = ledger.pulse.factor * schedule(ledger.step + 1, done(ledger, config))
            seed = config.seed * 1_000_003 + ledger.step
            now_minimizing(ledger, is_consistent(ledger, config))
            aim = objective if ledger.consistent else plain
            ledger.step += 1
            result = attempt(ledger, partial(step, shards, objective=aim, rate=rate, seed=seed, world=world))
            clock.tick()
            if isinstance(result, str):  # what is wrong
                ledger, told = roll_back(model, optimizer, checkpoints, ledger, result, leads=bool(lead))
                clock = Clock(ledger)
                feed.go_to(ledger)
                if lead:
                    lead.go_to(ledger)
                    lead.progress.rollback(ledger, told)
                continue
            ledger.n_tokens += result.n_tokens
            is_safe = safe_step(ledger)
            if lead:
                lead.show(ledger, result, rate, clock)
            asked = world.agree(ledger, stop.signal)
            if lead:
                lead.save(ledger, asked, is_safe)
            world.agree(ledger, None)
            if asked:
                break
    clock.tick()
    return ledger, asked


def schedule_of(config: TrainConfig, d_model: int) -> Schedule:
    """The schedule that the settings name."""
    if config.schedule == "noam":
        return noam(d_model, config.warmup_steps, config.learning_rate)
    return linear(config.learning_rate, config.warmup_steps)
