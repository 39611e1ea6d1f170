"""Files to sentence pairs, line by line, without ever losing or shifting a line.

A parallel corpus is two text files whose line *i* say the same thing, or one file with two
tab-separated columns. Everything downstream trusts that alignment, so this file is strict where
Python is lenient: only ``\\n`` and ``\\r\\n`` end a line (``str.splitlines`` would also split at
U+2028, NEL, VT and FF, which occur inside real sentences, and shift one side), bytes must be UTF-8,
and two files of different length are an error that says where they part.

Files may be plain, ``.gz`` or ``.xz``; ``-`` is standard input. Nothing is read whole into memory.
"""

import difflib
import gzip
import lzma
import random
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import IO, Protocol, cast

from crosslight.errors import CorpusError
from crosslight.text.alignment import describe_parting

MAX_LINE_BYTES = 10_000_000
STDIN = "-"


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
    with _opened(path) as file:
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
    """The pairs of two aligned files (a tuple) or of one TSV file (a path).

    Raises:
        CorpusError: as ``read_parallel`` or ``read_tsv``.
    """
    return read_parallel(*source) if isinstance(source, tuple) else read_tsv(source)


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


@contextmanager
def _opened(path: Path | str) -> Iterator[IO[bytes]]:
    """The decompressed bytes of a file, with every failure of reading told as a CorpusError."""
    if str(path) == STDIN:
        yield sys.stdin.buffer
        return
    path = Path(path)
    if path.is_dir():
        raise CorpusError(f"{path} is a folder, expected a text file", "give the path of one file in it")
    if not path.exists():
        raise CorpusError(f"{path} does not exist", _nearest(path))
    # The three libraries raise five classes for one thing: the bytes do not make an archive.
    damage = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)
    try:
        with _decompressed(path) as file:
            yield file
    except damage as error:
        raise CorpusError(
            f"{path} is damaged or not a {path.suffix} archive: {error}", "copy or download it again"
        ) from error
    except OSError as error:
        raise CorpusError(
            f"{path} cannot be read: {error.strerror or error}", "check the file's permissions and its disk"
        ) from error


def _decompressed(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path, "rb"))
    if path.suffix == ".xz":
        return lzma.open(path, "rb")
    return path.open("rb")


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


def _nearest(path: Path) -> str:
    if not path.parent.is_dir():
        return f"check the path: the folder {path.parent} does not exist either"
    names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.5)
    if near:
        return f"did you mean {path.parent / near[0]}?"
    return f"check the path: no file in {path.parent.absolute()} has a similar name"


def _is_pipe(path: Path | str) -> bool:
    return str(path) == STDIN or Path(path).is_fifo()


def _name(path: Path | str) -> str:
    return "standard input" if str(path) == STDIN else str(path)


def _excerpt(line: str, limit: int = 80) -> str:
    return repr(line if len(line) <= limit else line[:limit] + "…")
