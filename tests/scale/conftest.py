"""Starts several processes that train together on this machine."""

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MEMBER = Path(__file__).with_name("member.py")
LOOPBACK = {"MASTER_ADDR": "127.0.0.1", **({"GLOO_SOCKET_IFNAME": "lo"} if sys.platform == "linux" else {})}


@pytest.fixture
def loopback() -> dict[str, str]:
    """The environment of processes that meet on this machine alone, at a port that is free."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return {**os.environ, **LOOPBACK, "MASTER_PORT": str(listener.getsockname()[1])}


@pytest.fixture
def together(loopback):
    """Runs `crosslight ARGUMENTS` in two processes; the exit code and the messages of each.

    `step` and `number`: when the second one sends itself which signal.
    """
    processes: list[subprocess.Popen[str]] = []

    def run(folder: Path, arguments, step: int = 0, number: int = 0) -> list[tuple[int, str]]:
        processes[:] = [
            subprocess.Popen(
                [sys.executable, MEMBER, folder, str(step * rank), str(number), *map(str, arguments)],
                env={**loopback, "RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank)}
                | {"LOCAL_WORLD_SIZE": "2"},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for rank in range(2)
        ]
        messages = [process.communicate(timeout=240)[1] for process in processes]
        return [(process.returncode, err) for process, err in zip(processes, messages, strict=True)]

    yield run
    for process in processes:
        process.kill()


@pytest.fixture
def alone(command, monkeypatch):
    """Runs `crosslight ARGUMENTS` in this process, watched like the others; the exit code."""
    spec = importlib.util.spec_from_file_location("scale_member", MEMBER)
    assert spec
    assert spec.loader
    member: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(member)

    def run(folder: Path, arguments, step: int = 0, number: int = 0) -> int:
        with monkeypatch.context() as patch:
            watch = member.Watch(folder, step, number)
            patch.setattr("crosslight.train.loop.training_step", watch.training_step)
            patch.setattr("crosslight.train.loop.objective_of", watch.objective_of)
            patch.setattr("crosslight.train.loop.rehearse", lambda *_: None)
            return int(command(*arguments).code)

    return run
