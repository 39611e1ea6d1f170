"""Lines as they arrive: what has come is handed on, and nobody waits for lines that were not sent yet.

A file is all there, and is read in large blocks. Whoever writes a line into a pipe may be waiting for the
answer before writing the next one: so from a pipe comes a block of what can be read within a moment.
"""

import os
import select
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator

from crosslight.text.corpus import lines_in, read_lines
from crosslight.text.opening import STDIN

MOMENT = 0.02  # seconds to wait for more lines; a pipe from a file brings thousands in that time
CHUNK = 1 << 16


def line_blocks(path: str, at_once: int) -> tuple[Iterator[list[str]], bool]:
    """The lines of a file in blocks of so many at most, and whether somebody may wait for each answer.

    Raises:
        CorpusError: as `read_lines`, while reading.
    """
    if path != STDIN:
        return blocks(read_lines(path), at_once), False
    if sys.stdin.isatty():
        return blocks(read_lines(path), 1), True
    try:
        number = sys.stdin.fileno()
        is_pipe = not stat.S_ISREG(os.fstat(number).st_mode)
    except OSError:  # no file of the system's
        is_pipe = False
    if not is_pipe:
        return blocks(read_lines(path), at_once), False
    pipe = Pipe(number)
    return blocks(lines_in(pipe, path), at_once, pipe.is_ready), True


def blocks(
    lines: Iterable[str], at_once: int, is_ready: Callable[[float], bool] | None = None
) -> Iterator[list[str]]:
    """Lines in blocks of so many; of fewer where the next line is not ready.

    Args:
        is_ready: (seconds to wait) -> whether reading on would not wait any longer. Without it
            there is no limit to the waiting.
    """
    lines = iter(lines)
    for line in lines:
        block = [line]
        until = time.monotonic() + MOMENT
        while len(block) < at_once and (is_ready is None or is_ready(until - time.monotonic())):
            more = next(lines, None)
            if more is None:
                break
            block.append(more)
        yield block


class Pipe:
    """Lines of bytes from a file of the system's, that knows whether the next one is there.

    It has a buffer of its own: nobody else may read from the same file.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._buffer = b""
        self._at = 0  # what stands before it has been handed out
        self._seen = 0  # no line end stands between `_at` and here
        self._is_over = False

    def is_ready(self, seconds: float = 0.0) -> bool:
        """Whether `readline` would not wait, if need be after waiting so long for what is missing."""
        until = time.monotonic() + seconds
        while not self._has_line():
            left = max(0.0, until - time.monotonic())
            try:
                if not select.select([self._number], [], [], left)[0]:
                    return False
            except (OSError, ValueError):  # a system that cannot tell, for this kind of file
                return True
            self._read()
        return True

    def readline(self, limit: int, /) -> bytes:
        """The next line with its end, at most so many bytes of it; nothing at the end."""
        while not self._has_line() and len(self._buffer) - self._at < limit:
            self._read()
        end = self._buffer.find(b"\n", self._at) + 1 or len(self._buffer)
        line = self._buffer[self._at : min(end, self._at + limit)]
        self._at += len(line)
        self._seen = self._at
        return line

    def _has_line(self) -> bool:
        if self._is_over:
            return True
        found = self._buffer.find(b"\n", self._seen)
        self._seen = len(self._buffer) if found < 0 else found
        return found >= 0

    def _read(self) -> None:
        more = os.read(self._number, CHUNK)
        self._buffer = self._buffer[self._at :] + more
        self._seen -= self._at
        self._at = 0
        self._is_over = not more
