"""Asking servers: only safely, by name, and with errors that help."""

import pytest

from crosslight.corpora.web import USER_AGENT, ask
from crosslight.errors import DownloadError


def test_says_who_asks(server):
    with ask(server.put("/x", b"hello")) as response:
        assert response.read() == b"hello"
    assert server.requests[0][2]["User-Agent"] == USER_AGENT
    assert USER_AGENT.startswith("crosslight/")


def test_404_names_host_and_path(server):
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1 has no /gone \(404 Not Found\)"):
        ask(f"{server.url}/gone")


def test_other_refusals(server):
    server.status["/x"] = 503
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1 answered 503 Service Unavailable to http://127"):
        ask(server.put("/x", b""))


def test_no_network_says_what_else_can_be_done(closed_port):
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1 cannot be reached: .*[Rr]efused") as caught:
        ask(f"{closed_port}/x")
    assert "crosslight demo" in caught.value.cure
    assert "--src" in caught.value.cure


def test_silence_has_a_limit(server):
    import socket

    mute = socket.create_server(("127.0.0.1", 0))
    with mute, pytest.raises(DownloadError, match="timed out"):
        ask(f"http://127.0.0.1:{mute.getsockname()[1]}/x", timeout_seconds=0.1)


@pytest.mark.parametrize("url", ["http://opus.example/x", "ftp://127.0.0.1/x", "file:///etc/passwd", "x"])
def test_only_https_or_this_machine(url):
    with pytest.raises(DownloadError, match="is not an https address"):
        ask(url)


def test_redirections_cannot_leave_https(server):
    server.status["/x"] = 302
    with pytest.raises(DownloadError, match=r"http://elsewhere\.example/x is not an https address"):
        ask(server.put("/x", b""))


def test_a_proxy_is_not_asked_for_this_machine(server, closed_port, monkeypatch):
    monkeypatch.setenv("http_proxy", closed_port)
    with ask(server.put("/x", b"hello")) as response:
        assert response.read() == b"hello"
