"""Several bundles at once, found by their languages, loaded when they are first asked for.

No more than so many are in memory: the one that was not asked for the longest answers what it has
accepted, and only when it is let go the next is loaded.
"""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosslight.errors import BundleError, ConfigError
from crosslight.facts import bundle_directory, read_head
from crosslight.serve.asked import Asked
from crosslight.serve.batching import Batcher, BatchLimits, Engine
from crosslight.serve.cache import Cache
from crosslight.serve.unanswered import ServiceClosedError

if TYPE_CHECKING:
    from crosslight.decode.translation import Translation


@dataclass(frozen=True)
class Served:
    """A bundle that is served, known from its bundle.json alone."""

    path: Path
    src: str
    tgt: str
    model: str  # checksum of its files
    is_calibrated: bool


class UnknownPairError(ConfigError):
    """No bundle translates between two languages."""


def served(place: str) -> Served:
    """A bundle to be served: its place, or its languages and its place as in `fr-en=runs/mine`.

    Raises:
        BundleError: there is no bundle, or it does not say its languages.
    """
    languages, is_given, path = place.partition("=")
    if not is_given or Path(place).exists():
        languages, path = "", place
    directory = bundle_directory(path)
    head = read_head(directory)
    src, _, tgt = languages.partition("-")
    src, tgt = src or head["facts"]["src_lang"], tgt or head["facts"]["tgt_lang"]
    if not (src and tgt):
        raise BundleError(
            f"{directory} does not say between which languages it translates",
            f"say it: crosslight serve fr-en={path}",
        )
    files = json.dumps(head["sha256"], sort_keys=True).encode()
    checksum = hashlib.sha256(files).hexdigest()
    return Served(directory, src, tgt, checksum, (directory / "confidence.json").is_file())


