"""A server on this machine that behaves like OPUS and Tatoeba, or misbehaves when told to."""

import bz2
import io
import json
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

PAIRS = [("Le chat dort.", "The cat sleeps."), ("Il pleut.", "It rains."), ("Ça va ?", "How are you?")]


class Server:
    """Files by path, and the ways in which serving them can go wrong."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.files: dict[str, bytes] = {}
        self.etags: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.cut_after: int | None = None  # close the connection after so many bytes, once
        self.announce_more = 0  # claim to send so many bytes more than there are
        self.ranges = True
        self.status: dict[str, int] = {}

    def put(self, path: str, content: bytes, etag: str | None = '"v1"') -> str:
        self.files[path] = content
        if etag:
            self.etags[path] = etag
        return self.url + path

    def asked(self, method: str = "GET") -> list[str]:
        return [path for asked, path, _ in self.requests if asked == method]

    def ranges_asked(self) -> list[str | None]:
        return [headers.get("Range") for method, _, headers in self.requests if method == "GET"]


def _handler(server: Callable[[], Server]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_HEAD(self):
            self._serve(body=False)

        def do_GET(self):
            self._serve(body=True)

        def _serve(self, body):
            state, path = server(), urlsplit(self.path).path
            state.requests.append((self.command, self.path, dict(self.headers)))
            content, etag = state.files.get(path), state.etags.get(path)
            if path in state.status or content is None:
                self.send_response(state.status.get(path, 404))
                if state.status.get(path) == 302:
                    self.send_header("Location", "http://elsewhere.example/x")
                self.end_headers()
                return
            # Taken at the start: a cut that a test orders later is not for a request that is under way.
            end, state.cut_after = state.cut_after, None
            start = self._start(content, etag) if state.ranges else 0
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - start + state.announce_more))
            for name, value in {**({"ETag": etag} if etag else {}), **state.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if body:
                self.wfile.write(content[start:] if end is None else content[start : start + end])
            self.close_connection = True

        def _start(self, content, etag):
            wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            same = self.headers.get("If-Range") in (etag, None)
            return int(wanted[1]) if wanted and same and int(wanted[1]) < len(content) else 0

    return Handler


@pytest.fixture
def server() -> Iterator[Server]:
    state: Server
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(lambda: state))
    state = Server(f"http://127.0.0.1:{http.server_port}")
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield state
    http.shutdown()
    http.server_close()


@pytest.fixture
def closed_port() -> str:
    """The address of a server that is not there any more."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    http.server_close()
    return f"http://127.0.0.1:{http.server_port}"


def zip_of(members: dict[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.fixture
def make_zip() -> Callable[[dict[str, str | bytes]], bytes]:
    return zip_of


@pytest.fixture
def moses_zip() -> bytes:
    """A corpus in Moses form, as OPUS packs it: the pair in alphabetical order, notices beside it."""
    return zip_of(
        {
            "README": "Corpus Name: Tatoeba\n",
            "LICENSE": "CC-BY 2.0 FR\n",
            "Tatoeba.en-fr.en": "".join(f"{en}\n" for _, en in PAIRS),
            "Tatoeba.en-fr.fr": "".join(f"{fr}\n" for fr, _ in PAIRS),
        }
    )


def opus_entry(server: Server, corpus: str, version: str, size: object, pairs: object) -> dict[str, object]:
    """An entry as the service gives it: sizes in KiB, numbers blank where unknown."""
    return {
        "alignment_pairs": pairs,
        "corpus": corpus,
        "documents": "",
        "id": 1,
        "latest": "True",
        "preprocessing": "moses",
        "size": size,
        "source": "en",
        "source_tokens": 1,
        "target": "fr",
        "target_tokens": 1,
        "url": f"{server.url}/OPUS-{corpus}/{version}/moses/en-fr.txt.zip",
        "version": version,
    }


@pytest.fixture
def opus(server: Server, moses_zip: bytes) -> Server:
    """The server with OPUS's list for English and French, one corpus of it, and Tatoeba's export."""
    entries = [
        opus_entry(server, "Europarl", "v8", 204800, 2_051_014),
        opus_entry(server, "Tatoeba", "v2023-04-12", 12, 3),
        opus_entry(server, "Books", "v1", "", ""),
        opus_entry(server, "../../etc/passwd", "v1", 1, 1),
    ]
    server.put("/opusapi/", json.dumps({"corpora": entries}).encode(), etag=None)
    server.put("/OPUS-Tatoeba/v2023-04-12/moses/en-fr.txt.zip", moses_zip)
    for path, text in {
        "/exports/fra/fra_sentences.tsv.bz2": "11\tfra\tSalut.\n12\tfra\tÇa va ?\n13\tfra\tSeul.\n",
        "/exports/eng/eng_sentences.tsv.bz2": "21\teng\tHi.\n22\teng\tHello.\n23\teng\tHow are you?\n",
        "/exports/fra/fra-eng_links.tsv.bz2": "11\t21\n11\t22\n12\t23\n13\t99\n",
    }.items():
        server.put(path, bz2.compress(text.encode()))
    return server


@pytest.fixture
def query(opus: Server) -> Callable[[], dict[str, list[str]]]:
    """What the list of corpora was asked for."""
    return lambda: parse_qs(urlsplit(next(p for p in opus.asked() if p.startswith("/opusapi/"))).query)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"
