"""One file from a server to the disk: resumed where it stopped, checked, and whole when it has its name.

    corpus.zip.part        what has arrived
    corpus.zip.part.json   of what: address, size, and the server's mark of that version (its ETag)
    corpus.zip             only when the size and the checksum are right

A stopped download asks for the missing bytes only, on the condition that the file is still the same
one (HTTP ``Range`` with ``If-Range``, RFC 9110 section 13.1.5); if it changed, it starts afresh.
"""

import base64
import hashlib
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http.client import HTTPException
from pathlib import Path

from crosslight.corpora.disk import part_of, sha256_of, writing
from crosslight.corpora.web import TIMEOUT_SECONDS, Response, ask
from crosslight.errors import DownloadError

CHUNK_BYTES = 1 << 16

Progress = Callable[[int, int | None, float], None]
"""Called with the bytes that are there, the bytes of the whole (None if unknown), and bytes per second."""


@dataclass(frozen=True)
class Downloaded:
    """A file that arrived whole; ``sha256`` in hexadecimal digits."""

    path: Path
    n_bytes: int
    sha256: str


@dataclass(frozen=True)
class _Version:
    """Which version of which file a part belongs to."""

    url: str
    mark: str
    total: int


def fetch(
    url: str,
    path: Path,
    *,
    sha256: str | None = None,
    progress: Progress | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Downloaded:
    """Download ``url`` to ``path``, going on from an earlier attempt if there is one.

    The size is compared with what the server announced, and the SHA-256 with ``sha256`` or else
    with the one that the server gives, if it does. A file that arrived with a wrong sum is removed;
    one that stopped on the way is kept, for the next call. A file ``path`` that is there already
    arrived whole, and is taken as it is.

    Raises:
        DownloadError: the server cannot be reached or refuses, the connection stops, the file
            differs from its checksum, or the disk does not take it.
    """
    if path.exists():
        return Downloaded(path, path.stat().st_size, sha256_of(path))
    part = part_of(path)
    note = part.with_name(f"{part.name}.json")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        response, start = _open(url, part, note, timeout_seconds)
        with response:
            total = _total(response, start)
            _remember(note, url, response, total)
            n_bytes, digest = _receive(response, part, start, total, progress)
            if total is not None and n_bytes != total:
                raise _stopped(path, n_bytes, total, "the connection was closed")
            expected = sha256 or _server_sha256(response)
        if expected and expected != digest:
            part.unlink()
            note.unlink(missing_ok=True)
            raise DownloadError(
                f"{path.name} has the sha256 {digest}; expected {expected}",
                "download it again; if it stays so, the file was changed on the server: remove the .sha256 "
                "file that recorded the earlier one only if you trust the new one",
            )
        os.replace(part, path)
        note.unlink(missing_ok=True)
    return Downloaded(path, n_bytes, digest)


def _open(url: str, part: Path, note: Path, timeout_seconds: float) -> tuple[Response, int]:
    """The answer to read from, and the number of bytes of the part that it follows (0: start afresh)."""
    version = _recall(note, url)
    start = part.stat().st_size if version and part.exists() else 0
    if version and start:
        headers = {"Range": f"bytes={start}-", "If-Range": version.mark}
        response = ask(url, headers=headers, accept=(416,), timeout_seconds=timeout_seconds)
        if response.status == 200:  # another version, or a server that does not resume
            return response, 0
        if response.headers.get("Content-Range") == f"bytes {start}-{version.total - 1}/{version.total}":
            return response, start
        response.close()
    return ask(url, timeout_seconds=timeout_seconds), 0


def _receive(
    response: Response, part: Path, start: int, total: int | None, progress: Progress | None
) -> tuple[int, str]:
    """Append what arrives to the part; how many bytes it has then, and their SHA-256."""
    n_bytes, began = start, time.monotonic()
    digest = hashlib.sha256()
    if start:
        with part.open("rb") as earlier:
            digest = hashlib.file_digest(earlier, "sha256")
    with part.open("ab" if start else "wb") as file:
        while chunk := _read(response, part, n_bytes, total):
            file.write(chunk)
            digest.update(chunk)
            n_bytes += len(chunk)
            if progress:
                progress(n_bytes, total, (n_bytes - start) / max(time.monotonic() - began, 1e-6))
    return n_bytes, digest.hexdigest()


def _read(response: Response, part: Path, n_bytes: int, total: int | None) -> bytes:
    try:
        return response.read1(CHUNK_BYTES)
    except (OSError, HTTPException) as error:  # of the network: those of the disk come from elsewhere
        raise _stopped(part.with_suffix(""), n_bytes, total, str(error) or type(error).__name__) from error


def _stopped(path: Path, n_bytes: int, total: int | None, reason: str) -> DownloadError:
    size = f"{total:,}" if total is not None else "an unknown number of"
    return DownloadError(
        f"the download of {path.name} stopped after {n_bytes:,} of {size} bytes: {reason}",
        "run the same command again: it goes on from there",
    )


def _total(response: Response, start: int) -> int | None:
    length = response.headers.get("Content-Length", "")
    return start + int(length) if length.isdecimal() else None


def _remember(note: Path, url: str, response: Response, total: int | None) -> None:
    """Write down which version this is; without a strong mark of it there is no resuming."""
    etag = response.headers.get("ETag", "")
    mark = etag if etag.startswith('"') else response.headers.get("Last-Modified", "")
    if mark and total is not None:
        note.write_text(json.dumps(asdict(_Version(url, mark, total))), encoding="utf-8")
    else:
        note.unlink(missing_ok=True)


def _recall(note: Path, url: str) -> _Version | None:
    try:
        version = _Version(**json.loads(note.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):  # never begun, or the note itself was cut
        return None
    return version if version.url == url else None


def _server_sha256(response: Response) -> str | None:
    """The checksum that the server gives for the whole file (RFC 9530, and RFC 3230 before it)."""
    for header, pattern in (("Repr-Digest", r"sha-256=:([^:]+):"), ("Digest", r"sha-256=([^,]+)")):
        if match := re.search(pattern, response.headers.get(header, ""), re.IGNORECASE):
            return base64.b64decode(match[1]).hex()
    return None
