"""The suite's promise that no test leaves this machine, and that shapes are checked, tried out."""

import importlib
import socket
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

ELSEWHERE = "192.0.2.1"  # TEST-NET-1 of RFC 5737: nobody's address


@pytest.mark.parametrize(
    "reach",
    [
        lambda: socket.create_connection((ELSEWHERE, 80), timeout=0.1),
        lambda: socket.socket().connect((ELSEWHERE, 80)),
        lambda: socket.socket().connect_ex((ELSEWHERE, 80)),
        lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", (ELSEWHERE, 53)),
        lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", 0, (ELSEWHERE, 53)),
        lambda: socket.socket(type=socket.SOCK_DGRAM).sendmsg([b"x"], [], 0, (ELSEWHERE, 53)),
        lambda: socket.getaddrinfo(ELSEWHERE, 80),
        lambda: socket.gethostbyname(ELSEWHERE),
    ],
    ids=[
        "create",
        "connect",
        "connect_ex",
        "sendto",
        "sendto_flags",
        "sendmsg",
        "getaddrinfo",
        "gethostbyname",
    ],
)
def test_the_network_is_out_of_reach(reach, forbidden_network):
    with pytest.raises(forbidden_network, match=r"reached for '192\.0\.2\.1'"):
        reach()


def test_names_are_not_even_looked_up(forbidden_network):
    with pytest.raises(forbidden_network, match=r"reached for 'host\.example'"):
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open("http://host.example/", timeout=0.1)


def test_loopback_is_allowed():
    class Hello(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Hello)
    threading.Thread(target=server.handle_request, daemon=True).start()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    assert opener.open(f"http://localhost:{server.server_port}/", timeout=5).status == 204
    server.server_close()


def test_sockets_of_files_are_allowed(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket has at most about 100 bytes
    server, client = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    server.bind("s")
    server.listen()
    client.connect("s")
    client.close()
    server.close()


def test_shapes_are_checked(tmp_path: Path, monkeypatch):
    """A module under a hooked name has its annotations executed: a wrong shape is an error."""
    (tmp_path / "probe_of_shapes.py").write_text(
        "import torch\n"
        "from jaxtyping import Float\n"
        "from torch import Tensor\n"
        'def same(x: Float[Tensor, "B D"], y: Float[Tensor, "B D"]) -> Float[Tensor, "B D"]:\n'
        "    return x + y\n"
    )
    import torch

    import crosslight.nn

    monkeypatch.setattr(crosslight.nn, "__path__", [*crosslight.nn.__path__, str(tmp_path)])
    probe = importlib.import_module("crosslight.nn.probe_of_shapes")
    monkeypatch.delitem(sys.modules, "crosslight.nn.probe_of_shapes")
    assert probe.same(torch.ones(2, 3), torch.ones(2, 3)).shape == (2, 3)
    with pytest.raises(Exception, match=r"[Tt]ype-check error"):
        probe.same(torch.ones(2, 3), torch.ones(1, 3))  # torch itself would broadcast
