"""Where a command's result goes: standard output, or a file that is whole or not there."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import typer

from crosslight.errors import CrosslightError
from crosslight.tasks.files import write_bytes, written


@contextmanager
def results(name: str = "-") -> Iterator[TextIO]:
    """The file of this name to write to; `-` is standard output.

    Where the reader of standard output has seen enough (`| head`), the program ends and nothing is wrong.

    Raises:
        CrosslightError: it cannot be written.
    """
    if name != "-":
        with written(Path(name)) as file:
            yield file
        return
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_the_rest()
        raise typer.Exit from None
    except OSError as error:
        _discard_the_rest()
        raise CrosslightError(
            f"standard output could not be written: {error.strerror or error}",
            "check the place that it is redirected to",
        ) from error


def put(name: str, data: bytes) -> None:
    """Write all of a result, in bytes, to the file of this name; `-` is standard output.

    Raises:
        CrosslightError: it cannot be written.
    """
    if name != "-":
        write_bytes(Path(name), data)
        return
    with results() as out:
        out.flush()
        out.buffer.write(data)


def _discard_the_rest() -> None:
    """Python flushes what is left at its end, and would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
