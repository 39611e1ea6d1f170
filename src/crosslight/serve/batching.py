"""Dynamic batching: what waits, of whatever requests, is translated together.

One thread has the engine to itself. While it translates, requests queue up; when it is free, it takes the
first and all others that wait with equal settings, up to a batch's size. Nothing is ever waited for in
order to fill a batch, so a request that comes alone is answered at once. A request larger than a batch is
translated in parts, and between them others have their turn.

What cannot be answered in time is refused when it comes, not when its time is over: the queue is bounded,
and it knows how long a character takes.
"""

import contextlib
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from crosslight.serve.unanswered import DeadlineError, ServiceClosedError, ServiceFullError

S = TypeVar("S", bound=Hashable)
S_contra = TypeVar("S_contra", bound=Hashable, contravariant=True)
T = TypeVar("T")
MEMORY = 0.2  # weight of the newest batch in the mean of what a character takes
NICENESS = 5  # of the thread that translates
TELLING = 500  # characters from which a batch says what one takes; below, it says what a call takes


@dataclass(frozen=True)
class BatchLimits:
    """How much is translated at a time, and how much may wait."""

    segments: int = 128  # of a batch
    characters: int = 16_000  # of a batch; one segment may have more
    queued: int = 64  # requests
    queued_seconds: float = 30.0  # of translating, beside what is in hand
    seconds: float = 30.0  # from a request's coming to its answer


class Engine(Protocol[S_contra, T]):
    """What translates; only one thread calls it."""

    def translate(self, texts: Sequence[str], settings: S_contra) -> list[T]:
        """Every text translated, in order."""
        ...


@dataclass(eq=False)
class _Job(Generic[S, T]):
    texts: Sequence[str]
    settings: S | None
    deadline: float
    call: Callable[[Any], Any] | None = None  # instead of texts: something else to be done with the engine
    future: "Future[Any]" = field(default_factory=Future)
    done: list[T] = field(default_factory=list)

    @property
    def left(self) -> Sequence[str]:
        return self.texts[len(self.done) :]

    @property
    def n_characters(self) -> int:
        return sum(map(len, self.left))


