"""The numbers of metrics.jsonl once more, as TensorBoard reads them.

A session begins a new file with all numbers so far, and empties the one before: what a crash cut off
from the run is in neither place, and no step is there twice. A TensorBoard that is looking on is told
by the file's first event to forget what it has read.
"""

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

HOW_TO_GET = "TensorBoard events are written where it is installed: pip install 'crosslight[tensorboard]'"
POSITIONS = ("kind", "step", "epoch", "seconds", "tokens")  # where a record stands, not what was measured


class Events:
    """The event file of one session, in a directory that is its own."""

    def __init__(self, directory: Path, records: Iterable[Mapping[str, Any]] = ()) -> None:
        from torch.utils.tensorboard import SummaryWriter

        old = list(directory.glob("events.out.tfevents.*"))
        past = list(records)
        # Relative time in TensorBoard is then time of training, over all sessions.
        self._start = time.time() - (past[-1]["seconds"] if past else 0.0)
        self._writer = SummaryWriter(str(directory), purge_step=0, flush_secs=10)
        for record in past:
            self.add(record)
        self._writer.flush()
        for file in old:
            if file.stat().st_size:
                os.truncate(file, 0)  # a TensorBoard that reads a file waits for it forever once it is gone
            else:
                file.unlink()

    def add(self, record: Mapping[str, Any]) -> None:
        """A record of metrics.jsonl: each of its numbers under "kind/name"; the rest is left out."""
        for name, value in record.items():
            if name not in POSITIONS and isinstance(value, int | float):
                self._writer.add_scalar(
                    f"{record['kind']}/{name}",
                    value,
                    record["step"],
                    walltime=self._start + record["seconds"],
                )

    def close(self) -> None:
        """Write what is still in memory and close the file."""
        self._writer.close()


def available() -> bool:
    """Whether TensorBoard is installed.

    >>> available() in (True, False)
    True
    """
    try:
        import torch.utils.tensorboard  # noqa: F401
    except ImportError:
        return False
    return True
