"""A package: the directory that an export makes, whole or not there, and never over something else."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crosslight.durable import flush, flush_tree
from crosslight.errors import ExportError

CERTIFICATE = "certificate.json"  # by which a package is known


@contextmanager
def written_package(directory: Path) -> Iterator[Path]:
    """An empty directory to fill; at the end it takes its place. Any exception leaves what was there.

    Raises:
        ExportError: it cannot be written, or the place holds something that is no package.
    """
    if directory.exists() and not (directory / CERTIFICATE).is_file():
        raise ExportError(
            f"{directory} exists and is no earlier export: it has no {CERTIFICATE}",
            "choose another directory, or move that one away",
        )
    beside = directory.with_name(f"{directory.name}.{os.getpid()}.part")
    old = directory.with_name(f"{directory.name}.{os.getpid()}.old")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        yield beside
        flush_tree(beside)
        if directory.exists():
            directory.rename(old)
        beside.rename(directory)
        flush(directory.parent)
    except OSError as error:
        if old.is_dir() and not directory.exists():
            old.rename(directory)
        raise ExportError(
            f"{directory} could not be written: {error.strerror or error}",
            "check that the place may be written and has space left; what was there before is untouched",
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
