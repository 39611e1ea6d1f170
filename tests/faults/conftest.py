"""What the tests of faults share: the one number that a run is judged by."""

import hashlib
from pathlib import Path

import pytest


@pytest.fixture
def weights_of():
    """The SHA-256 of the weights in a run's bundle."""

    def digest(run: Path) -> str:
        return hashlib.sha256((run / "bundle" / "model.safetensors").read_bytes()).hexdigest()

    return digest
