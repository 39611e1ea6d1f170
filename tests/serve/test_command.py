"""`crosslight serve`: what it says, what it refuses, and the process as a whole."""

import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from crosslight.cli import serve as command_file
from crosslight.errors import ConfigError, CorpusError
from crosslight.serve.settings import Limits, limits_from, read_keys


def test_without_the_extra_it_says_what_to_install(command, monkeypatch):
    monkeypatch.setattr(command_file, "NEEDED", ("fastapi", "no_such_library"))
    result = command("serve", "fr-en")
    assert result.code == 2
    assert "no_such_library" in result.err
    assert "fastapi" not in result.err.split("\n")[0].replace("no_such_library", "")
    assert "pip install 'crosslight[serve,fast]'" in result.err


def test_a_taken_port_is_said(command):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = command("serve", "fr-en", "--port", taken.getsockname()[1])
    assert result.code == 2
    assert "cannot be had" in result.err
    assert "--port" in result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "nowhere is not a directory"),
        (("fr-en", "fr-en"), "both translate from fr to en"),
        (("fr-en", "--host", "no.such.host.invalid."), "is no address"),
        (("fr-en", "--limit", "queud=3"), "did you mean queued?"),
        (("fr-en", "--limit", "queued=none"), "queued"),
        (("fr-en", "--limit", "queued"), "NAME=VALUE"),
        (("fr-en", "--keys", "nowhere.txt"), "nowhere.txt cannot be read"),
        (("fr-en", "--corrections", "nowhere/a.tmx"), "no directory nowhere"),
    ],
)
def test_what_cannot_be_is_said(command, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(socket, "getaddrinfo", _no_names(socket.getaddrinfo))
    result = command("serve", *arguments)
    assert result.code == 2
    assert said in result.err


def _no_names(lookup):
    def one(host, *more, **named):
        if "invalid" in host:
            raise socket.gaierror("unknown")
        return lookup(host, *more, **named)

    return one


def test_limits_are_settings():
    assert limits_from([]) == Limits()
    assert limits_from(["queued=3", "seconds = 0.5"]) == Limits(queued=3, seconds=0.5)


def test_keys_from_a_file_or_the_environment(tmp_path, monkeypatch):
    file = tmp_path / "keys"
    file.write_text("# ours\none  # of Jane\n\ntwo\n", encoding="utf-8")
    monkeypatch.setenv("CROSSLIGHT_API_KEYS", "three, four,")
    assert read_keys(file) == ("one", "two")
    assert read_keys(None) == ("three", "four")
    monkeypatch.delenv("CROSSLIGHT_API_KEYS")
    assert read_keys(None) == ()
    file.write_text("# none\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="no key in it"):
        read_keys(file)
    file.write_bytes(b"\xff")
    with pytest.raises(CorpusError):
        read_keys(file)
    file.write_text("a key\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="blanks"):
        read_keys(file)


def test_a_file_that_is_no_file_of_corrections_is_left_alone(command, tmp_path):
    file = tmp_path / "a.tmx"
    file.write_text("mine", encoding="utf-8")
    result = command("serve", "fr-en", "--corrections", file)
    assert result.code == 2
    assert file.read_text(encoding="utf-8") == "mine"


def test_it_listens_before_torch_is_loaded():
    """What is slow comes after: a start within two seconds depends on it."""
    script = "import sys, crosslight.serve.run\nassert not {'torch', 'ctranslate2'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_process(tmp_path):
    """It says where it is, answers a client, and ends when it is told to."""
    with subprocess.Popen(
        [sys.executable, "-m", "crosslight", "serve", "fr-en", "--port", "0", "--engine", "torch"],
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ) as process:
        line = process.stderr.readline()
        assert line.startswith("open http://127.0.0.1:")
        assert "fr → en" in line
        url = line.split()[1]
        answer = httpx.post(
            f"{url}translate", data={"q": "Bonjour !", "source": "fr", "target": "en"}, timeout=120
        )
        assert answer.json() == {"translatedText": "Hello."}
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        rest = process.stderr.read()
        assert process.wait(30) in (0, -signal.SIGINT, 130)
        assert time.monotonic() - began < 30
    assert '"route": "/translate", "status": 200' in rest
    assert "Bonjour" not in rest
    assert "Traceback" not in rest
