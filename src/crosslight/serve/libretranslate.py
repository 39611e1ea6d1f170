"""LibreTranslate's API: https://docs.libretranslate.com. The clients that people have work unchanged."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from crosslight.serve.asked import Asked
from crosslight.serve.detect import Guess
from crosslight.serve.files import formats
from crosslight.serve.language_names import name_of
from crosslight.serve.reading import fields_of
from crosslight.serve.refusals import Refusal
from crosslight.serve.schema import (
    DetectFields,
    Detection,
    Done,
    LanguageAnswer,
    SuggestFields,
    TranslateAnswer,
    TranslateFields,
    read,
)
from crosslight.serve.service import Service

if TYPE_CHECKING:
    from crosslight.decode.translation import Translation


def routes(service: Service) -> APIRouter:
    """The routes of this API."""
    router = APIRouter(tags=["LibreTranslate"])

    @router.post("/translate", response_model=TranslateAnswer, response_model_exclude_none=True)
    async def translate(request: Request) -> dict[str, Any]:
        """Translate a text, or a list of texts."""
        fields = await fields_of(request)
        service.require_key(request, fields)
        asked = read(TranslateFields, fields)
        texts = [asked.q] if isinstance(asked.q, str) else asked.q
        if not texts:
            return {"translatedText": []}
        answer = await service.translate(
            request,
            texts,
            asked.source,
            asked.target,
            Asked(n_best=1 + asked.alternatives),
            asked.format == "html",
        )
        found = answer.translations
        others = [_others(t) for t in found] if asked.alternatives else None
        guess = detection(answer.guess) if answer.guess else None
        if isinstance(asked.q, str):
            return {
                "translatedText": found[0].text,
                "alternatives": others[0] if others else None,
                "detectedLanguage": guess,
            }
        return {
            "translatedText": [t.text for t in found],
            "alternatives": others,
            "detectedLanguage": [guess] * len(found) if guess else None,
        }

    @router.post("/detect", response_model=list[Detection])
    async def detect(request: Request) -> list[Detection]:
        """The languages that a text may be in, of those that are served, most probable first."""
        fields = await fields_of(request)
        service.require_key(request, fields)
        asked = read(DetectFields, fields)
        service.require_within_limits([asked.q])
        return [detection(guess) for guess in service.detector.guesses(asked.q)]

    @router.get("/languages", response_model=list[LanguageAnswer])
    async def languages() -> list[LanguageAnswer]:
        """The languages that are served."""
        return language_list(service)

    @router.post("/suggest", response_model=Done)
    async def suggest(request: Request) -> Done:
        """Keep a better translation, where the service was told to."""
        fields = await fields_of(request)
        service.require_key(request, fields)
        asked = read(SuggestFields, fields)
        if service.corrections is None:
            raise Refusal(
                403,
                "corrections are not kept here; they are with: crosslight serve ... --corrections mine.tmx",
            )
        service.require_within_limits([asked.q, asked.s])
        bundle = service.models.find(asked.source, asked.target)
        await run_in_threadpool(service.corrections.add, bundle.src, bundle.tgt, asked.q, asked.s)
        return Done()

    @router.get("/frontend/settings")
    async def frontend_settings() -> dict[str, Any]:
        """What a page needs to know before it asks for anything."""
        first = next(iter(service.models.bundles.values()))
        return {
            "apiKeys": service.keys.are_needed,
            "keyRequired": service.keys.are_needed,
            "charLimit": service.settings.limits.segment_characters,
            "frontendTimeout": 500,
            "filesTranslation": bool(formats()),
            "supportedFilesFormat": formats(),
            "suggestions": service.corrections is not None,
            "language": {
                "source": {"code": first.src, "name": name_of(first.src)},
                "target": {"code": first.tgt, "name": name_of(first.tgt)},
            },
        }

    return router


def language_list(service: Service) -> list[LanguageAnswer]:
    """Every language that is served, and into which ones it is translated."""
    pairs = service.models.bundles
    codes = sorted({code for pair in pairs for code in pair})
    return [
        LanguageAnswer(code=code, name=name_of(code), targets=[tgt for src, tgt in pairs if src == code])
        for code in codes
    ]


def detection(guess: Guess) -> Detection:
    """A guess, in percent."""
    return Detection(confidence=round(100 * guess.probability, 1), language=guess.language)


def _others(translation: "Translation") -> Sequence[str]:
    return [other.text for other in translation.alternatives]
