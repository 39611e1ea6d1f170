"""The application: the APIs, the page, what says how the service is, and the guard around all of it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse

from crosslight import __version__
from crosslight.errors import CrosslightError
from crosslight.serve import deepl, files, inside, libretranslate, own, pages
from crosslight.serve.cache import Cache
from crosslight.serve.corrections import Corrections
from crosslight.serve.description import describe
from crosslight.serve.detect import detector_for
from crosslight.serve.guard import Guard, error_body
from crosslight.serve.keys import Keys
from crosslight.serve.logs import Log
from crosslight.serve.metrics import CONTENT_TYPE, Metrics
from crosslight.serve.models import Models, Served
from crosslight.serve.refusals import Refusal, refusal_of
from crosslight.serve.service import Service
from crosslight.serve.settings import ServeSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from crosslight.decode.translation import Translation
    from crosslight.serve.asked import Asked
    from crosslight.serve.batching import Engine


def make_service(
    bundles: Sequence[Served],
    open_bundle: "Callable[[Served], Engine[Asked, Translation]]",
    settings: ServeSettings,
    most_loaded: int = 4,
    log: Log | None = None,
) -> Service:
    """A service of bundles, which are loaded when they are first asked for.

    Raises:
        ConfigError: bundles that cannot be served together.
        CorpusError: the file of corrections is none.
    """
    limits = settings.limits
    cache: Cache[Translation] = Cache(limits.cache_entries, limits.cache_characters, _size)
    metrics = Metrics()
    models = Models(
        bundles, open_bundle, limits.of_batches(), most_loaded, cache, metrics.batch, metrics.cache
    )
    metrics.watch(models.n_queued, models.n_loaded)
    corrections = (
        Corrections(settings.corrections, limits.corrections_bytes) if settings.corrections else None
    )
    return Service(
        settings, models, detector_for(bundles), metrics, log or Log(None), Keys(settings.keys), corrections
    )


def make_app(service: Service) -> "ASGIApp":
    """The application of a service; it closes the service when it ends."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        service.close()

    # FastAPI's own pages would load their scripts from another host.
    app = FastAPI(
        title="Crosslight",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=life,
    )
    for router in (
        libretranslate.routes(service),
        files.routes(service),
        deepl.routes(service),
        own.routes(service),
        inside.routes(service),
        pages.routes(),
    ):
        app.include_router(router)
    _add_state(app, service)
    _add_errors(app)
    inner: ASGIApp = app
    if service.settings.origins:
        inner = CORSMiddleware(
            app,
            allow_origins=service.settings.origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
        )
    return Guard(inner, service.settings, service.metrics, service.log)


def _add_state(app: FastAPI, service: Service) -> None:
    spec: dict[str, Any] = {}

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @app.get("/ready")
    async def ready() -> dict[str, str]:
        """Whether it accepts requests; 503 while it shuts down."""
        if not service.models.is_open:
            raise Refusal(503, "the service is shutting down", 5)
        return {"status": "ready"}

    @app.get("/spec")
    async def specification() -> dict[str, Any]:
        """This description."""
        if not spec:
            spec.update(describe(app))
        return spec

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        service.require_key(request, {})
        return Response(service.metrics.text(), media_type=CONTENT_TYPE)


def _add_errors(app: FastAPI) -> None:
    # Coroutines: a plain function would be called in another thread, which costs more than the answer.
    async def refused(request: Request, error: Exception) -> Response:
        refusal = refusal_of(error)
        body = error_body(request.url.path, refusal)
        return JSONResponse(body, refusal.status, headers=refusal.headers)

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        allowed = (error.headers or {}).get("Allow", "GET")
        if error.status_code == 405 and request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": f"{allowed}, OPTIONS"})
        reason = {404: "there is nothing at this address", 405: f"this address knows only {allowed}"}
        refusal = Refusal(error.status_code, reason.get(error.status_code, str(error.detail)))
        body = error_body(request.url.path, refusal)
        return JSONResponse(body, refusal.status, headers=error.headers)

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(CrosslightError, refused)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(Exception, refused)  # raised once more for the guard, which logs it


def _size(translation: "Translation") -> int:
    return len(translation.src) + len(translation.text) + sum(map(_size, translation.alternatives))
