"""The inside of a model over HTTP: the views of `tasks.inside`, live for a sentence that was translated.

docs/inside.md says what is in them. A page asks for several views of one sentence, so a few opened sentences
are kept; one is worked on at a time, in a thread, while the engine goes on translating for others.
"""

import json
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from crosslight.serve.cache import Cache
from crosslight.serve.models import Served
from crosslight.serve.reading import fields_of
from crosslight.serve.refusals import Refusal
from crosslight.serve.schema import Fields, Language, read
from crosslight.serve.service import Service
from crosslight.serve.unanswered import DeadlineError, ServiceFullError
from crosslight.text.subword import SPECIAL_IDS

if TYPE_CHECKING:
    from crosslight.bundle import Bundle
    from crosslight.tasks.opened import Opened

KEPT = 4  # opened sentences; a long one in a large model takes tens of MB
MOST_BEAM = 16
MOST_INTERVENTIONS = 64
MOST_POSITIONS = 256


class InsideFields(Fields):
    """Of /api/v1/inside/{view}; the last ones belong to single views."""

    q: str = Field(min_length=1, description="A text of one sentence.")
    source: Language = "auto"
    target: Language
    prefix: str = Field("", description="How its translation begins.")
    translation: str | None = Field(None, description="The translation to look into; else what is found.")
    tgt: list[int] | None = Field(None, description="The same as ids of pieces, without begin and end.")
    beam: int | None = Field(None, ge=1, le=MOST_BEAM, description="Of the search; else the bundle's own.")
    interventions: list[dict[str, Any]] = Field(
        [], max_length=MOST_INTERVENTIONS, description="Of the view `causal`."
    )
    n_positions: int = Field(64, ge=1, le=MOST_POSITIONS, description="Of the view `positions`.")
    encoder_layer: int = Field(0, ge=0, description="Of the view `tour`, as the next four.")
    decoder_layer: int = Field(0, ge=0)
    head: int = Field(0, ge=0)
    src_position: int | None = Field(None, ge=0)
    tgt_position: int | None = Field(None, ge=0)
    api_key: str = ""


PLACE = ("encoder_layer", "decoder_layer", "head", "src_position", "tgt_position")
PARAMETERS: dict[str, tuple[str, ...]] = {
    **{"sentence": (), "attention": (), "search": (), "path": (), "beside": (), "head_survey": ()},
    "ponder": (),
    **{"causal": ("interventions",), "positions": ("n_positions",), "tour": PLACE},
}


def routes(service: Service) -> APIRouter:
    """The route of the views."""
    router = APIRouter(prefix="/api/v1", tags=["Crosslight"])
    opened = OpenedSentences(service.settings.limits.seconds, service.settings.limits.queued)

    @router.post("/inside/{view}")
    async def inside(request: Request, view: str) -> Response:
        """A view of the inside of the model, for one sentence."""
        fields = await fields_of(request)
        service.require_key(request, fields)
        if view not in PARAMETERS:
            raise Refusal(404, f"there is no such view; there are {', '.join(PARAMETERS)}")
        asked = read(InsideFields, fields)
        _require_short(asked, service.settings.limits.inside_characters)
        served, _ = service.bundle_for([asked.q], asked.source, asked.target)
        bundle = await service.call(request, served, lambda loaded: loaded.translator.bundle)
        body = await service.aside(request, lambda: opened.look(served, bundle, asked, _view(view, asked)))
        return Response(body, media_type="application/json")

    return router


class OpenedSentences:
    """Sentences that were opened before, and one lock for all work on them.

    Args:
        seconds: how long a look may wait for those before it.
        most_waiting: how many may wait.
    """

    def __init__(self, seconds: float, most_waiting: int) -> None:
        self._kept: Cache[Opened] = Cache(KEPT, KEPT, lambda opened: 1)
        self._seconds, self._most_waiting = seconds, most_waiting
        self._lock, self._waiting = threading.Lock(), 0

    def look(
        self, served: Served, bundle: "Bundle", asked: InsideFields, view: "Callable[[Opened], Any]"
    ) -> bytes:
        """A view of the sentence that is asked for, as JSON.

        Raises:
            ServiceFullError: too many wait already.
            DeadlineError: those before took too long.
            ConfigError: it cannot be opened, or there is no such place in the model.
        """
        if self._waiting >= self._most_waiting:
            raise ServiceFullError(f"{self._waiting} looks into models wait already", self._seconds)
        self._waiting += 1
        try:
            if not self._lock.acquire(timeout=self._seconds):
                raise DeadlineError(self._seconds)
        finally:
            self._waiting -= 1
        try:
            found = view(self._opened(served, bundle, asked))
        finally:
            self._lock.release()
        return json.dumps(found, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()

    def _opened(self, served: Served, bundle: "Bundle", asked: InsideFields) -> "Opened":
        tgt = None if asked.tgt is None else tuple(asked.tgt)
        key = (served.model, asked.q, asked.prefix, tgt, asked.translation, asked.beam)
        opened = self._kept.get(key)
        if opened is None:
            opened = _open(bundle, asked)
            self._kept.put(key, opened)
        return opened


def _open(bundle: "Bundle", asked: InsideFields) -> "Opened":
    """The sentence with what the search finds, or with another translation where one is given."""
    from crosslight.tasks.inside import open_sentence

    settings = {} if asked.beam is None else {"beam": asked.beam}
    opened = open_sentence(bundle, asked.q, prefix=asked.prefix, tgt=asked.tgt, **settings)
    subword = bundle.tgt_subword
    if asked.tgt is not None or asked.translation is None:
        return opened
    if subword.decode(opened.best.tokens).split() == asked.translation.split():
        return opened
    # Another engine, another search, or a person found it: its pieces are those that the text is cut into.
    tgt = [token for token in subword.encode(asked.translation) if token not in SPECIAL_IDS]
    return open_sentence(bundle, asked.q, prefix=asked.prefix, tgt=tgt, **settings)


def _view(name: str, asked: InsideFields) -> "Callable[[Opened], Any]":
    def view(opened: "Opened") -> Any:
        from crosslight.tasks import inside

        chosen = {parameter: getattr(asked, parameter) for parameter in PARAMETERS[name]}
        return getattr(inside, name)(opened, **chosen)

    return view


def _require_short(asked: InsideFields, most: int) -> None:
    """Return if what is asked is not too long: the size of an answer grows with its square."""
    texts = (asked.q, asked.prefix, asked.translation or "", asked.tgt or ())
    if (longest := max(map(len, texts))) > most:
        raise Refusal(413, f"{longest:,} characters in a sentence to look into, and {most:,} are allowed")
