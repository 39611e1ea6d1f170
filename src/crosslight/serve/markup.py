"""HTML that was sent to be translated: the documents room does it; here is what is known of its sentences."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from crosslight import documents

if TYPE_CHECKING:
    from crosslight.decode.translation import Translation


class _Same(NamedTuple):
    """A text that stays as it is."""

    text: str
    links: None = None


def translate_html(
    texts: Sequence[str], translate: "Callable[[list[str]], list[Translation]]"
) -> "list[Translation]":
    """Pieces of HTML translated, in order: `text` and `src` of each are HTML.

    The sentences of all of them are translated at once. A piece of several sentences has no other
    translations.
    """
    sentences = [_sentences(text) for text in texts]
    wanted = list(dict.fromkeys(sentence for its in sentences for sentence in its))
    found = dict(zip(wanted, translate(wanted), strict=True)) if wanted else {}
    return [_of_html(text, [found[s] for s in its]) for text, its in zip(texts, sentences, strict=True)]


def _sentences(text: str) -> list[str]:
    """What is to be translated of a piece of HTML, each once, in order."""
    asked: list[str] = []

    def ask(sentences: list[str]) -> list[_Same]:
        asked.extend(sentences)
        return [_Same(sentence) for sentence in sentences]

    documents.translate_html(text, ask)
    return asked


def _of_html(text: str, own: "Sequence[Translation]") -> "Translation":
    from crosslight.decode.translation import Translation

    by_sentence = {t.src: t for t in own}
    written = documents.translate_html(text, lambda sentences: [by_sentence[s] for s in sentences])
    if len(own) != 1:
        sure = [t.confidence for t in own if t.confidence is not None]
        return Translation(
            text,
            written,
            score=sum(t.score for t in own) / max(1, len(own)),
            tokens=[],
            confidence=min(sure, default=None),
            unmet=tuple(dict.fromkeys(term for t in own for term in t.unmet)),
            looped=any(t.looped for t in own),
        )
    (one,) = own

    def other(instead: "Translation") -> "Translation":
        return replace(instead, src=text, text=documents.translate_html(text, lambda _: [instead]))

    return replace(one, src=text, text=written, alternatives=tuple(map(other, one.alternatives)), parts=())
