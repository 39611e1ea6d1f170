"""Downloads that stop, change, lie or do not fit, against a server that is told to misbehave."""

import base64
import builtins
import errno
import hashlib
import json
import random
from pathlib import Path

import pytest

from crosslight.corpora.download import fetch
from crosslight.errors import DownloadError

CONTENT = random.Random(0).randbytes(300_000)
OTHER = random.Random(1).randbytes(250_000)


def cut(server, path: Path, n_bytes: int, content: bytes = CONTENT, etag: str | None = '"v1"') -> str:
    """Begin a download and let the connection break after ``n_bytes``; the address."""
    url = server.put("/x.zip", content, etag)
    server.cut_after = n_bytes
    with pytest.raises(DownloadError, match=rf"x\.zip stopped after {n_bytes:,} of {len(content):,} bytes"):
        fetch(url, path)
    return url


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_whole(server, tmp_path: Path):
    done = fetch(server.put("/x.zip", CONTENT), tmp_path / "new" / "x.zip")
    assert done.path.read_bytes() == CONTENT
    assert (done.n_bytes, done.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert left(tmp_path / "new") == {"x.zip"}


def test_empty(server, tmp_path: Path):
    assert fetch(server.put("/x.zip", b""), tmp_path / "x.zip").n_bytes == 0


def test_progress(server, tmp_path: Path):
    seen = []
    fetch(server.put("/x.zip", CONTENT), tmp_path / "x.zip", progress=lambda *now: seen.append(now))
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    assert seen[-1][0] == len(CONTENT)
    assert all(total == len(CONTENT) and rate > 0 for _, total, rate in seen)


def test_resume_asks_only_for_what_is_missing(server, tmp_path: Path):
    url = cut(server, tmp_path / "x.zip", 100_000)
    assert left(tmp_path) == {"x.zip.part", "x.zip.part.json"}
    assert (tmp_path / "x.zip.part").read_bytes() == CONTENT[:100_000]
    seen = []
    done = fetch(url, tmp_path / "x.zip", progress=lambda *now: seen.append(now[:2]))
    assert done.path.read_bytes() == CONTENT
    assert done.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert server.ranges_asked() == [None, "bytes=100000-"]
    assert server.requests[-1][2]["If-Range"] == '"v1"'
    assert seen[0][0] > 100_000, "progress goes on from where it was"
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert left(tmp_path) == {"x.zip"}


def test_resume_twice(server, tmp_path: Path):
    url = cut(server, tmp_path / "x.zip", 100_000)
    server.cut_after = 50_000
    with pytest.raises(DownloadError, match="stopped after 150,000 of 300,000"):
        fetch(url, tmp_path / "x.zip")
    assert fetch(url, tmp_path / "x.zip").path.read_bytes() == CONTENT
    assert server.ranges_asked() == [None, "bytes=100000-", "bytes=150000-"]


def test_a_changed_file_starts_afresh(server, tmp_path: Path):
    cut(server, tmp_path / "x.zip", 100_000)
    done = fetch(server.put("/x.zip", OTHER, '"v2"'), tmp_path / "x.zip")
    assert done.path.read_bytes() == OTHER
    assert server.ranges_asked() == [None, "bytes=100000-"], "the server itself answers with the whole"


def test_a_server_without_ranges_starts_afresh(server, tmp_path: Path):
    url = cut(server, tmp_path / "x.zip", 100_000)
    server.ranges = False
    assert fetch(url, tmp_path / "x.zip").path.read_bytes() == CONTENT


def test_a_mark_that_lies_about_the_size_starts_afresh(server, tmp_path: Path):
    """Same ETag, another length: the two halves would not fit together."""
    cut(server, tmp_path / "x.zip", 100_000)
    done = fetch(server.put("/x.zip", OTHER, '"v1"'), tmp_path / "x.zip")
    assert done.path.read_bytes() == OTHER
    assert server.ranges_asked() == [None, "bytes=100000-", None]


def test_a_range_that_cannot_be_starts_afresh(server, tmp_path: Path):
    url = cut(server, tmp_path / "x.zip", 100_000)
    (tmp_path / "x.zip.part").write_bytes(bytes(400_000))
    assert fetch(url, tmp_path / "x.zip").path.read_bytes() == CONTENT


def test_another_address_starts_afresh(server, tmp_path: Path):
    cut(server, tmp_path / "x.zip", 100_000)
    assert fetch(server.put("/y.zip", OTHER), tmp_path / "x.zip").path.read_bytes() == OTHER
    assert server.ranges_asked() == [None, None]


@pytest.mark.parametrize("note", ["", "{", "[]", '{"url": 1}'])
def test_a_damaged_note_starts_afresh(server, tmp_path: Path, note):
    url = cut(server, tmp_path / "x.zip", 100_000)
    (tmp_path / "x.zip.part.json").write_text(note)
    assert fetch(url, tmp_path / "x.zip").path.read_bytes() == CONTENT
    assert server.ranges_asked() == [None, None]


@pytest.mark.parametrize("etag", [None, 'W/"v1"'])
def test_without_a_strong_mark_there_is_no_resuming(server, tmp_path: Path, etag):
    url = cut(server, tmp_path / "x.zip", 100_000, etag=etag)
    assert fetch(url, tmp_path / "x.zip").path.read_bytes() == CONTENT
    assert server.ranges_asked() == [None, None]


def test_a_size_that_is_not_kept(server, tmp_path: Path):
    server.announce_more = 7
    with pytest.raises(
        DownloadError, match=r"stopped after 300,000 of 300,007 bytes: the connection was closed"
    ):
        fetch(server.put("/x.zip", CONTENT), tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()


def test_silence_in_the_middle(server, tmp_path: Path, monkeypatch):
    from http.client import HTTPResponse

    def silent(self, n=-1):
        raise TimeoutError("timed out")

    monkeypatch.setattr(HTTPResponse, "read1", silent)
    with pytest.raises(DownloadError, match=r"x\.zip stopped after 0 of 300,000 bytes: timed out"):
        fetch(server.put("/x.zip", CONTENT), tmp_path / "x.zip")


def test_checksum_of_the_caller(server, tmp_path: Path):
    url, right = server.put("/x.zip", CONTENT), hashlib.sha256(CONTENT).hexdigest()
    with pytest.raises(DownloadError, match=rf"x\.zip has the sha256 {right}; expected 00"):
        fetch(url, tmp_path / "x.zip", sha256="0" * 64)
    assert left(tmp_path) == set(), "what is wrong is not resumed"
    assert fetch(url, tmp_path / "x.zip", sha256=right).sha256 == right


@pytest.mark.parametrize("header", ["Repr-Digest: sha-256=:{}:", "Digest: SHA-256={}"])
def test_checksum_of_the_server(server, tmp_path: Path, header):
    name, value = header.split(": ")
    url = server.put("/x.zip", CONTENT)
    server.headers = {name: value.format(base64.b64encode(hashlib.sha256(OTHER).digest()).decode())}
    with pytest.raises(DownloadError, match=rf"expected {hashlib.sha256(OTHER).hexdigest()}"):
        fetch(url, tmp_path / "x.zip")
    server.headers = {name: value.format(base64.b64encode(hashlib.sha256(CONTENT).digest()).decode())}
    assert fetch(url, tmp_path / "x.zip").n_bytes == len(CONTENT)


def test_damage_before_a_resume_is_found(server, tmp_path: Path):
    """The sum is that of the whole file, the part from the earlier attempt included."""
    url = cut(server, tmp_path / "x.zip", 100_000)
    (tmp_path / "x.zip.part").write_bytes(bytes(100_000))
    with pytest.raises(DownloadError, match="has the sha256"):
        fetch(url, tmp_path / "x.zip", sha256=hashlib.sha256(CONTENT).hexdigest())


def test_what_is_whole_is_not_fetched_again(server, tmp_path: Path):
    url = server.put("/x.zip", CONTENT)
    assert fetch(url, tmp_path / "x.zip") == fetch(url, tmp_path / "x.zip")
    assert len(server.requests) == 1


def test_full_disk_keeps_what_has_arrived(server, tmp_path: Path, monkeypatch):
    url = server.put("/x.zip", CONTENT)

    class Full:
        """A file with room for 100,000 bytes."""

        def __init__(self, file):
            self.file, self.room = file, 100_000

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.file.close()

        def write(self, data):
            self.room -= len(data)
            if self.room < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            return self.file.write(data)

    def small(path, mode="r", *args, **kwargs):
        file = builtins.open(path, mode, *args, **kwargs)  # noqa: SIM115 (handed to the caller)
        return Full(file) if mode in ("wb", "ab") else file

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", small)
        with pytest.raises(DownloadError, match=r"the disk is full: no room to write .*x\.zip") as caught:
            fetch(url, tmp_path / "x.zip")
    assert "goes on from there" in caught.value.cure
    kept = (tmp_path / "x.zip.part").stat().st_size
    assert 0 < kept <= 100_000
    assert json.loads((tmp_path / "x.zip.part.json").read_text())["total"] == len(CONTENT)
    assert fetch(url, tmp_path / "x.zip").path.read_bytes() == CONTENT
    assert server.ranges_asked()[-1] == f"bytes={kept}-"


def test_a_folder_that_is_a_file(server, tmp_path: Path):
    (tmp_path / "data").write_text("")
    with pytest.raises(DownloadError, match=r"data/x\.zip cannot be written: (File exists|Not a directory)"):
        fetch(server.put("/x.zip", CONTENT), tmp_path / "data" / "x.zip")


def test_a_key_press_keeps_what_has_arrived(server, tmp_path: Path):
    def stop(done, total, rate):
        raise KeyboardInterrupt

    url = server.put("/x.zip", CONTENT)
    with pytest.raises(KeyboardInterrupt):
        fetch(url, tmp_path / "x.zip", progress=stop)
    kept = (tmp_path / "x.zip.part").stat().st_size
    assert fetch(url, tmp_path / "x.zip").path.read_bytes() == CONTENT
    assert server.ranges_asked() == [None, f"bytes={kept}-"]
