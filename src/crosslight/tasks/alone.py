"""One process at a time in a directory: two that train the same run would write over each other."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from crosslight.errors import RunError

LOCK = ".lock"
PATIENCE = 5.0  # seconds: one that was told to stop may still be saving


@contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Inside, no other process works in a directory that is there, as far as it asks here.

    The system unlocks when the process ends, however it ends; the file of the lock stays, and means nothing.

    Raises:
        RunError: another process is at work there.
    """
    lock = FileLock(directory / LOCK)
    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        raise RunError(
            f"another process is at work in {directory}",
            "wait until it is done, or stop it; or choose another place with -o",
        ) from None
    try:
        yield
    finally:
        lock.release()
