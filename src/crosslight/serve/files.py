"""Documents: sent to be translated, kept for ten minutes, fetched by an address that cannot be guessed."""

import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from crosslight import documents
from crosslight.serve.asked import Asked
from crosslight.serve.progress import Progresses
from crosslight.serve.reading import fields_of
from crosslight.serve.refusals import Refusal
from crosslight.serve.schema import FileAnswer, ProgressAnswer
from crosslight.serve.service import Service

KEPT = 600.0  # seconds
LONGEST_NAME = 200


def formats() -> list[str]:
    """The endings of documents that can be translated."""
    return list(documents.ENDINGS)


@dataclass(frozen=True)
class Kept:
    """A translated document."""

    name: str
    data: bytes
    until: float


class Shelf:
    """Translated documents that wait to be fetched; bounded in number and in time."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def put(self, name: str, data: bytes) -> str:
        """Keep a document; what it is fetched by."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._drop_old()
            while len(self._kept) >= self._most:
                self._kept.popitem(last=False)
            self._kept[token] = Kept(name, data, time.monotonic() + KEPT)
        return token

    def get(self, token: str) -> Kept | None:
        """A document that was kept; None if there is none, or no more."""
        with self._lock:
            self._drop_old()
            return self._kept.get(token)

    def _drop_old(self) -> None:
        now = time.monotonic()
        for token in [token for token, kept in self._kept.items() if kept.until < now]:
            del self._kept[token]


def routes(service: Service) -> APIRouter:
    """The two routes, as LibreTranslate has them; and one of our own, which says how far a document is."""
    router = APIRouter(tags=["LibreTranslate"])
    shelf = Shelf(service.settings.limits.documents)
    progresses = Progresses(service.settings.limits.queued)

    @router.post("/translate_file", response_model=FileAnswer)
    async def translate_file(request: Request) -> FileAnswer:
        """Translate a document."""
        fields = await fields_of(request)
        service.require_key(request, fields)
        file, source, target = (fields.get(name) for name in ("file", "source", "target"))
        if not isinstance(file, UploadFile) or not isinstance(source, str) or not isinstance(target, str):
            raise Refusal(400, "a form with file, source and target is expected")
        name = PurePosixPath((file.filename or "").replace("\\", "/")).name[-LONGEST_NAME:]
        documents.kind_of(name)  # refused before anything is read
        data = await file.read()
        # A document's language is found out from its text; of what it is packed in nothing is known.
        bundle, _ = service.bundle_for([data.decode("utf-8", "ignore")], source, target)
        progress = progresses.begin(fields.get("progress"))
        try:
            result = await service.in_turn(
                request,
                bundle,
                Asked(links=True),
                lambda translate: documents.translate_document(
                    name, data, translate, lambda done, total: progresses.tell(progress, done, total)
                ),
                service.settings.limits.document_seconds,
            )
        finally:
            progresses.end(progress)
        token = shelf.put(_translated_name(name, bundle.tgt), result)
        return FileAnswer(
            translatedFileUrl=f"{request.url.scheme}://{request.headers['host']}/download_file/{token}"
        )

    @router.get("/api/v1/progress/{name}", response_model=ProgressAnswer, tags=["Crosslight"])
    async def progress_of(name: str) -> ProgressAnswer:
        """How far a document is that was sent with this name as its field `progress`."""
        share = progresses.get(name)
        if share is None:
            raise Refusal(404, "no such document is being translated")
        return ProgressAnswer(done=share.done, total=share.total)

    @router.get("/download_file/{token}")
    async def download_file(token: str) -> Response:
        """Fetch a translated document."""
        kept = shelf.get(token)
        if kept is None:
            raise Refusal(404, "there is no such document, or no more")
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(kept.name, safe='')}"}
        return Response(kept.data, media_type="application/octet-stream", headers=headers)

    return router


def _translated_name(name: str, tgt: str) -> str:
    path = PurePosixPath(name)
    return f"{path.stem}.{tgt}{path.suffix}"
