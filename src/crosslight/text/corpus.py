"""Files to sentence pairs, line by line, without ever losing or shifting a line.

A parallel corpus is two text files whose line *i* say the same thing, one file with two
tab-separated columns, or a translation memory (`text/tmx.py`). Everything downstream trusts that
alignment, so this file is strict where Python is lenient: only ``\\n`` and ``\\r\\n`` end a line
(``str.splitlines`` would also split at U+2028, NEL, VT and FF, which occur inside real sentences, and
shift one side), bytes must be UTF-8, and two files of different length are an error that says where they
part.

Files may be plain, ``.gz`` or ``.xz``; ``-`` is standard input. Nothing is read whole into memory.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Protocol

from crosslight.errors import CorpusError
from crosslight.text.alignment import describe_parting
from crosslight.text.opening import STDIN, opened
from crosslight.text.tmx import is_tmx, read_tmx

MAX_LINE_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence and its translation."""

    src: str
    tgt: str


class ByteLines(Protocol):
    """What is asked of an open file."""

    def readline(self, limit: int, /) -> bytes:
        """The next line with its end, at most so many bytes of it; nothing at the end."""


def read_lines(path: Path | str) -> Iterator[str]:
    """The lines of a UTF-8 text file, without their line ends.

    A byte order mark at the start is dropped, a last line counts with or without its ``\\n``, and
    every other character is kept, NUL and lone ``\\r`` included.

    Raises:
        CorpusError: no such file, a folder, a damaged archive, bytes that are not UTF-8, or a line
            of more than ``MAX_LINE_BYTES`` bytes.
    """
    with opened(path) as file:
        yield from lines_in(file, path)


def lines_in(file: ByteLines, path: Path | str) -> Iterator[str]:
    """The lines of an open file, as `read_lines` gives those of a path, which here is only its name.

    Raises:
        CorpusError: bytes that are not UTF-8, or a line of more than ``MAX_LINE_BYTES`` bytes.
    """
    number = 0
    while raw := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(raw) > MAX_LINE_BYTES:
            raise CorpusError(
                f"line {number} of {_name(path)} is longer than {MAX_LINE_BYTES:,} bytes; "
                "one sentence a line was expected",
                "split the text into lines, one sentence each",
            )
        line = _decoded(raw.removesuffix(b"\n"), path, number)
        if raw.endswith(b"\r\n"):
            line = line[:-1]
        yield line.removeprefix("\ufeff") if number == 1 else line


def read_parallel(src: Path | str, tgt: Path | str) -> Iterator[Pair]:
    """The pairs of two aligned files: line *i* of ``src`` with line *i* of ``tgt``.

    The shorter file never cuts the longer one off silently: the error comes when it ends.
    To know before the first pair is used, call ``check_parallel``.

    Raises:
        CorpusError: as ``read_lines``, or the files differ in their number of lines.
    """
    if str(src) == STDIN and str(tgt) == STDIN:
        raise CorpusError(
            "both sides are '-', but standard input can only be read once",
            "give a file for one side, or pipe a TSV of two columns",
        )
    counts = [0, 0]
    for a, b in zip_longest(read_lines(src), read_lines(tgt)):
        counts[0] += a is not None
        counts[1] += b is not None
        if a is not None and b is not None:
            yield Pair(a, b)
    if counts[0] != counts[1]:
        raise _unequal(src, tgt, counts[0], counts[1])


def check_parallel(src: Path | str, tgt: Path | str) -> int:
    """How many pairs two aligned files hold, after reading both to the end.

    Raises:
        CorpusError: as ``read_parallel``; also for a pipe, which could not be read again afterwards.
    """
    for path in (src, tgt):
        if _is_pipe(path):
            raise CorpusError(
                f"{_name(path)} cannot be counted first: it is a pipe, which can only be read once",
                "save it to a file and give the file's name",
            )
    return sum(1 for _ in read_parallel(src, tgt))


def read_tsv(path: Path | str) -> Iterator[Pair]:
    """The pairs of a tab-separated file: its first two columns; further columns are ignored.

    Raises:
        CorpusError: as ``read_lines``, or a line without a tab.
    """
    for number, line in enumerate(read_lines(path), start=1):
        columns = line.split("\t", 2)
        if len(columns) < 2:
            raise CorpusError(
                f"line {number} of {_name(path)} has one column, expected two separated by a tab: "
                f"{_excerpt(line)}",
                "write source, a tab, target; or give two aligned files instead of one TSV",
            )
        yield Pair(columns[0], columns[1])


def read_pairs(source: tuple[Path | str, Path | str] | Path | str) -> Iterator[Pair]:
    """The pairs of two aligned files (a tuple), or of one TSV or TMX file (a path).

    Raises:
        CorpusError: as ``read_parallel``, ``read_tsv`` or ``text.tmx.read_tmx``.
    """
    if isinstance(source, tuple):
        return read_parallel(*source)
    if is_tmx(source):
        return (Pair(*sides) for sides in read_tmx(source))
    return read_tsv(source)


def sample_lines(lines: Iterable[str], n: int, seed: int) -> list[str]:
    """``n`` of the lines, each as likely as any other, or all of them where there are no more.

    Reads the lines once and never holds more than ``n`` (reservoir sampling).

    >>> sample_lines(["a", "b"], n=3, seed=0)
    ['a', 'b']
    """
    chance = random.Random(seed)
    sample: list[str] = []
    for count, line in enumerate(lines, start=1):
        if count <= n:
            sample.append(line)
        elif (place := chance.randrange(count)) < n:
            sample[place] = line
    return sample


def _decoded(raw: bytes, path: Path | str, number: int) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        utf16 = number == 1 and raw[:2] in (b"\xff\xfe", b"\xfe\xff")
        raise CorpusError(
            f"line {number} of {_name(path)} is not UTF-8: byte 0x{raw[error.start]:02x} at byte offset "
            f"{error.start} of the line ({error.reason})",
            f"convert the file, for example: iconv -f {'utf-16' if utf16 else 'latin1'} -t utf-8",
        ) from None


def _unequal(src: Path | str, tgt: Path | str, n_src: int, n_tgt: int) -> CorpusError:
    message = (
        f"{_name(src)} has {n_src:,} lines, {_name(tgt)} has {n_tgt:,}; "
        "aligned files have the same number of lines"
    )
    cure = "align the files line by line; the last complete pair is at the end of the shorter file"
    if not (_is_pipe(src) or _is_pipe(tgt)):
        parting = describe_parting(lambda: read_lines(src), lambda: read_lines(tgt))
        if parting is not None:
            return CorpusError(f"{message}. {parting.sentence}", parting.cure)
    return CorpusError(message, cure)


def _is_pipe(path: Path | str) -> bool:
    return str(path) == STDIN or Path(path).is_fifo()


def _name(path: Path | str) -> str:
    return "standard input" if str(path) == STDIN else str(path)


def _excerpt(line: str, limit: int = 80) -> str:
    return repr(line if len(line) <= limit else line[:limit] + "…")
