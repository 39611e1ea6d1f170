"""Starting again with another allocator: once, with the same arguments, and only where it is wanted."""

import os
import subprocess
import sys

import pytest

from crosslight import allocator
from crosslight.allocator import start_again_with_tcmalloc, tcmalloc


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str], dict[str, str]]]:
    """What the program is replaced by, instead of being replaced."""
    calls: list[tuple[str, list[str], dict[str, str]]] = []
    monkeypatch.setattr(os, "execve", lambda *call: calls.append(call))
    monkeypatch.setattr(allocator, "tcmalloc", lambda: "libtcmalloc.so")
    monkeypatch.setattr(sys, "argv", ["crosslight", "train", "-o", "a b"])
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "crosslight", "train", "-o", "a b"])
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    monkeypatch.delenv(allocator.VARIABLE, raising=False)
    return calls


def test_starts_itself_with_the_library(started: list[tuple[str, list[str], dict[str, str]]]) -> None:
    start_again_with_tcmalloc()
    ((program, arguments, environment),) = started
    assert program == sys.executable
    assert arguments == [sys.executable, "-m", "crosslight", "train", "-o", "a b"]
    assert environment["LD_PRELOAD"] == "libtcmalloc.so"
    assert environment.items() >= (os.environ.copy().items() - {("LD_PRELOAD", "")})


@pytest.mark.parametrize(("name", "value"), [("LD_PRELOAD", "another.so"), (allocator.VARIABLE, "system")])
def test_not_where_somebody_chose(
    started: list[object], monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    start_again_with_tcmalloc()
    assert not started


def test_not_where_another_program_called_it(started: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting that program again would do its work twice, with arguments that are not ours."""
    monkeypatch.setattr(sys, "orig_argv", ["python", "bench.py", "--trials", "3"])
    start_again_with_tcmalloc()
    assert not started


def test_not_without_the_library(started: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocator, "tcmalloc", lambda: None)
    start_again_with_tcmalloc()
    assert not started


def test_the_program_really_runs_with_it() -> None:
    if tcmalloc() is None:
        pytest.skip("this system has no tcmalloc")
    code = (
        "from crosslight.allocator import start_again_with_tcmalloc as again; again(); "
        "import sys; print(sys.argv[1:], 'tcmalloc' in open('/proc/self/maps').read())"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("LD_PRELOAD", allocator.VARIABLE)}
    run = subprocess.run(
        [sys.executable, "-c", code, "train", "-o", "a b"],
        check=True,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert run.stdout == "['train', '-o', 'a b'] True\n", run.stderr
