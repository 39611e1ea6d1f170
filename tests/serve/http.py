"""A service on a loopback port, in a thread of its own, as a client meets it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from crosslight.serve.app import make_app, make_service
from crosslight.serve.logs import Log
from crosslight.serve.run import Server, bound
from crosslight.serve.service import Service


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
