"""From what was downloaded to two aligned files: line n of one translates line n of the other.

Nothing from inside an archive names a file here: the two members and the notices are recognized,
read, and written under names that we chose. Texts pass as bytes; only ``\\n`` ends a line.
"""

import bz2
import re
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from crosslight.corpora.languages import LanguagePair
from crosslight.errors import DownloadError

CHUNK_BYTES = 1 << 20
MAX_NOTICE_BYTES = 1 << 20
_NOTICE = re.compile(r"(LICEN[CS]E|README|COPYING)(\.\w+)?", re.IGNORECASE)
_AGAIN = "download it again; if it stays so, report it to those who keep the corpus and take another one"


def unpack_moses(archive: Path, pair: LanguagePair, src: BinaryIO, tgt: BinaryIO) -> tuple[int, str]:
    """Write the two sides of a zip in Moses form; return the number of pairs, and its notices.

    The notices are the texts of its LICENSE and README, one after the other, or "".

    Raises:
        DownloadError: not a whole zip, a member that would leave the folder, a side that is
            missing, or sides of unequal length.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            names = opened.namelist()
            for name in names:
                _require_inside(archive, name)
            members = [_member(archive, names, pair, language) for language in (pair.src, pair.tgt)]
            n_src, n_tgt = (_copy(opened, m, out) for m, out in zip(members, (src, tgt), strict=True))
            notices = _notices(opened)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise DownloadError(f"{archive.name} is not a whole zip archive: {error}", _AGAIN) from error
    if n_src != n_tgt:
        raise DownloadError(
            f"{archive.name} is not aligned: {members[0]} has {n_src:,} lines, {members[1]} has {n_tgt:,}",
            _AGAIN,
        )
    return n_src, notices


def join_export(
    src_sentences: Path, tgt_sentences: Path, links: Path, src: BinaryIO, tgt: BinaryIO
) -> tuple[int, str]:
    """Write the linked sentences of Tatoeba's export; return the number of pairs, and its notice.

    Sentences are *id TAB language TAB text*, links *id TAB id*. A sentence with several
    translations makes several pairs; a link to a sentence that was deleted makes none.
    Holds the sentences that are linked in memory: about 200 bytes each.

    Raises:
        DownloadError: a file is damaged, or nothing is linked.
    """
    src_ids, tgt_ids = array("q"), array("q")
    for first, second in _rows(links, 2):
        src_ids.append(int(first))
        tgt_ids.append(int(second))
    src_texts, tgt_texts = _texts(src_sentences, set(src_ids)), _texts(tgt_sentences, set(tgt_ids))
    n_pairs = 0
    for src_id, tgt_id in zip(src_ids, tgt_ids, strict=True):
        if src_id in src_texts and tgt_id in tgt_texts:
            src.write(src_texts[src_id] + b"\n")
            tgt.write(tgt_texts[tgt_id] + b"\n")
            n_pairs += 1
    if not n_pairs:
        raise DownloadError(f"{links.name} links no sentences of the two languages", _AGAIN)
    return n_pairs, "Sentences of https://tatoeba.org by its contributors, CC BY 2.0 FR.\n"


def _texts(path: Path, wanted: set[int]) -> dict[int, bytes]:
    return {number: text for first, _, text in _rows(path, 3) if (number := int(first)) in wanted}


def _rows(path: Path, n_columns: int) -> Iterator[list[bytes]]:
    """The rows of a packed table, the last column with whatever it holds."""
    try:
        with bz2.open(path) as file:
            for number, line in enumerate(file, start=1):
                row = line.rstrip(b"\n").split(b"\t", n_columns - 1)
                if len(row) != n_columns or not row[0].isdigit():
                    raise DownloadError(
                        f"{path.name}, line {number} is {line[:50]!r}; expected {n_columns} columns",
                        _AGAIN,
                    )
                yield row
    except (OSError, EOFError) as error:
        raise DownloadError(f"{path.name} is not a whole bzip2 file: {error}", _AGAIN) from error


def _require_inside(archive: Path, name: str) -> None:
    windows, posix = PureWindowsPath(name), PurePosixPath(name)
    if posix.is_absolute() or windows.drive or windows.root or ".." in windows.parts:
        raise DownloadError(
            f"{archive.name} has a member {name!r}, which leaves the folder it is unpacked in",
            "do not use this archive: nobody makes such a name by accident",
        )


def _member(archive: Path, names: list[str], pair: LanguagePair, language: str) -> str:
    """The one member with the sentences of a language: ``NAME.en-fr.fr`` or ``NAME.fr-en.fr``."""
    endings = tuple(f".{a}-{b}.{language}" for a, b in ((pair.src, pair.tgt), (pair.tgt, pair.src)))
    found = [name for name in names if name.endswith(endings)]
    if len(found) != 1:
        raise DownloadError(
            f"{archive.name} has {len(found)} members that end in {' or '.join(endings)}; expected one "
            f"(it has {', '.join(names[:6]) or 'none at all'})",
            "choose another corpus for this pair",
        )
    return found[0]


def _copy(archive: zipfile.ZipFile, member: str, out: BinaryIO) -> int:
    """Copy a member in pieces; the number of its lines, one without an end included."""
    n_lines, last = 0, b"\n"
    with archive.open(member) as file:
        while chunk := file.read(CHUNK_BYTES):
            out.write(chunk)
            n_lines += chunk.count(b"\n")
            last = chunk[-1:]
    return n_lines + (last != b"\n")


def _notices(archive: zipfile.ZipFile) -> str:
    texts = []
    for name in sorted(archive.namelist()):
        if _NOTICE.fullmatch(PurePosixPath(name).name):
            with archive.open(name) as file:
                text = file.read(MAX_NOTICE_BYTES).decode("utf-8", "replace")
            texts.append(f"==> {name} <==\n{text.strip()}\n")
    return "\n".join(texts)
