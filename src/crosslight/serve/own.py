"""What this service has beyond the two APIs: glossaries, confidence, words at a place. The page uses it."""

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request

from crosslight.serve.asked import Asked
from crosslight.serve.files import formats
from crosslight.serve.language_names import name_of
from crosslight.serve.libretranslate import detection
from crosslight.serve.loaded import alternatives as next_words
from crosslight.serve.reading import fields_of
from crosslight.serve.refusals import Refusal
from crosslight.serve.schema import (
    AlternativesAnswer,
    AlternativesFields,
    NextWord,
    OwnAnswer,
    OwnFields,
    OwnTranslation,
    PairAnswer,
    PairsAnswer,
    TermFields,
    Variant,
    read,
)
from crosslight.serve.service import Service
from crosslight.text.entries import Entry, protected

if TYPE_CHECKING:
    from crosslight.decode.translation import Translation


def routes(service: Service) -> APIRouter:
    """The routes of this API."""
    router = APIRouter(prefix="/api/v1", tags=["Crosslight"])

    @router.post("/translate", response_model=OwnAnswer)
    async def translate(request: Request) -> OwnAnswer:
        """Translate with terms, with confidence, with the next best ones."""
        fields = await fields_of(request)
        service.require_key(request, fields)
        asked = read(OwnFields, fields)
        wants_confidence = asked.confidence or asked.min_confidence is not None
        texts = [asked.q] if isinstance(asked.q, str) else asked.q
        answer = await service.translate(
            request,
            texts,
            asked.source,
            asked.target,
            Asked(
                asked.n_best,
                (*map(_entry, asked.glossary), *map(protected, asked.protect)),
                wants_confidence,
                asked.protect_literals,
            ),
            asked.format == "html",
        )
        return OwnAnswer(
            translations=[_described(t, asked.min_confidence or 0.0) for t in answer.translations],
            source=answer.bundle.src,
            target=answer.bundle.tgt,
            detected=detection(answer.guess) if answer.guess else None,
        )

    @router.post("/alternatives", response_model=AlternativesAnswer)
    async def alternatives(request: Request) -> AlternativesAnswer:
        """The most probable words after the beginning of a translation, each with where it leads."""
        fields = await fields_of(request)
        service.require_key(request, fields)
        asked = read(AlternativesFields, fields)
        service.require_within_limits([asked.q, asked.prefix])
        bundle, _ = service.bundle_for([asked.q], asked.source, asked.target)
        found = await service.call(request, bundle, next_words(asked.q, asked.prefix, asked.n))
        return AlternativesAnswer(
            alternatives=[
                NextWord(word=one.word, probability=one.probability, text=one.translation.text)
                for one in found
            ]
        )

    @router.get("/pairs", response_model=PairsAnswer)
    async def pairs() -> PairsAnswer:
        """What is served, and what is allowed."""
        return PairsAnswer(
            pairs=[
                PairAnswer(
                    source=bundle.src,
                    target=bundle.tgt,
                    source_name=name_of(bundle.src),
                    target_name=name_of(bundle.tgt),
                    calibrated=bundle.is_calibrated,
                )
                for bundle in service.models.bundles.values()
            ],
            limits=service.settings.limits.model_dump(),
            corrections=service.corrections is not None,
            documents=formats(),
            key_needed=service.keys.are_needed,
        )

    return router


def _entry(fields: TermFields) -> Entry:
    forms = fields.target.split("|") if isinstance(fields.target, str) else fields.target
    own = tuple(form.strip() for form in forms)
    if not (fields.source.strip() and own and all(own)):
        raise Refusal(400, "glossary: a term has an empty source or form")
    return Entry(fields.source.strip(), own, fields.forbidden)


def _described(translation: "Translation", least: float) -> OwnTranslation:
    sure = translation.confidence
    is_withheld = sure is not None and sure < least
    return OwnTranslation(
        text=None if is_withheld else translation.text,
        score=translation.score,
        confidence=sure,
        alternatives=[]
        if is_withheld
        else [Variant(text=t.text, score=t.score) for t in translation.alternatives],
        unmet=list(translation.unmet),
        lost=[literal.text for literal in translation.lost],
        looped=translation.looped,
        parts=[] if is_withheld else [(pair.src, pair.tgt) for pair in translation.parts],
    )
