"""What all the APIs have in common: limits, languages, waiting for an answer, and who may ask."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import Request

from crosslight.serve.asked import Asked
from crosslight.serve.corrections import Corrections
from crosslight.serve.detect import Detector, Guess
from crosslight.serve.keys import Keys, key_in
from crosslight.serve.logs import Log
from crosslight.serve.markup import translate_html
from crosslight.serve.metrics import Metrics
from crosslight.serve.models import Models, Served
from crosslight.serve.refusals import Refusal
from crosslight.serve.settings import ServeSettings
from crosslight.serve.unanswered import DeadlineError

if TYPE_CHECKING:
    from crosslight.decode.translation import Translation

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """Translations, by which bundle, and what was found out about each text's language."""

    translations: "list[Translation]"
    bundle: Served
    guess: Guess | None


@dataclass
class Service:
    """A running service without its routes."""

    settings: ServeSettings
    models: Models
    detector: Detector
    metrics: Metrics
    log: Log
    keys: Keys
    corrections: Corrections | None

    def __post_init__(self) -> None:
        self._in_flight: Counter[str] = Counter()
        # Threads of those requests that wait more than once, documents and HTML.
        self._threads = ThreadPoolExecutor(self.settings.limits.queued, "waiting")

    def require_key(self, request: Request, fields: dict[str, Any]) -> None:
        """Return if the request may be answered.

        Raises:
            Refusal: 403.
        """
        own = next(
            (v for name in ("api_key", "auth_key") if isinstance(v := fields.get(name), str) and v), None
        )
        self.keys.require(key_in(request.headers.get("authorization", "")) or own)

    async def translate(
        self,
        request: Request,
        texts: Sequence[str],
        source: str,
        target: str,
        asked: Asked,
        is_html: bool = False,
    ) -> Answer:
        """Texts translated, in the order in which they were given.

        Raises:
            Refusal: a limit, an unknown language, one that cannot be guessed.
            CrosslightError: it is full, closed or too late; or terms contradict each other.
        """
        self.require_within_limits(texts, asked)
        bundle, guess = self.bundle_for(texts, source, target)
        self.metrics.characters(sum(map(len, texts)))
        if is_html:
            with_links = replace(asked, links=True)
            found = await self.in_turn(request, bundle, with_links, lambda t: translate_html(texts, t))
        else:
            with self._turn(request):
                found = await self.answered(request, self.models.translate(bundle, texts, asked))
        return Answer(found, bundle, guess)

    def require_within_limits(self, texts: Sequence[str], asked: Asked = Asked()) -> None:  # noqa: B008 (frozen)
        """Return if a request is not too large.

        Raises:
            Refusal: 413.
        """
        limits = self.settings.limits
        longest = max(map(len, texts), default=0)
        for what, n, most in (
            ("texts", len(texts), limits.segments),
            ("characters in a text", longest, limits.segment_characters),
            ("translations of a text", asked.n_best, limits.n_best),
            ("terms", len(asked.terms), limits.terms),
        ):
            if n > most:
                raise Refusal(413, f"{n:,} {what}, and {most:,} are allowed")

    def bundle_for(self, texts: Sequence[str], source: str, target: str) -> tuple[Served, Guess | None]:
        """The bundle for two languages; the source's is guessed from all texts together where it is `auto`.

        Raises:
            Refusal: 400, the language is not known well enough to translate from it.
            UnknownPairError: nothing translates between them.
        """
        if source.lower() != "auto":
            return self.models.find(source, target), None
        guess = self.detector.guesses("\n".join(texts))[0]
        if guess.probability < self.settings.limits.least_sure:
            raise Refusal(
                400,
                f"not sure which language this is ({guess.language}: {100 * guess.probability:.0f} %): "
                "give the source language",
            )
        return self.models.find(guess.language, target), guess

    async def answered(self, request: Request, future: "Future[T]", seconds: float | None = None) -> T:
        """Wait for an answer as long as there is time, and a client who waits for it too.

        Args:
            seconds: other than those of the limits.

        Raises:
            DeadlineError: the time is over.
            Refusal: 499, nobody waits any more.
        """
        if future.done():
            return future.result()
        seconds = seconds or self.settings.limits.seconds
        waiting = asyncio.ensure_future(asyncio.wrap_future(future))
        gone = asyncio.ensure_future(_gone(request))
        try:
            both: set[asyncio.Future[Any]] = {waiting, gone}
            await asyncio.wait(both, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                return waiting.result()
            if gone.done():
                raise Refusal(499, "the client is gone")
            raise DeadlineError(seconds)
        finally:
            waiting.cancel()
            gone.cancel()

    async def in_turn(
        self,
        request: Request,
        bundle: Served,
        asked: Asked,
        function: "Callable[[Callable[[Sequence[str]], list[Translation]]], T]",
        seconds: float | None = None,
    ) -> T:
        """Something that translates more than once, done in a thread of its own, as one request.

        Args:
            function: takes (texts) -> translations, which waits, and ends it where nobody waits any more.
        """
        stopped = threading.Event()

        def translate(texts: Sequence[str]) -> "list[Translation]":
            if stopped.is_set():
                raise DeadlineError(limit)
            future = self.models.translate(bundle, list(texts), asked)
            try:
                return future.result(limit)
            except TimeoutError:
                future.cancel()
                raise DeadlineError(limit) from None

        limit = self.settings.limits.seconds
        try:
            return await self.aside(request, lambda: function(translate), seconds)
        finally:
            stopped.set()

    async def aside(self, request: Request, function: Callable[[], T], seconds: float | None = None) -> T:
        """Something that takes a while, done in a thread of its own, as one of the client's requests."""
        with self._turn(request):
            return await self.answered(request, self._threads.submit(function), seconds)

    async def call(self, request: Request, bundle: Served, function: Callable[[Any], T]) -> T:
        """Something done with a loaded bundle, in its thread, as one of the client's requests."""
        with self._turn(request):
            return await self.answered(request, self.models.call(bundle, function))

    def close(self) -> None:
        """Accept no more; what was accepted is answered."""
        self.models.close()
        self._threads.shutdown()

    @contextmanager
    def _turn(self, request: Request) -> Iterator[None]:
        """One of a client's requests at a time; too many are refused, so that others have their turn."""
        client = request.client.host if request.client else ""
        if self._in_flight[client] >= self.settings.limits.client_requests:
            raise Refusal(429, f"{self._in_flight[client]} requests of yours wait already", 1)
        self._in_flight[client] += 1
        try:
            yield
        finally:
            self._in_flight[client] -= 1
            if not self._in_flight[client]:
                del self._in_flight[client]


async def _gone(request: Request) -> None:
    """Return when the client is gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
