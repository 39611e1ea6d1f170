"""HTML that was sent to be translated: the text between its tags is, and the tags stay as they are.

The room `documents` does it better, with whole sentences and their inline tags, and does it where it is there.
"""

import html
import importlib
import importlib.util
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crosslight.decode.translation import Translation

# A comment, what is no text for a reader, or a tag.
MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<name>script|style|textarea|code|pre)\b.*?(?:</(?P=name)\s*>|\Z)"
    r"""|<[!/?a-z](?:[^"'>]|"[^"]*"|'[^']*')*>""",
    re.DOTALL | re.IGNORECASE,
)


def documents_room() -> Any:
    """The room that knows documents; None where it is not there."""
    is_there = importlib.util.find_spec("crosslight.documents") is not None
    return importlib.import_module("crosslight.documents") if is_there else None


def translate_html(
    texts: Sequence[str], translate: "Callable[[list[str]], list[Translation]]"
) -> "list[Translation]":
    """Pieces of HTML translated, in order: `text` and `src` of each are HTML."""
    cut = [_pieces(text) for text in texts]
    wanted = list(dict.fromkeys(core for pieces in cut for _, core, _ in pieces if core))
    found = dict(zip(wanted, translate(wanted or [""]), strict=False))
    results = []
    for text, pieces in zip(texts, cut, strict=True):
        own = [found[core] for _, core, _ in pieces if core]
        written = "".join(
            before + (html.escape(found[core].text, quote=False) if core else "") + after
            for before, core, after in pieces
        )
        like = own[0] if len(own) == 1 else None
        results.append(_of_html(text, written, own, like))
    return results


def _of_html(
    src: str, text: str, own: "Sequence[Translation]", like: "Translation | None"
) -> "Translation":
    from crosslight.decode.translation import Translation

    if like is not None:
        others = tuple(
            replace(other, src=src, text=text.replace(_escaped(like.text), _escaped(other.text), 1))
            for other in like.alternatives
        )
        return replace(like, src=src, text=text, alternatives=others, parts=())
    sure = [t.confidence for t in own if t.confidence is not None]
    return Translation(
        src,
        text,
        score=sum(t.score for t in own) / max(1, len(own)),
        tokens=[],
        confidence=min(sure, default=None),
        unmet=tuple(dict.fromkeys(term for t in own for term in t.unmet)),
        looped=any(t.looped for t in own),
    )


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _pieces(text: str) -> list[tuple[str, str, str]]:
    """(before, text to translate, after) in turn; joined, and with the text escaped again, they are the HTML."""
    pieces: list[tuple[str, str, str]] = []
    place = 0
    for match in [*MARKUP.finditer(text), None]:
        raw = text[place : match.start() if match else len(text)]
        core = raw.strip()
        start = raw.index(core)
        if core:
            pieces.append((raw[:start], html.unescape(core), raw[start + len(core) :]))
        else:
            pieces.append((raw, "", ""))
        if match:
            pieces.append((match[0], "", ""))
            place = match.end()
    return pieces
