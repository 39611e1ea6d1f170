"""Files of text, opened: plain, ``.gz`` or ``.xz``, or standard input; failures told as what they are."""

import difflib
import gzip
import lzma
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from crosslight.errors import CorpusError

STDIN = "-"


@contextmanager
def opened(path: Path | str) -> Iterator[IO[bytes]]:
    """The decompressed bytes of a file.

    Raises:
        CorpusError: no such file, a folder, a damaged archive, or a file that cannot be read.
    """
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


def _nearest(path: Path) -> str:
    if not path.parent.is_dir():
        return f"check the path: the folder {path.parent} does not exist either"
    names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.5)
    if near:
        return f"did you mean {path.parent / near[0]}?"
    return f"check the path: no file in {path.parent.absolute()} has a similar name"
