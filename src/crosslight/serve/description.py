"""The OpenAPI description at /spec. Requests are read by hand, in three forms, and so described by hand."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from crosslight.serve.inside import InsideFields
from crosslight.serve.schema import (
    AlternativesFields,
    DeepLError,
    DeepLFields,
    DetectFields,
    ErrorAnswer,
    OwnFields,
    SuggestFields,
    TranslateFields,
)

REQUESTS: dict[str, type[BaseModel]] = {
    "/translate": TranslateFields,
    "/detect": DetectFields,
    "/suggest": SuggestFields,
    "/v2/translate": DeepLFields,
    "/api/v1/translate": OwnFields,
    "/api/v1/alternatives": AlternativesFields,
    "/api/v1/inside/{view}": InsideFields,
}
ONLY_JSON = {"/api/v1/translate", "/api/v1/inside/{view}"}  # a form has no lists of terms
REFUSALS = {
    "400": "It cannot be answered as it was asked.",
    "403": "A key is needed, or it is not allowed here.",
    "413": "It is larger than allowed.",
    "415": "The body is of an unknown kind.",
    "429": "Too many requests of yours wait.",
    "503": "Busy, or not done in time; Retry-After says when to ask again.",
}
REFERENCE = "#/components/schemas/{model}"


def describe(app: FastAPI) -> dict[str, Any]:
    """FastAPI's description, with the requests and the refusals put in."""
    tree = FastAPI.openapi(app)
    schemas = tree.setdefault("components", {}).setdefault("schemas", {})
    for kind in (ErrorAnswer, DeepLError):
        schemas[kind.__name__] = kind.model_json_schema(ref_template=REFERENCE)
    for path, methods in tree["paths"].items():
        for operation in methods.values():
            if path in REQUESTS:
                operation["requestBody"] = _body(REQUESTS[path], schemas, path in ONLY_JSON)
            elif path == "/translate_file":
                operation["requestBody"] = _file_body()
            error = DeepLError if path.startswith("/v2/") else ErrorAnswer
            reference = {"$ref": REFERENCE.format(model=error.__name__)}
            operation["responses"].pop("422", None)
            for status, meaning in {**REFUSALS, **_missing(path)}.items():
                operation["responses"].setdefault(
                    status,
                    {"description": meaning, "content": {"application/json": {"schema": reference}}},
                )
    return tree


def _missing(path: str) -> dict[str, str]:
    return {"404": "There is nothing of this name."} if "{" in path else {}


def _body(kind: type[BaseModel], schemas: dict[str, Any], only_json: bool) -> dict[str, Any]:
    own = kind.model_json_schema(ref_template=REFERENCE)
    schemas.update(own.pop("$defs", {}))
    schemas[kind.__name__] = own
    types = ["application/json", *([] if only_json else ["application/x-www-form-urlencoded"])]
    reference = {"schema": {"$ref": REFERENCE.format(model=kind.__name__)}}
    return {"required": True, "content": dict.fromkeys(types, reference)}


def _file_body() -> dict[str, Any]:
    text = {"type": "string"}
    schema = {
        "type": "object",
        "required": ["file", "source", "target"],
        "properties": {
            "file": {**text, "format": "binary"},
            **dict.fromkeys(("source", "target", "api_key"), text),
            "progress": {**text, "pattern": "^[A-Za-z0-9_-]{16,64}$"},
        },
    }
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
