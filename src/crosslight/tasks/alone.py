"""One process at a time in a directory: two that train the same run would write over each other."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from crosslight.errors import RunError

LOCK = ".lock"
PATIENCE = 5.0  # seconds: one that was told to stop may still be saving


@contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Inside, no other process that asks here works in a directory, which is made if need be.

    The system unlocks when the process ends, however it ends; the file of the lock stays, and means nothing.
    Where nothing else has come into the directory, it is left as it was found.

    Raises:
        RunError: another process is at work there, or nothing can be written there.
    """
    existed = directory.is_dir()
    lock = FileLock(directory / LOCK)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        raise RunError(
            f"another process is at work in {directory}",
            "wait until it is done, or stop it; or choose another place with -o",
        ) from None
    except OSError as error:
        raise RunError(
            f"{directory} could not be written: {error}",
            "check that the place exists, may be written, and has space left",
        ) from error
    try:
        yield
    finally:
        lock.release()
        with suppress(OSError):
            if holds_nothing(directory):
                (directory / LOCK).unlink()
                if not existed:
                    directory.rmdir()


def holds_nothing(directory: Path) -> bool:
    """Whether there is nothing in a directory but a lock."""
    return all(path.name == LOCK for path in directory.iterdir())
