"""The running server: a socket, uvicorn, and patience with clients that has an end.

It listens before torch is loaded, and says where within a second or two; the first bundle is loaded right
after that, in the background.
"""

import asyncio
import socket
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from crosslight.errors import ConfigError, CrosslightError
from crosslight.serve.app import make_app, make_service
from crosslight.serve.loaded import LoadedBundle
from crosslight.serve.logs import Log
from crosslight.serve.models import Models, Served, served
from crosslight.serve.settings import ServeSettings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

HEAD_BYTES = 32_768  # of a request's first line and headers
KEPT_OPEN = 20  # seconds that a connection may wait for its next request


def serve(
    places: Sequence[str],
    settings: ServeSettings,
    engine: str = "auto",
    threads: int = 0,
    most_loaded: int = 4,
    log_requests: bool = True,
) -> None:
    """Serve bundles until a signal ends it; what was accepted is answered before.

    Args:
        places: bundles, as `serve.models.served` takes them.
        engine, threads: as `LoadedBundle` takes them.
        most_loaded: bundles in memory at a time.

    Raises:
        BundleError: there is no bundle at a place.
        ConfigError: bundles that cannot be served together, or an address that cannot be had.
    """
    bundles = [served(place) for place in places]
    log = Log(sys.stderr if log_requests else None)
    service = make_service(
        bundles, lambda one: LoadedBundle(one.path, engine, threads), settings, most_loaded, log
    )
    with bound(settings.host, settings.port) as own:
        server = Server(make_app(service), settings, service.models)
        try:
            server.run(sockets=[own])
        except KeyboardInterrupt:  # uvicorn has ended everything, and raises it once more
            return


def bound(host: str, port: int) -> socket.socket:
    """A socket at an address; port 0 is any that is free.

    Raises:
        ConfigError: it cannot be had.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        own = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise ConfigError(f"{host} is no address of this machine: {error}", "try --host 127.0.0.1") from None
    try:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        own.bind(address)
    except OSError as error:
        own.close()
        raise ConfigError(
            f"{host}:{port} cannot be had: {error.strerror or error}", "choose another port: --port 5001"
        ) from None
    return own


class Server(uvicorn.Server):
    """uvicorn, which says where it is to be found, and then has the first bundle loaded."""

    def __init__(self, app: "ASGIApp", settings: ServeSettings, models: Models) -> None:
        super().__init__(_config(app, settings))
        self._models = models

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        if sockets and self.started:
            host, port = sockets[0].getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            print(f"open http://{shown}:{port}/ · {_pairs(self._models)} · Ctrl-C ends it", file=sys.stderr)
            _warm(self._models)


class PatientProtocol(H11Protocol):
    """HTTP/1.1 in which the head of a request must come in time, however slowly its bytes drip."""

    head_seconds = 10.0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has come, and is waited for."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Bytes have come: perhaps the rest of a head, perhaps the beginning of one."""
        super().data_received(data)
        if self._is_answering():
            self._stop_waiting()
        else:
            self._wait()

    def on_response_complete(self) -> None:
        """A request is answered; the next one may take its time to begin."""
        super().on_response_complete()
        self._stop_waiting()
        if self.conn.trailing_data[0]:  # it has begun
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.head_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        if not self._is_answering():
            self.transport.close()


def _config(app: "ASGIApp", settings: ServeSettings) -> uvicorn.Config:
    limits = settings.limits
    protocol = type("Protocol", (PatientProtocol,), {"head_seconds": limits.body_seconds})
    return uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,  # it would write what clients put into the address
        server_header=False,
        proxy_headers=False,
        limit_concurrency=limits.connections,
        timeout_keep_alive=KEPT_OPEN,
        timeout_graceful_shutdown=int(limits.seconds) + 5,
        h11_max_incomplete_event_size=HEAD_BYTES,
    )


def _pairs(models: Models) -> str:
    return ", ".join(f"{src} → {tgt}" for src, tgt in models.bundles)


def _warm(models: Models) -> None:
    """Have the first bundle loaded; who asks meanwhile waits no longer than without."""

    def told(loaded: Any) -> None:
        if error := loaded.exception():
            print(f"{first.path} cannot be loaded: {error}", file=sys.stderr)

    first: Served = next(iter(models.bundles.values()))
    try:
        models.call(first, lambda loaded: None).add_done_callback(told)
    except CrosslightError as error:
        print(f"{first.path} cannot be loaded: {error}", file=sys.stderr)
