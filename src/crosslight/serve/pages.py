"""The page, from the files in `static/`: they are read once, and nothing else on this disk has an address."""

import hashlib
import mimetypes
from pathlib import Path

from fastapi import APIRouter, Request, Response

from crosslight.serve.refusals import Refusal

STATIC = Path(__file__).with_name("static")
TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


def routes(folder: Path = STATIC) -> APIRouter:
    """The page at `/`, and the files that it loads."""
    files = {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()
    }
    tags = {name: f'"{hashlib.sha256(data).hexdigest()[:20]}"' for name, data in files.items()}
    router = APIRouter(include_in_schema=False)

    def answer(request: Request, name: str) -> Response:
        if name not in files:
            raise Refusal(404, "there is no such file")
        headers = {"ETag": tags[name], "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == tags[name]:
            return Response(status_code=304, headers=headers)
        kind = TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(files[name], media_type=kind, headers=headers)

    @router.get("/")
    async def page(request: Request) -> Response:
        return answer(request, "index.html")

    @router.get("/static/{name:path}")
    async def file(request: Request, name: str) -> Response:
        return answer(request, name)

    return router
