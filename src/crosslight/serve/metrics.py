"""Numbers about the service, as Prometheus reads them, in a registry of their own.

The only door to the library `prometheus_client`.
"""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Counts of one service; several services in a process do not meet."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "crosslight_requests", "Answered requests.", ["route", "method", "status"], registry=registry
        )
        self._seconds = Histogram(
            "crosslight_request_seconds",
            "From a request's coming to its answer.",
            ["route"],
            registry=registry,
            buckets=SECONDS,
        )
        self._segments = Histogram(
            "crosslight_batch_segments",
            "Texts translated at a time.",
            registry=registry,
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
        )
        self._batch_seconds = Histogram(
            "crosslight_batch_seconds", "What a batch takes.", registry=registry, buckets=SECONDS
        )
        self._asked = Counter("crosslight_cache_lookups", "Texts looked for in the cache.", registry=registry)
        self._found = Counter("crosslight_cache_hits", "Texts found in the cache.", registry=registry)
        self._characters = Counter("crosslight_characters", "Characters to be translated.", registry=registry)
        self.n_characters = 0

    def watch(self, n_queued: Callable[[], int], n_loaded: Callable[[], int]) -> None:
        """Ask for these whenever the numbers are read: requests that wait, bundles in memory."""
        queued = Gauge("crosslight_queued_requests", "Requests that wait.", registry=self._registry)
        queued.set_function(n_queued)
        loaded = Gauge("crosslight_loaded_bundles", "Bundles in memory.", registry=self._registry)
        loaded.set_function(n_loaded)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def batch(self, segments: int, seconds: float) -> None:
        """A batch was translated."""
        self._segments.observe(segments)
        self._batch_seconds.observe(seconds)

    def cache(self, found: int, asked: int) -> None:
        """The cache was looked into."""
        self._found.inc(found)
        self._asked.inc(asked)

    def characters(self, n: int) -> None:
        """So many characters are to be translated."""
        self.n_characters += n
        self._characters.inc(n)

    def text(self) -> bytes:
        """All numbers, as Prometheus reads them."""
        return generate_latest(self._registry)
