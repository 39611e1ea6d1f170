"""The next batches, made in the background while the model learns from the ones before.

A stream makes a window of tens of thousands of pairs at once, which with subword sampling takes seconds,
and Python computes on one core at a time: a thread would hold up the threads that train. So a process of
its own runs the same stream and sends its batches ahead. What comes is the same, bit for bit, and each
batch brings the position after it, so a run can be resumed as ever.

Should that process be lost, or fail, the stream goes on here from the last position: nothing is missed,
and an error is met where it belongs.
"""

import os
import queue
import signal
import threading
from collections.abc import Generator
from contextlib import suppress
from dataclasses import fields
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import torch
from torch import Tensor

from crosslight.data.batch import Batch
from crosslight.data.stream import Position, Stream

# Fewer pairs are cut within a second or two, which is what a process takes to start.
WORTH_IT = 20_000
# Batches that wait, some tens of MB: at usual speeds more than a new window takes.
DEPTH = 256
NICENESS = 5  # the threads that train go first

Batches = Generator[tuple[Batch, Position], None, None]
Waiting = queue.Queue[tuple[Batch, Position] | None]


def batches_ahead(stream: Stream, position: Position) -> Batches:
    """`stream.batches(position)`, made in the background where that pays. Close it when done."""
    if stream.sampling and len(stream.corpus) >= WORTH_IT:
        yield from prefetched(stream, position)
    else:
        yield from stream.batches(position)


def prefetched(stream: Stream, position: Position, depth: int = DEPTH) -> Batches:
    """`stream.batches(position)`, made by another process, at most about `depth` batches ahead."""
    context = get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(stream, position, writer), daemon=True)
    process.start()
    writer.close()  # with that process alone holding it, its end is the end of what can be read
    waiting: Waiting = queue.Queue(depth)
    thread = threading.Thread(target=_receive, args=(reader, waiting), daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not None:
            position = item[1]
            yield item
    finally:
        process.kill()
        while thread.is_alive():
            with suppress(queue.Empty):
                waiting.get(timeout=0.1)
        process.join()
        process.close()
    yield from stream.batches(position)


def _send(stream: Stream, position: Position, writer: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that trains decides when to stop
    torch.set_num_threads(1)
    with suppress(Exception):
        for n, (batch, after) in enumerate(stream.batches(position)):
            if n == 1 and hasattr(os, "nice"):
                os.nice(NICENESS)  # not before: the first batch is being waited for
            values = {field.name: getattr(batch, field.name) for field in fields(batch)}
            writer.send((_arrays(values), tuple(after)))


def _receive(reader: Connection, waiting: Waiting) -> None:
    with suppress(EOFError, OSError), reader:
        while True:
            values, after = reader.recv()
            waiting.put((Batch(**_tensors(values)), Position(*after)))
    waiting.put(None)


def _arrays(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.numpy() if isinstance(value, Tensor) else value for name, value in values.items()}


def _tensors(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: torch.from_numpy(value) if hasattr(value, "dtype") else value for name, value in values.items()
    }
