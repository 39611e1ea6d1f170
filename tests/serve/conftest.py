"""Engines whose answers are known beforehand, and a service on a loopback port, as a client meets it."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from crosslight.decode.translation import Translation
from crosslight.serve.app import make_app, make_service
from crosslight.serve.asked import Asked
from crosslight.serve.logs import Log
from crosslight.serve.models import Served
from crosslight.serve.run import Server, bound
from crosslight.serve.service import Service
from crosslight.serve.settings import ServeSettings
from crosslight.text.corpus import Pair


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


FR_EN = Served(Path("nowhere/fr-en"), "fr", "en", "m1", True)
EN_FR = Served(Path("nowhere/en-fr"), "en", "fr", "m2", False)


@dataclass
class Upper:
    """Writes texts in capitals, with `!` behind for each alternative; waits at a gate, if it is shut."""

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
        others = tuple(
            Translation(text, text.upper() + "!" * i, -float(i), []) for i in range(1, asked.n_best)
        )
        sure = (0.2 if "doubt" in text else 0.9) if asked.confidence else None
        parts = (Pair(text, text.upper()),)
        unmet = tuple(term.forms[0] for term in asked.terms if term.src in text)
        return Translation(text, text.upper(), -0.5, [], others, sure, parts=parts, unmet=unmet)


def upper() -> Upper:
    """One whose gate is open."""
    engine = Upper()
    engine.gate.set()
    return engine


@dataclass(frozen=True)
class Running:
    """Where it is, and what is in it."""

    url: str
    port: int
    service: Service

    def raw(self, data: bytes, seconds: float = 10.0) -> bytes:
        """What comes back when these bytes are sent as they are."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            connection.sendall(data)
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
            return answer


@contextmanager
def running(bundles, open_bundle, settings, log=None, most_loaded=4) -> Iterator[Running]:
    """Serve on a free port until the block ends."""
    service = make_service(bundles, open_bundle, settings, most_loaded, log or Log(None))
    with bound("127.0.0.1", 0) as own:
        server = Server(make_app(service), settings, service.models)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [own]}, daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.01)
            assert thread.is_alive()
        port = own.getsockname()[1]
        try:
            yield Running(f"http://127.0.0.1:{port}", port, service)
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


@pytest.fixture
def engine() -> SlowEngine:
    made = SlowEngine()
    made.gate.set()
    return made


@pytest.fixture(scope="session")
def serving() -> SimpleNamespace:
    """What the tests of the service begin with: `running(bundles, open_bundle, settings)`, and engines."""
    return SimpleNamespace(running=running, upper=upper, Upper=Upper, fr_en=FR_EN, en_fr=EN_FR)


@pytest.fixture(scope="module")
def site() -> Iterator[Running]:
    """A service of two pairs that writes in capitals, with limits as they are by default."""
    engine = upper()
    with running([FR_EN, EN_FR], lambda one: engine, ServeSettings()) as one:
        yield one


@pytest.fixture(scope="session")
def real() -> Iterator[Running]:
    """A service of the model that comes with the program, in torch."""
    from crosslight.serve.loaded import LoadedBundle
    from crosslight.serve.models import served

    with running([served("fr-en")], lambda one: LoadedBundle(one.path, "torch", 1), ServeSettings()) as one:
        yield one
