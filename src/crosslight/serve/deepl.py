"""The core of DeepL's API, version 2: https://developers.deepl.com. Their own client talks to it."""

from typing import Any

from fastapi import APIRouter, Request

from crosslight.serve.asked import Asked
from crosslight.serve.language_names import name_of
from crosslight.serve.reading import fields_of
from crosslight.serve.refusals import Refusal
from crosslight.serve.schema import DeepLAnswer, DeepLFields, DeepLLanguage, DeepLUsage, read
from crosslight.serve.service import Service

NO_LIMIT = 1_000_000_000_000


def routes(service: Service) -> APIRouter:
    """The routes of this API."""
    router = APIRouter(prefix="/v2", tags=["DeepL"])

    @router.post("/translate", response_model=DeepLAnswer, response_model_exclude_none=True)
    async def translate(request: Request) -> dict[str, Any]:
        """Translate a list of texts."""
        fields = await _own_fields(service, request)
        if isinstance(fields.get("text"), str):
            fields["text"] = [fields["text"]]
        asked = read(DeepLFields, fields)
        if asked.glossary_id:
            raise Refusal(400, "glossary_id: no glossaries are kept here; see /api/v1/translate")
        if asked.formality in ("more", "less"):
            raise Refusal(400, "formality: these models know none")
        answer = await service.translate(
            request,
            asked.text,
            asked.source_lang or "auto",
            asked.target_lang,
            Asked(),
            is_html=asked.tag_handling is not None,
        )
        return {
            "translations": [
                {
                    "detected_source_language": answer.bundle.src.upper().replace("_", "-"),
                    "text": found.text,
                    "billed_characters": len(text) if asked.show_billed_characters else None,
                }
                for text, found in zip(asked.text, answer.translations, strict=True)
            ]
        }

    @router.get("/languages", response_model=list[DeepLLanguage])
    async def languages(request: Request) -> list[DeepLLanguage]:
        """The source languages, or with `type=target` the target languages."""
        fields = await _own_fields(service, request)
        wanted = fields.get("type") or "source"
        if wanted not in ("source", "target"):
            raise Refusal(400, "type: expected source or target")
        codes = {pair[wanted == "target"] for pair in service.models.bundles}
        return [
            DeepLLanguage(language=code.upper().replace("_", "-"), name=name_of(code))
            for code in sorted(codes)
        ]

    @router.get("/usage", response_model=DeepLUsage)
    async def usage(request: Request) -> DeepLUsage:
        """What was translated since the service started."""
        await _own_fields(service, request)
        return DeepLUsage(character_count=service.metrics.n_characters, character_limit=NO_LIMIT)

    return router


async def _own_fields(service: Service, request: Request) -> dict[str, Any]:
    fields = await fields_of(request)
    service.require_key(request, fields)
    return fields
