"""What the tests of faults share: the one number that a run is judged by."""

import hashlib
import re
from pathlib import Path

import pytest


@pytest.fixture
def weights_of():
    """The SHA-256 of the weights in a run's bundle."""

    def digest(run: Path) -> str:
        return hashlib.sha256((run / "bundle" / "model.safetensors").read_bytes()).hexdigest()

    return digest


@pytest.fixture
def differences():
    """The rows of the table that resuming prints: setting -> (in the checkpoint, asked for, in force)."""

    def rows(printed: str) -> dict[str, list[str]]:
        lines = [re.split(r" {2,}", line) for line in printed.splitlines()]
        heads = [i for i, line in enumerate(lines) if line[0] == "setting"]
        if not heads:
            return {}
        assert lines[heads[0]] == ["setting", "in the checkpoint", "asked for", "in force"]
        table = lines[heads[0] + 1 :]
        return {line[0]: line[1:] for line in table if len(line) == 4 and line[0].count(".") == 1}

    return rows


@pytest.fixture
def refused(command):
    """Runs a command that must be refused; returns the message, which ends in a cure."""

    def run(*arguments: object, stdin: bytes = b"") -> str:
        result = command(*arguments, stdin=stdin)
        assert result.code == 2, result
        assert result.out == ""
        message, arrow, cure = result.err.partition("\n  → ")
        assert "crosslight: " in message, result.err
        assert arrow
        assert cure.strip()
        assert "Traceback" not in result.err
        return result.err

    return run