class Models:
    """The bundles of a service; every method may be called from any thread.

    Args:
        bundles: what is served.
        open_bundle: loads one; called in the thread that will translate with it.
        limits: of the batches and the queue of each bundle.
        most_loaded: how many are in memory at a time.
        cache: translations that were made before.
        observe: told of every batch, and of every look into the cache (found, asked for).

    Raises:
        ConfigError: two bundles translate between the same languages, or there is none.
    """

    def __init__(
        self,
        bundles: Sequence[Served],
        open_bundle: Callable[[Served], "Engine[Asked, Translation]"],
        limits: BatchLimits,
        most_loaded: int,
        cache: "Cache[Translation]",
        observe: Callable[[int, float], None] = lambda segments, seconds: None,
        observe_cache: Callable[[int, int], None] = lambda found, asked: None,
    ) -> None:
        self._open, self._limits, self._most_loaded = open_bundle, limits, most_loaded
        self._cache, self._observe, self._observe_cache = cache, observe, observe_cache
        self._loaded: OrderedDict[tuple[str, str], Batcher[Asked, Translation]] = OrderedDict()
        self._leaving: list[Batcher[Asked, Translation]] = []
        self._lock = threading.Lock()
        self._closed = False
        self.bundles: dict[tuple[str, str], Served] = {}
        for bundle in bundles:
            pair = (bundle.src, bundle.tgt)
            if pair in self.bundles:
                raise ConfigError(
                    f"{self.bundles[pair].path} and {bundle.path} both translate from {pair[0]} to {pair[1]}",
                    "serve one of the two, or give one other names: fr-en=runs/other",
                )
            self.bundles[pair] = bundle
        if not bundles:
            raise ConfigError("there is nothing to serve", "name a bundle: crosslight serve fr-en")

    def find(self, src: str, tgt: str) -> Served:
        """The bundle that translates between two languages; `EN-US` is `en` where nothing is nearer.

        Raises:
            UnknownPairError: there is none.
        """
        for exact in (True, False):
            for (a, b), bundle in self.bundles.items():
                if _same(a, src, exact) and _same(b, tgt, exact):
                    return bundle
        pairs = ", ".join(f"{a} to {b}" for a, b in self.bundles)
        raise UnknownPairError(
            f"nothing here translates from {src[:20]!r} to {tgt[:20]!r}", f"served: {pairs}"
        )

    def translate(self, bundle: Served, texts: Sequence[str], asked: Asked) -> "Future[list[Translation]]":
        """Every text translated, in order, from the cache where it was asked for before.

        Raises:
            ServiceFullError: too much waits.
            ServiceClosedError: nothing more is accepted.
        """
        keys = [(bundle.model, asked, text) for text in texts]
        found = {key: value for key in keys if (value := self._cache.get(key)) is not None}
        missing = list(dict.fromkeys(key for key in keys if key not in found))
        self._observe_cache(sum(key in found for key in keys), len(keys))
        answer: Future[list[Translation]] = Future()
        if not missing:
            answer.set_result([found[key] for key in keys])
            return answer
        asked_for = self._batcher(bundle, lambda b: b.submit([text for _, _, text in missing], asked))

        def finish(done: "Future[list[Translation]]") -> None:
            if done.cancelled() or not answer.set_running_or_notify_cancel():
                answer.cancel()
                return
            if error := done.exception():
                answer.set_exception(error)
                return
            for key, translation in zip(missing, done.result(), strict=True):
                found[key] = translation
                self._cache.put(key, translation)
            answer.set_result([found[key] for key in keys])

        answer.add_done_callback(lambda ended: ended.cancelled() and asked_for.cancel())
        asked_for.add_done_callback(finish)
        return answer

    def call(self, bundle: Served, function: Callable[[Any], Any]) -> "Future[Any]":
        """Something else done with a loaded bundle, in its thread.

        Raises:
            ServiceFullError: too much waits.
            ServiceClosedError: nothing more is accepted.
        """
        return self._batcher(bundle, lambda b: b.call(function))

    def n_queued(self) -> int:
        """Requests that wait, for all bundles together."""
        return sum(batcher.n_queued for batcher in list(self._loaded.values()))

    def n_loaded(self) -> int:
        """Bundles in memory, or on the way there."""
        return len(self._loaded)

    @property
    def is_open(self) -> bool:
        """Whether requests are accepted."""
        return not self._closed

    def close(self, seconds: float | None = None) -> None:
        """Accept no more, and wait until what was accepted is answered."""
        with self._lock:
            self._closed = True
            batchers = [*self._loaded.values(), *self._leaving]
        for batcher in batchers:
            batcher.close()
        for batcher in batchers:
            batcher.join(seconds)

    def _batcher(
        self, bundle: Served, use: "Callable[[Batcher[Asked, Translation]], Future[Any]]"
    ) -> "Future[Any]":
        pair = (bundle.src, bundle.tgt)
        with self._lock:
            if self._closed:
                raise ServiceClosedError
            if pair in self._loaded and self._loaded[pair].failure:
                del self._loaded[pair]  # perhaps it is there now
            if pair not in self._loaded:
                while len(self._loaded) >= self._most_loaded:
                    _, oldest = self._loaded.popitem(last=False)
                    oldest.close()
                    self._leaving.append(oldest)
                self._leaving = [batcher for batcher in self._leaving if not batcher.join(0)]
                before = tuple(self._leaving)
                self._loaded[pair] = Batcher(
                    lambda: self._opened(bundle, before), self._limits, self._observe
                )
            self._loaded.move_to_end(pair)
            return use(self._loaded[pair])

    def _opened(
        self, bundle: Served, before: "Iterable[Batcher[Asked, Translation]]"
    ) -> "Engine[Asked, Translation]":
        for batcher in before:
            batcher.join()
        return self._open(bundle)


def _same(own: str, asked: str, exact: bool) -> bool:
    own, asked = (code.lower().replace("_", "-") for code in (own, asked))
    return own == asked if exact else own.partition("-")[0] == asked.partition("-")[0]
