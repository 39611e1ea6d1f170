"""Files that are whole or not there: written beside their place and renamed over it at the end."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from crosslight.durable import take_place
from crosslight.errors import CrosslightError


@contextmanager
def written(path: Path) -> Iterator[TextIO]:
    """A text file (UTF-8) to write; any exception leaves what was there before.

    What is no plain file, such as a device or a named pipe, is written directly.

    Raises:
        CrosslightError: it cannot be written.
    """
    with _beside(path) as beside, beside.open("w", encoding="utf-8", newline="\n") as file:
        yield file


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Where to write what is to be at `path`; it goes there when all is written."""
    place = path.resolve()
    is_plain = place.is_file() or not place.exists()
    beside = place.with_name(place.name + ".part") if is_plain else place
    try:
        yield beside
        if is_plain:
            take_place(beside, place)
    except OSError as error:
        raise CrosslightError(
            f"{path} could not be written: {error.strerror or error}",
            "check that the folder exists, may be written, and has space left",
        ) from error
    finally:
        if is_plain:
            with suppress(OSError):
                beside.unlink()


def write_text(path: Path, text: str) -> None:
    """All of `text` as the content of a file, or the file as it was before.

    Raises:
        CrosslightError: it cannot be written.
    """
    with written(path) as file:
        file.write(text)


def write_bytes(path: Path, data: bytes) -> None:
    """All of `data` as the content of a file, or the file as it was before.

    Raises:
        CrosslightError: it cannot be written.
    """
    with _beside(path) as beside:
        beside.write_bytes(data)
