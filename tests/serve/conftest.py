"""Engines that can be held up, so that what waits is known."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest


@dataclass
class SlowEngine:
    """Turns texts around; waits at a gate, if it is shut, and notes what it was given together."""

    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    batches: list[tuple[list[str], object]] = field(default_factory=list)

    def translate(self, texts: Sequence[str], settings: object) -> list[str]:
        self.batches.append((list(texts), settings))
        self.entered.set()
        assert self.gate.wait(20)
        if "bad" in texts:
            raise ValueError("bad")
        return [text[::-1] for text in texts]


@pytest.fixture
def engine() -> SlowEngine:
    made = SlowEngine()
    made.gate.set()
    return made
