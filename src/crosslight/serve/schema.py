"""What is asked and what is answered, field by field; the OpenAPI description is made of these."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from crosslight.serve.refusals import Refusal

M = TypeVar("M", bound=BaseModel)
Language = Annotated[str, Field(min_length=1, max_length=20)]
Texts = str | list[str]


class Fields(BaseModel):
    """Fields of a request; those that are not known are passed over, as other services have more of them."""

    model_config = ConfigDict(extra="ignore")


def read(kind: type[M], fields: dict[str, Any]) -> M:
    """Fields as a request of a kind.

    Raises:
        Refusal: 400, which names every fault, and never what was given.
    """
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc'][:1])}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        raise Refusal(400, "; ".join(dict.fromkeys(faults))) from None


# LibreTranslate


class TranslateFields(Fields):
    """Of /translate."""

    q: Texts = Field(description="A text, or a list of texts.")
    source: Language = Field("auto", description="The language of the texts; auto: found out.")
    target: Language = Field(description="The language to translate into.")
    format: Literal["text", "html"] = "text"
    alternatives: int = Field(0, ge=0, le=100, description="So many more translations of each text.")
    api_key: str = ""


class Detection(BaseModel):
    """A language and how sure it is, in percent."""

    confidence: float
    language: str


class TranslateAnswer(BaseModel):
    """A text for a text, a list for a list."""

    translatedText: Texts  # noqa: N815
    alternatives: list[str] | list[list[str]] | None = None
    detectedLanguage: Detection | list[Detection] | None = None  # noqa: N815


class DetectFields(Fields):
    """Of /detect."""

    q: str
    api_key: str = ""


class SuggestFields(Fields):
    """Of /suggest: a better translation."""

    q: str = Field(min_length=1, description="The source.")
    s: str = Field(min_length=1, description="Its better translation.")
    source: Language
    target: Language
    api_key: str = ""


class Done(BaseModel):
    """It is done."""

    success: bool = True


class LanguageAnswer(BaseModel):
    """A language and those into which it is translated."""

    code: str
    name: str
    targets: list[str]


class FileAnswer(BaseModel):
    """Where a translated document is fetched."""

    translatedFileUrl: str  # noqa: N815


class ProgressAnswer(BaseModel):
    """How far a document is."""

    done: int = Field(description="Texts that are translated.")
    total: int = Field(description="Texts in all; 0 until it was read.")


class ErrorAnswer(BaseModel):
    """What went wrong."""

    error: str


# DeepL


class DeepLFields(Fields):
    """Of /v2/translate."""

    text: Annotated[list[str], Field(min_length=1)]
    target_lang: Language
    source_lang: Language | None = None
    tag_handling: Literal["html", "xml"] | None = None
    formality: Literal["default", "prefer_more", "prefer_less", "more", "less"] = "default"
    glossary_id: str | None = None
    show_billed_characters: bool = False
    auth_key: str = ""


class DeepLText(BaseModel):
    """A translation."""

    detected_source_language: str
    text: str
    billed_characters: int | None = None


class DeepLAnswer(BaseModel):
    """The translations, in order."""

    translations: list[DeepLText]


class DeepLLanguage(BaseModel):
    """A language."""

    language: str
    name: str
    supports_formality: bool = False


class DeepLUsage(BaseModel):
    """What was translated since the service started; there is no limit, but clients expect one."""

    character_count: int
    character_limit: int


class DeepLError(BaseModel):
    """What went wrong."""

    message: str


# Our own


class TermFields(Fields):
    """A term: where the source says `source`, the translation says one of `target`, or none of them."""

    source: str = Field(min_length=1, max_length=200)
    target: str | list[str] = Field(
        description="Forms, one of which is to be said; in a string with | between."
    )
    forbidden: bool = False


Protected = Annotated[str, Field(pattern=r"\S")]


class OwnFields(Fields):
    """Of /api/v1/translate."""

    q: Texts
    source: Language = "auto"
    target: Language
    format: Literal["text", "html"] = "text"
    n_best: int = Field(1, ge=1, le=100, description="Translations of each text, the best included.")
    glossary: list[TermFields] = []
    protect: list[Protected] = Field([], description="Texts that are carried over as they are.")
    protect_literals: bool = Field(
        False, description="Addresses, placeholders, formats and tags are carried over as they are."
    )
    confidence: bool = Field(False, description="Also how sure each is; for a calibrated bundle.")
    min_confidence: float | None = Field(
        None, ge=0, le=1, description="A translation that is less sure is null."
    )
    api_key: str = ""


class Variant(BaseModel):
    """One of the next best translations."""

    text: str
    score: float


class OwnTranslation(BaseModel):
    """What a text became."""

    text: str | None = Field(description="Null where it is less sure than min_confidence.")
    score: float = Field(description="Mean log-probability of its tokens, length-penalized, in nats.")
    confidence: float | None = Field(description="That it is acceptable, 0 to 1; null where not asked for.")
    alternatives: list[Variant]
    unmet: list[str] = Field(description="Terms that it fails in; forbidden ones with a ! before them.")
    lost: list[str] = Field(description="Numbers, addresses and placeholders of the source that it lacks.")
    looped: bool = Field(description="Whether it runs in a circle.")
    parts: list[tuple[str, str]] = Field(
        description="Its sentences, source and translation, and what is between."
    )


class OwnAnswer(BaseModel):
    """The translations, in order."""

    translations: list[OwnTranslation]
    source: str
    target: str
    detected: Detection | None = None


class AlternativesFields(Fields):
    """Of /api/v1/alternatives."""

    q: str = Field(min_length=1, description="A text of one sentence.")
    source: Language = "auto"
    target: Language
    prefix: str = Field("", description="How its translation begins, up to the end of a word.")
    n: int = Field(5, ge=1, le=20)
    api_key: str = ""


class NextWord(BaseModel):
    """A word that could stand there, and the whole translation with it."""

    word: str
    probability: float
    text: str


class AlternativesAnswer(BaseModel):
    """The most probable first."""

    alternatives: list[NextWord]


class PairAnswer(BaseModel):
    """A bundle that is served."""

    source: str
    target: str
    source_name: str
    target_name: str
    calibrated: bool


class PairsAnswer(BaseModel):
    """All bundles that are served, and what is allowed."""

    pairs: list[PairAnswer]
    limits: dict[str, float]
    corrections: bool
    documents: list[str]
    key_needed: bool
