"""Files that outlive a power cut: what is said to be written is on the disk, not on its way there.

A system keeps what is written in memory for a while, the names of files too. So a file is complete
after a crash only if it was flushed *before* it took its name, and its name stays only if the directory
was flushed after. Everything that resuming or using a model needs is written in this order:

    write beside the place ─► flush the file ─► rename over the place ─► flush the directory
"""

import errno
import os
from pathlib import Path


def flush(path: Path) -> None:
    """Return when the content of a file, or the names in a directory, are on the disk.

    Directories cannot be flushed everywhere; where they cannot, the file system does without.

    Raises:
        OSError: the disk fails.
    """
    is_directory = path.is_dir()
    if is_directory and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if is_directory else os.O_RDWR)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if not is_directory or error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def flush_tree(directory: Path) -> None:
    """Flush a directory and everything below it.

    Raises:
        OSError: the disk fails.
    """
    for path in sorted(directory.rglob("*")):
        flush(path)
    flush(directory)


def take_place(beside: Path, place: Path) -> None:
    """Let the file `beside`, complete but not yet flushed, replace the one in `place` for good.

    Raises:
        OSError: the disk fails; what was in `place` is still there.
    """
    flush(beside)
    os.replace(beside, place)
    flush(place.parent)