class Batcher(Generic[S, T]):
    """A queue and the one thread that works it off.

    Args:
        open_engine: makes the engine; called in that thread, before the first request is translated.
        limits: of batches and of the queue.
        observe: told of every batch: segments, and seconds it took.
    """

    def __init__(
        self,
        open_engine: Callable[[], Engine[S, T]],
        limits: BatchLimits = BatchLimits(),
        observe: Callable[[int, float], None] = lambda segments, seconds: None,
    ) -> None:
        self._open, self._limits, self._observe = open_engine, limits, observe
        self._queue: deque[_Job[S, T]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._failure: BaseException | None = None
        self._seconds_per_character = 0.0
        self._free_at: float | None = None  # when what is in hand will be done, as far as is known
        self._thread = threading.Thread(target=self._work, name="translating", daemon=True)
        self._thread.start()

    def submit(self, texts: Sequence[str], settings: S) -> "Future[list[T]]":
        """Put a request into the queue; its future can be cancelled until it is done.

        Raises:
            ServiceFullError: too many wait, or it could not be answered in time.
            ServiceClosedError: nothing more is accepted.
        """
        return self._put(_Job(texts, settings, self._deadline()))

    def call(self, function: Callable[[Any], Any]) -> "Future[Any]":
        """Have something else done with the engine, in its thread, in turn with the requests.

        Raises:
            ServiceFullError: too many wait.
            ServiceClosedError: nothing more is accepted.
        """
        return self._put(_Job((), None, self._deadline(), function))

    @property
    def n_queued(self) -> int:
        """Requests that wait."""
        return len(self._queue)

    @property
    def failure(self) -> BaseException | None:
        """Why the engine could not be opened; it never answers then."""
        return self._failure

    def close(self) -> None:
        """Accept no more; what was accepted is still answered."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def join(self, seconds: float | None = None) -> bool:
        """Wait until all that was accepted is answered and the engine is let go; whether it is."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _deadline(self) -> float:
        return time.monotonic() + self._limits.seconds

    def _put(self, job: _Job[S, T]) -> "Future[Any]":
        with self._changed:
            if self._closed:
                raise ServiceClosedError
            if self._failure:
                raise self._failure
            self._forget_the_dead()
            queued = sum(waiting.n_characters for waiting in self._queue) * self._seconds_per_character
            wait = self._until_free() + queued
            if len(self._queue) >= self._limits.queued:
                raise ServiceFullError(f"{len(self._queue)} requests wait already", wait)
            if queued > self._limits.queued_seconds:
                raise ServiceFullError(f"{queued:.1f} s of work wait already", wait)
            is_idle = self._free_at is None and not self._queue
            if not is_idle and wait + job.n_characters * self._seconds_per_character > self._limits.seconds:
                raise ServiceFullError(f"it would take more than {self._limits.seconds:g} s", wait)
            self._queue.append(job)
            self._changed.notify_all()
        return job.future

    def _work(self) -> None:
        _step_back()
        try:
            engine = self._open()
        except BaseException as error:
            with self._changed:
                self._failure = error
                waiting, self._queue = list(self._queue), deque()
            for job in waiting:
                _fail(job.future, error)
            return
        while batch := self._next_batch():
            self._do(engine, batch)

    def _next_batch(self) -> list[tuple[_Job[S, T], Sequence[str]]]:
        """Wait for work: jobs with equal settings, and what of each is in the batch; empty at the end."""
        with self._changed:
            while True:
                self._forget_the_dead()
                if self._queue:
                    break
                if self._closed:
                    return []
                self._changed.wait()
            first = self._queue[0]
            batch = [(first, self._part(first, [], always=True))]
            for job in list(self._queue)[1:]:
                if first.call or job.call or job.settings != first.settings:
                    continue
                taken = [text for _, part in batch for text in part]
                if part := self._part(job, taken):
                    batch.append((job, part))
            for job, _ in batch:
                self._queue.remove(job)
            characters = sum(len(text) for _, part in batch for text in part)
            self._free_at = time.monotonic() + characters * self._seconds_per_character
            return batch

    def _until_free(self) -> float:
        return 0.0 if self._free_at is None else max(0.0, self._free_at - time.monotonic())

    def _part(self, job: _Job[S, T], taken: Sequence[str], always: bool = False) -> Sequence[str]:
        """As many of a job's texts as the batch has room for; at least one if `always`."""
        segments, characters = len(taken), sum(map(len, taken))
        left = job.left
        n = 0
        for text in left:
            segments, characters = segments + 1, characters + len(text)
            fits = segments <= self._limits.segments and characters <= self._limits.characters
            if not (fits or (always and not n)):
                break
            n += 1
        return left[:n]

    def _do(self, engine: Engine[S, T], batch: list[tuple[_Job[S, T], Sequence[str]]]) -> None:
        (first, _), began = batch[0], time.monotonic()
        try:
            if first.call:
                _finish(first.future, first.call(engine))
            else:
                self._translate(engine, batch)
        except BaseException as error:
            if len(batch) == 1:
                _fail(first.future, error)
            else:  # one of them has a fault: it must not be the others'
                for job in batch:
                    self._do(engine, [job])
            return
        finally:
            self._free_at = None
        if not first.call:
            self._learn(sum(len(part) for _, part in batch), batch, time.monotonic() - began)

    def _translate(self, engine: Engine[S, T], batch: list[tuple[_Job[S, T], Sequence[str]]]) -> None:
        settings = batch[0][0].settings
        assert settings is not None
        found = iter(engine.translate([text for _, part in batch for text in part], settings))
        unfinished = []
        for job, part in batch:
            job.done += [next(found) for _ in part]
            if job.left:
                unfinished.append(job)
            else:
                _finish(job.future, job.done)
        with self._changed:
            self._queue.extend(unfinished)  # behind those that have had nothing yet

    def _learn(self, segments: int, batch: list[tuple[_Job[S, T], Sequence[str]]], seconds: float) -> None:
        self._observe(segments, seconds)
        characters = sum(len(text) for _, part in batch for text in part)
        if characters < TELLING:
            return
        new, old = seconds / characters, self._seconds_per_character
        with self._changed:
            self._seconds_per_character = old + MEMORY * (new - old) if old else new

    def _forget_the_dead(self) -> None:
        """Drop requests whose client is gone or whose time is over, before they cost anything more."""
        now = time.monotonic()
        for job in list(self._queue):
            if job.future.cancelled():
                self._queue.remove(job)
            elif job.deadline < now:
                self._queue.remove(job)
                _fail(job.future, DeadlineError(self._limits.seconds))


def _step_back() -> None:
    """Let the thread that answers clients go first, where the system can tell threads apart.

    Those that the engine starts inherit it. Under load an answer would else wait for a processor that
    translates.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _finish(future: "Future[Any]", result: Any) -> None:
    if not future.done() and future.set_running_or_notify_cancel():
        future.set_result(result)


def _fail(future: "Future[Any]", error: BaseException) -> None:
    if not future.done() and future.set_running_or_notify_cancel():
        future.set_exception(error)
