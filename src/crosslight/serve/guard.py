"""What holds for every request, before and after the one that answers it.

Before: it comes to a name of ours, from no page of another site, in time, and not longer than allowed, which
is counted while it comes. After: the headers of a page that loads nothing from elsewhere, a line in the log,
and the numbers. A fault inside becomes a 500 that says nothing of it.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crosslight.serve.logs import Log
from crosslight.serve.metrics import Metrics
from crosslight.serve.refusals import Refusal, deepl_error, libretranslate_error, refusal_of
from crosslight.serve.settings import ServeSettings

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = [
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
READING = {"GET", "HEAD", "OPTIONS"}


class Guard:
    """The outermost layer of the service.

    Args:
        app: what answers.
        settings: the limits, and by which names the service may be called.
        clock: seconds, for the log and the numbers.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: ServeSettings,
        metrics: Metrics,
        log: Log,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._settings, self._metrics, self._log, self._clock = app, settings, metrics, log, clock
        is_local = settings.host in {name.strip("[]") for name in LOOPBACK}
        self._hosts = LOOPBACK | {name.lower() for name in settings.hosts} if is_local else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, is_head=scope["method"] == "HEAD", is_api=not _is_page(scope["path"]))
        began = self._clock()
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        try:
            self._require_allowed(scope)
            await self._app(scope, self._counted(scope, receive), answer.send)
        except Exception as error:
            refusal = refusal_of(error)
            if refusal.status == 500:
                self._log.fault(error, _route(scope))
            if not answer.status:
                await _refuse(refusal, scope, answer.send)
        finally:
            seconds = self._clock() - began
            status = answer.status or 499  # the client was gone
            self._metrics.request(_route(scope), method, status, seconds)
            self._log.write(
                "request",
                method=method,
                route=_route(scope),
                status=status,
                ms=round(1000 * seconds, 1),
                bytes=answer.n_bytes,
            )

    def _require_allowed(self, scope: Scope) -> None:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        if not HOST.fullmatch(host):
            raise Refusal(400, "the header Host is not a name")
        name = re.sub(r":[0-9]+$", "", host).lower()
        if self._hosts is not None and name not in self._hosts:
            raise Refusal(
                403,
                "this service answers to localhost only; behind another server: crosslight serve --name NAME",
            )
        origin = headers.get(b"origin", b"").decode("latin-1")
        is_own = urlsplit(origin).netloc == host if _is_url(origin) else False
        allowed = not origin or is_own or origin in self._settings.origins or "*" in self._settings.origins
        if not allowed and scope["method"] not in READING:
            raise Refusal(
                403, "pages of other sites may not use this service: crosslight serve --cors ORIGIN"
            )
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._settings.limits.body_bytes:
            raise self._too_large()

    def _counted(self, scope: Scope, receive: Receive) -> Receive:
        """The body as it comes: no longer, and no slower, than allowed."""
        limits = self._settings.limits
        deadline = asyncio.get_running_loop().time() + limits.body_seconds
        n_bytes, is_whole = 0, False

        async def counted() -> Message:
            nonlocal n_bytes, is_whole
            if is_whole:  # whoever asks now waits for the client to go away, and that may take its time
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise Refusal(
                    408, f"the request took longer than {limits.body_seconds:g} s to come", ends=True
                ) from None
            if message["type"] == "http.request":
                n_bytes += len(message.get("body", b""))
                is_whole = not message.get("more_body", False)
                if n_bytes > limits.body_bytes:
                    raise self._too_large()
            return message

        return counted

    def _too_large(self) -> Refusal:
        return Refusal(
            413, f"the request is longer than {self._settings.limits.body_bytes:,} bytes", ends=True
        )


class _Answer:
    """What goes out: with the headers of every answer, without a body where only the head was asked for."""

    def __init__(self, send: Send, is_head: bool, is_api: bool) -> None:
        self._send, self._is_head, self._is_api = send, is_head, is_api
        self.status, self.n_bytes = 0, 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = {name.lower() for name, _ in message.get("headers", [])}
            own = [*HEADERS, *([(b"cache-control", b"no-store")] if self._is_api else [])]
            headers = [*message.get("headers", []), *((n, v) for n, v in own if n not in given)]
            message = {**message, "headers": headers}
        elif message["type"] == "http.response.body":
            if self._is_head:
                message = {**message, "body": b""}
            self.n_bytes += len(message.get("body", b""))
        await self._send(message)


async def _refuse(refusal: Refusal, scope: Scope, send: Send) -> None:
    body = json.dumps(error_body(scope["path"], refusal)).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body)), **refusal.headers}
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def error_body(path: str, refusal: Refusal) -> dict[str, Any]:
    """A refusal in the form of the service whose client has asked."""
    return deepl_error(refusal) if path.startswith("/v2/") else libretranslate_error(refusal)


def _route(scope: Scope) -> str:
    """The route as it is written in the program; what a client wrote could be anything."""
    return str(getattr(scope.get("route"), "path", "none"))


def _is_page(path: str) -> bool:
    return path == "/" or path.startswith("/static/")


def _is_url(origin: str) -> bool:
    try:
        return bool(urlsplit(origin).netloc)
    except ValueError:
        return False
