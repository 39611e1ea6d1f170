"""HTML that was sent to be translated: its text is, and the tags stay as they are.

The room `documents` does it better, with whole sentences and their inline tags.
"""

import html
import importlib
import importlib.util
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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


@dataclass(frozen=True)
class _Same:
    """A text that stays as it is."""

    text: str
    links: None = None


def translate_html(
    texts: Sequence[str], translate: "Callable[[list[str]], list[Translation]]"
) -> "list[Translation]":
    """Pieces of HTML translated, in order: `text` and `src` of each are HTML.

    They are read twice: for what is to be translated, which then is in one go, and to be written.
    """
    room = documents_room()
    of_one = room.translate_html if room else _between_tags
    wanted: list[str] = []

    def collect(some: Sequence[str]) -> list[_Same]:
        wanted.extend(some)
        return [_Same(text) for text in some]

    for text in texts:
        of_one(text, collect)
    wanted = list(dict.fromkeys(wanted))
    found = dict(zip(wanted, translate(wanted), strict=True)) if wanted else {}
    results = []
    for text in texts:
        own: list[Translation] = []

        def note(some: Sequence[str], own: "list[Translation]" = own) -> "list[Translation]":
            own.extend(found[text] for text in some)
            return [found[text] for text in some]

        results.append(_of_html(text, of_one(text, note), own))
    return results


def _between_tags(text: str, translate: Callable[[Sequence[str]], Sequence[Any]]) -> str:
    pieces = _pieces(text)
    wanted = list(dict.fromkeys(core for _, core, _ in pieces if core))
    found = {src: one.text for src, one in zip(wanted, translate(wanted), strict=True)}
    return "".join(before + _escaped(found.get(core, "")) + after for before, core, after in pieces)


def _of_html(src: str, text: str, own: "Sequence[Translation]") -> "Translation":
    from crosslight.decode.translation import Translation

    if len(own) == 1:
        (like,) = own
        others = tuple(
            replace(other, src=src, text=text.replace(_escaped(like.text), _escaped(other.text), 1))
            for other in (like.alternatives if _escaped(like.text) in text else ())
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
    """(before, text to translate, after) in turn; joined, with the text escaped, they are the HTML."""
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
