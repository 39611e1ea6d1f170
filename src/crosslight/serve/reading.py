"""The fields of a request, whichever way they were sent: JSON, a form, or in the address.

LibreTranslate's clients send all three (one sends a form with everything in the address), so every route
reads all three. What a client sends is text of any kind: half a surrogate pair becomes U+FFFD.
"""

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from crosslight.serve.refusals import Refusal

MOST_FIELDS = 2_000


async def fields_of(request: Request) -> dict[str, Any]:
    """All fields; one that comes several times in a form is a list. A file is an `UploadFile`.

    Raises:
        Refusal: 400, the body is not what its type says.
    """
    fields = _together(request.query_params.multi_items())
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body.strip():
        return fields
    if kind == "multipart/form-data":
        return fields | await _multipart(request)
    if kind == "application/json" or kind.endswith("+json") or body.lstrip()[:1] == b"{":
        return fields | _json(body)
    if kind in ("application/x-www-form-urlencoded", ""):
        return fields | _form(body)
    raise Refusal(415, "the body is neither JSON nor a form: send Content-Type: application/json")


def _json(body: bytes) -> dict[str, Any]:
    def no_constant(name: str) -> None:
        raise ValueError(name)

    try:
        tree = json.loads(body.decode("utf-8"), parse_constant=no_constant)
    except UnicodeDecodeError:
        raise Refusal(400, "the body is not UTF-8") from None
    except RecursionError:
        raise Refusal(400, "the body is nested too deeply") from None
    except ValueError as error:
        place = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise Refusal(400, f"the body is not JSON{place}") from None
    if not isinstance(tree, dict):
        raise Refusal(400, "the body is not a JSON object")
    try:
        return {whole(key): _whole(value) for key, value in tree.items()}
    except RecursionError:
        raise Refusal(400, "the body is nested too deeply") from None


def _form(body: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"),
            keep_blank_values=True,
            max_num_fields=MOST_FIELDS,
            errors="replace",
        )
    except ValueError:
        raise Refusal(400, f"the form cannot be read, or has more than {MOST_FIELDS} fields") from None
    return _together(pairs)


async def _multipart(request: Request) -> dict[str, Any]:
    try:
        form = await request.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=1 << 30)
    except (MultiPartException, HTTPException, ValueError, KeyError, UnicodeError):
        raise Refusal(400, "the multipart form cannot be read") from None
    return _together(form.multi_items())


def _together(pairs: "list[tuple[str, Any]]") -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for raw, value in pairs:
        name = raw.removesuffix("[]")
        own = value if isinstance(value, UploadFile) else whole(str(value))
        if name in fields:
            before = fields[name]
            fields[name] = [*before, own] if isinstance(before, list) else [before, own]
        else:
            fields[name] = own
    return fields


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {whole(key): _whole(item) for key, item in value.items()}
    return value


def whole(text: str) -> str:
    """A text that can be written: halves of surrogate pairs are joined, or U+FFFD.

    >>> whole("a\\ud83d\\ude00b\\ud800c")
    'a😀b�c'
    """
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
