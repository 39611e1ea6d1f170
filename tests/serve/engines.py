"""Engines whose answers are known beforehand, so that what is compared is the service alone."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crosslight.decode.translation import Translation
from crosslight.serve.asked import Asked
from crosslight.serve.models import Served
from crosslight.text.corpus import Pair

FR_EN = Served(Path("nowhere/fr-en"), "fr", "en", "m1", True)
EN_FR = Served(Path("nowhere/en-fr"), "en", "fr", "m2", False)


@dataclass
class Upper:
    """Writes every text in capitals, with `!` after it for each alternative; waits at a gate, if it is shut."""

    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    batches: list[list[str]] = field(default_factory=list)

    def translate(self, texts: Sequence[str], asked: Asked) -> list[Translation]:
        self.batches.append(list(texts))
        self.entered.set()
        assert self.gate.wait(30)
        if "crash" in texts:
            raise RuntimeError("a secret: crash")
        return [self._one(text, asked) for text in texts]

    def _one(self, text: str, asked: Asked) -> Translation:
        others = tuple(Translation(text, text.upper() + "!" * i, -i, []) for i in range(1, asked.n_best))
        sure = (0.2 if "doubt" in text else 0.9) if asked.confidence else None
        parts = (Pair(text, text.upper()),)
        unmet = tuple(term.forms[0] for term in asked.terms if term.src in text)
        return Translation(text, text.upper(), -0.5, [], others, sure, parts=parts, unmet=unmet)


def upper() -> Upper:
    """One whose gate is open."""
    engine = Upper()
    engine.gate.set()
    return engine
