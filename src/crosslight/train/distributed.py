"""One training in several processes, on one machine or on many.

    torchrun --nproc-per-node 2 -m crosslight train ...

               ┌─► process 0: its shards ─► its gradient ─┐
    a batch ───┤                                          ├─► the sum, in both ─► the same update in both
               └─► process 1: its shards ─► its gradient ─┘

Every process holds the whole model, reads the same stream and takes every n-th shard of a batch; the
gradients are summed in one flat buffer. What an update sees, and what dropout drops, is therefore the
same for any number of processes. The first one leads: it alone prepares, validates, writes and keeps the
clock.

Li et al. 2020 (https://arxiv.org/abs/2006.15704) describe the engine; why not its wrapper around a
module is told in docs/decisions.
"""

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import nn

from crosslight.errors import ConfigError, TrainingError
from crosslight.train.checkpoints import Ledger

JOIN_SECONDS = 300.0
# Others wait while the first one prepares the corpus. One that is gone is noticed by its closed connection.
WAIT = timedelta(days=1)
NAMES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")


@dataclass(frozen=True)
class World:
    """The processes that train one model together, as one of them sees them; one alone by default."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0  # among those of this machine
    n_local: int = 1
    group: dist.ProcessGroup | None = None

    @property
    def leads(self) -> bool:
        """Whether this is the first process."""
        return self.rank == 0

    @property
    def n_machines(self) -> int:
        """How many machines take part."""
        return max(1, self.size // self.n_local)

    def share(self, n_shards: int) -> range:
        """The shards of a step that this process takes.

        >>> [list(World(rank, size=2).share(5)) for rank in (0, 1)]
        [[0, 2, 4], [1, 3]]
        """
        return range(self.rank, n_shards, self.size)

    def device(self, device: torch.device) -> torch.device:
        """This process' own device of the kind that was chosen.

        Raises:
            ConfigError: there are fewer GPUs here than processes.
        """
        if device.type != "cuda" or self.size == 1:
            return device
        n_gpus = torch.cuda.device_count()
        if self.local_rank >= n_gpus:
            raise ConfigError(
                f"process {self.local_rank + 1} of {self.n_local} on this machine finds no GPU of its own: "
                f"there are {n_gpus}",
                f"start at most {n_gpus} processes a machine, or --set train.device=cpu",
            )
        torch.cuda.set_device(self.local_rank)
        return torch.device("cuda", self.local_rank)

    def told(self, number: int = 0) -> int:
        """The number that the first process gives; the others wait until it does.

        Raises:
            TrainingError: a process is gone.
        """
        return int(self._largest([number if self.leads else 0])[0])

    def agree(self, ledger: Ledger, signalled: int | None) -> int | None:
        """The clock and the patience of the first process for all, and a signal that any process got.

        Raises:
            TrainingError: a process is gone.
        """
        own = [ledger.seconds, ledger.began, ledger.reserve, ledger.stale] if self.leads else [0] * 4
        asked, ledger.seconds, ledger.began, ledger.reserve, stale = self._largest([signalled or 0, *own])
        ledger.stale = int(stale)
        return int(asked) or None

    def sum_gradients(self, parameters: Sequence[nn.Parameter], loss: float) -> float:
        """Make each gradient the sum over all processes; returns the sum of the losses.

        A parameter without a gradient adds nothing: a small batch has fewer shards than there are processes.

        Raises:
            TrainingError: a process is gone; the weights are untouched.
        """
        if self.size == 1:
            return loss
        flat = torch.cat(
            [(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in parameters]
            + [parameters[0].new_tensor([loss])]
        )
        with _connected(self):
            dist.all_reduce(flat, group=self.group)
        *sums, total = torch.split(flat, [*(p.numel() for p in parameters), 1])
        for parameter, gradient in zip(parameters, sums, strict=True):
            parameter.grad = gradient.view_as(parameter)
        return float(total)

    def _largest(self, numbers: list[float]) -> list[float]:
        if self.size == 1:
            return numbers
        tensor = torch.tensor(numbers, dtype=torch.float64)
        with _connected(self):
            dist.all_reduce(tensor, dist.ReduceOp.MAX, group=self.group)
        largest: list[float] = tensor.tolist()
        return largest


ALONE = World()


@contextmanager
def joined(environ: Mapping[str, str] = os.environ, seconds: float = JOIN_SECONDS) -> Iterator[World]:
    """Inside, this process is one of those that torchrun started; without torchrun it is alone.

    Args:
        environ: who is who, by the names that torchrun gives: RANK, WORLD_SIZE, MASTER_ADDR and so on.
        seconds: how long to wait until all are there.

    Raises:
        TrainingError: some did not come.
        ConfigError: `environ` does not make sense.
    """
    rank, size, local_rank, n_local = _numbers(environ)
    if size == 1:
        yield ALONE
        return
    address = f"{environ['MASTER_ADDR']}:{environ['MASTER_PORT']}"
    try:
        dist.init_process_group(rank=rank, world_size=size, timeout=timedelta(seconds=seconds))
        group = dist.new_group(timeout=WAIT)
    except (RuntimeError, ValueError) as error:
        with suppress(Exception):
            dist.destroy_process_group()
        raise TrainingError(
            f"process {rank} waited up to {seconds:.0f} seconds at {address}, but not all {size} processes "
            f"came: {_first_line(error)}",
            "look whether another one has failed, and whether the machines reach each other; nothing was "
            "written, so start all of them again",
        ) from error
    try:
        yield World(rank, size, local_rank, n_local, group)
    finally:
        dist.destroy_process_group()


def _numbers(environ: Mapping[str, str]) -> tuple[int, int, int, int]:
    """Rank, size, and both on this machine."""
    if not {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"} <= environ.keys():
        return 0, 1, 0, 1
    defaults = {"LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1"}
    texts = [environ.get(name, defaults.get(name, "")) for name in NAMES]
    numbers = [int(text) if text.isdecimal() else -1 for text in texts]
    rank, size, local_rank, n_local = numbers
    if not (0 <= rank < size and 0 <= local_rank < n_local <= size):
        raise ConfigError(
            f"{', '.join(f'{name}={text}' for name, text in zip(NAMES, texts, strict=True))} "
            "is no place among several processes: ranks count from 0 and are below the sizes",
            "let torchrun set these variables, or unset RANK to train in one process",
        )
    return rank, size, local_rank, n_local


@contextmanager
def _connected(world: World) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        # torchrun ends those that are left with this signal: not before they have said what they know.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise TrainingError(
            f"process {world.rank} of {world.size} has lost another one: {_first_line(error)}",
            "see what that one said; the last checkpoint is good: go on with crosslight train --resume RUN, "
            "in any number of processes",
        ) from error


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
