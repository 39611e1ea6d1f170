"""How fast this machine trains a model of some shape on some corpus: a few real steps, timed.

The steps are those of training (forward, backward, update; the threads and the device that will be
used; batches of the corpus), on a model that is thrown away afterwards.
"""

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from crosslight.config.run import TrainConfig
from crosslight.data.batch import Batch
from crosslight.nn.threads import training_threads
from crosslight.train.objectives import objective_of
from crosslight.train.pondering import priced
from crosslight.train.step import adam, training_step

STEPS = 8  # timed at most
RATE = 1e-5  # of learning; only the time matters


@dataclass(frozen=True)
class Speed:
    """What the steps have shown."""

    tokens_per_second: float  # target tokens
    step_seconds: float


def training_speed(
    model: nn.Module,
    batches: Iterator[Batch],
    config: TrainConfig,
    threads: int,
    precision: torch.dtype,
    seconds: float,
) -> Speed:
    """The speed of training `model`, whose weights are spoilt.

    Args:
        batches: without end.
        precision: of matrix products.

    One step warms up; then as many are timed as fit into `seconds`, one at least and `STEPS` at most.
    """
    device = next(model.parameters()).device
    n_shards = threads if device.type == "cpu" else 1
    objective = priced(objective_of(config), model)
    optimizer = adam(model, config.beta1, config.beta2, config.epsilon)
    model.train()
    n_tokens = n_steps = 0
    start = time.perf_counter()
    with training_threads(threads) as pool:
        for step, batch in enumerate(itertools.islice(batches, STEPS + 1)):
            shards = batch.to(device).shards(n_shards)
            result = training_step(
                model, shards, objective, optimizer, RATE, seed=step, pool=pool, precision=precision
            )
            synchronize(device)
            if step == 0:
                warm, start = time.perf_counter() - start, time.perf_counter()
                continue
            n_tokens, n_steps = n_tokens + result.n_tokens, n_steps + 1
            if time.perf_counter() - start + warm >= seconds:
                break
    elapsed = time.perf_counter() - start
    return Speed(n_tokens / elapsed, elapsed / n_steps)


def synchronize(device: torch.device) -> None:
    """Wait until the device has done what it was told: kernels run on after the call that starts them."""
    if device.type != "cpu":
        torch.accelerator.synchronize()
