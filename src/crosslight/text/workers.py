"""A function over many blocks on all cores, its results in the order of the blocks.

Python computes on one core at a time, so the blocks go to processes of their own. Few of them are under
way at any moment, so memory stays flat however many blocks there are, and the results are those of a plain
loop: a short corpus never starts a process, and a process that is lost changes nothing but the speed.
"""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Protocol, Self, TypeVar

Block = TypeVar("Block")
Result = TypeVar("Result")
# Starting a process takes as long as this many blocks of some thousand pairs.
BLOCKS_ALONE = 8


class Each(Protocol):
    """How a function is applied to blocks: each block with its result, in order."""

    def __call__(
        self, function: Callable[[Block], Result], blocks: Iterable[Block], /
    ) -> Iterator[tuple[Block, Result]]:
        """Blocks are read when they are needed, and not all at once."""


def one_by_one(
    function: Callable[[Block], Result], blocks: Iterable[Block]
) -> Iterator[tuple[Block, Result]]:
    """Each block with its result, worked out here and now.

    >>> list(one_by_one(len, ["a", "bb"]))
    [('a', 1), ('bb', 2)]
    """
    for block in blocks:
        yield block, function(block)


class Workers:
    """Processes that take blocks; use it as a context manager.

    Functions, blocks and results travel between processes, so a function is one of a module's own
    (or a `partial` of one). A script that uses this keeps its own work under ``if __name__ == "__main__"``.
    """

    def __init__(self, n: int | None = None) -> None:
        self.n = n or available_cores()
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def each(
        self, function: Callable[[Block], Result], blocks: Iterable[Block]
    ) -> Iterator[tuple[Block, Result]]:
        """Each block with its result, in order; at most two blocks a process are held."""
        blocks = iter(blocks)
        if self.n > 1 and self._pool is None:
            for _, block in zip(range(BLOCKS_ALONE), blocks, strict=False):
                yield block, function(block)
        under_way: deque[tuple[Block, Future[Result] | None]] = deque()
        for block in blocks:
            under_way.append((block, self._submit(function, block)))
            if len(under_way) >= 2 * self.n:
                yield _result(function, *under_way.popleft())
        while under_way:
            yield _result(function, *under_way.popleft())

    def _submit(self, function: Callable[[Block], Result], block: Block) -> Future[Result] | None:
        if self.n == 1:
            return None
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.n, get_context("spawn"), initializer=_ignore_ctrl_c)
        try:
            return self._pool.submit(function, block)
        except BrokenProcessPool:
            return None


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _result(
    function: Callable[[Block], Result], block: Block, future: "Future[Result] | None"
) -> tuple[Block, Result]:
    try:
        return block, future.result() if future else function(block)
    except BrokenProcessPool:
        return block, function(block)


def _ignore_ctrl_c() -> None:
    """The process that gave the work decides what becomes of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
