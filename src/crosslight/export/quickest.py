"""Which of several ways of doing the same is the quickest here and now, by the clock.

A matrix product on several threads waits for the slowest of them. On free cores that is quicker than one
thread; where other programs want the cores too it can be many times slower. So nothing is assumed:
now and then one and the same piece of work is done in every way, in turns.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Generic, ParamSpec, TypeVar

FIRST = 4  # calls before the first trial, so that a program with one sentence need not pay for it
EVERY = 200  # calls from one trial to the next
ROUNDS = 3  # turns of a trial
HOPELESS = 3.0  # times slower in a turn: no further turn is needed

P = ParamSpec("P")
R = TypeVar("R")


class Quickest(Generic[P, R]):
    """A function that calls the quickest of several that give the same.

    Args:
        ways: the functions; the first is taken until a trial finds a quicker one.
        clock: seconds, from anywhere.
    """

    def __init__(
        self, ways: Sequence[Callable[P, R]], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._ways = ways
        self._clock = clock
        self._best = ways[0]
        self._n_calls = 0

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """What the ways give for these arguments."""
        is_trial = len(self._ways) > 1 and self._n_calls % EVERY == FIRST
        self._n_calls += 1
        if is_trial:
            self._try(*args, **kwargs)
        return self._best(*args, **kwargs)

    def _try(self, *args: P.args, **kwargs: P.kwargs) -> None:
        for way in self._ways:
            way(*args, **kwargs)  # what is made at its first call is no part of the race
        took: list[list[float]] = [[] for _ in self._ways]
        for _ in range(ROUNDS):
            for way, seconds in zip(self._ways, took, strict=True):
                if not seconds or seconds[-1] < HOPELESS * took[0][-1]:
                    start = self._clock()
                    way(*args, **kwargs)
                    seconds.append(self._clock() - start)
        medians = [statistics.median(seconds) for seconds in took]
        self._best = self._ways[medians.index(min(medians))]
