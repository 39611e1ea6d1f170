"""Files that appear whole or not at all: written under ``.part`` names, renamed at the end."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from crosslight.errors import DownloadError


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn whatever keeps the body from writing ``path`` into an error for people.

    Raises:
        DownloadError: the disk is full, or the folder or file cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DownloadError(
                f"the disk is full: no room to write {path}",
                "free some space, or choose another folder with -o; what has arrived is kept, "
                "and the same command goes on from there",
            ) from error
        raise DownloadError(
            f"{path} cannot be written: {error.strerror or error}",
            "choose a folder that you may write to with -o",
        ) from error


@contextmanager
def appearing_together(src: Path, tgt: Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Two files to write, which take their names only if the body ends well; else nothing is left.

    Raises:
        DownloadError: one of them cannot be written.
    """
    parts = part_of(src), part_of(tgt)
    try:
        with writing(src):
            with parts[0].open("wb") as src_file, parts[1].open("wb") as tgt_file:
                yield src_file, tgt_file
            os.replace(parts[0], src)
            os.replace(parts[1], tgt)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def part_of(path: Path) -> Path:
    """Return the name that a file has until it is whole."""
    return path.with_name(f"{path.name}.part")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
