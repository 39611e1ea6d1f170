"""HTML: tags, comments, scripts and attributes stay byte for byte, only text between them is translated.

Tokens are cut as the standard's tokenizer cuts them (WHATWG HTML 13.2.5), so that put together again they are
the document, whatever it was. Where a block begins or ends, or a line (`br`), a sentence does; other elements
are inline and are carried over. Code, formulas and what says `translate="no"` stand in a sentence as marks.
What a translation says is escaped: it can add no tag.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from crosslight.documents.elements import (
    BLOCKS,
    CLOSED_BY,
    KEPT,
    RAW_TEXT,
    VOID,
)
from crosslight.documents.inline import Break, Element, End, Mark, Node, Start, Text, Token
from crosslight.documents.translation import Sentence, pieces

S = r"\t\n\f\r "
TAG = re.compile(
    rf"<(?P<slash>/?)(?P<name>[A-Za-z][^{S}/>]*+)"
    rf"(?P<attributes>(?:[{S}/]++|=?[^{S}/>=]++(?:[{S}]*+=[{S}]*+(?:\"[^\"]*+\"|'[^']*+'|[^{S}>\"'][^{S}>]*+)?+)?+"
    rf"|=)*+)>"
)
COMMENT = re.compile(r"<!--(?:-?>|.*?(?:--!?>|\Z))|<(?:[!?]|/[^A-Za-z>])[^>]*+(?:>|\Z)|</>", re.DOTALL)
MAY_BE_TAG = re.compile(r"</?[A-Za-z]")
ATTRIBUTE = re.compile(
    rf"(=?[^{S}/>=]++)(?:[{S}]*+=[{S}]*+(?:\"([^\"]*+)\"|'([^']*+)'|([^{S}>\"'][^{S}>]*+))?+)?+"
)
REFERENCE = re.compile(r"&(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);")
FOREIGN = ("svg", "math")  # in them `<title/>` is whole, as in XML
PLACEHOLDERS = ("x", "bx", "ex", "ph", "g")  # of translation programs, who write them like XML
NESTED_SCRIPT = re.compile(rf"<!--|-->|<(/?)script(?=[{S}/>])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A token of the document: `kind` is text, start, end, or other (comments, what is in a script)."""

    kind: str
    raw: str
    name: str = ""
    is_void: bool = False
    is_kept: bool = False  # says that it is not to be translated


def parsed(source: str) -> list[str | Sentence]:
    """What stays as it is, and the sentences of an HTML document or of a part of one."""
    return pieces(tokens(source), write)


def tokens(source: str) -> Iterator[Token]:
    """The document as sentences need it; their raw texts joined are the document."""
    found = list(cut(source))
    place = ends(found)
    # How many texts with a letter stand before each token.
    letters = list(accumulate((p.kind == "text" and any(map(str.isalpha, p.raw)) for p in found), initial=0))
    i = 0
    while i < len(found):
        piece = found[i]
        is_block = piece.name in BLOCKS or "-" in piece.name
        is_kept = piece.kind == "start" and (piece.is_kept or piece.name in KEPT) and not piece.is_void
        if is_kept and not piece.is_kept and piece.name in ("sub", "sup"):
            is_kept = letters[place[i]] == letters[i]  # 1<sup>er</sup> is to be read
        if is_kept:
            raw = "".join(each.raw for each in found[i : place[i]])
            i = place[i]
            yield Break(raw) if is_block else Mark(raw)
            continue
        i += 1
        if piece.kind == "text":
            yield Text(piece.raw, html.unescape(piece.raw))
        elif piece.kind == "other":
            yield Mark(piece.raw, holds=False)
        elif is_block:
            yield Break(piece.raw)
        elif piece.is_void:
            yield Mark(piece.raw, holds=piece.name != "wbr")
        elif piece.kind == "start":
            yield Start(piece.raw, piece.name)
        else:
            yield End(piece.raw, piece.name)


def cut(source: str) -> Iterator[Piece]:
    """The tokens of a document in the standard's sense; joined they are the document."""
    at = text_from = foreign = 0
    while (at := source.find("<", at)) >= 0:
        tag = TAG.match(source, at)
        other = tag or COMMENT.match(source, at)
        if other is None and not MAY_BE_TAG.match(source, at):
            at += 1
            continue
        if text_from < at:
            yield Piece("text", source[text_from:at])
        text_from = other.end() if other else len(source)  # a tag that never ends: browsers drop it
        raw, at = source[at:text_from], text_from
        if tag is None:
            yield Piece("other", raw)
            continue
        name = tag["name"].lower()
        if tag["slash"]:
            foreign = max(0, foreign - (name in FOREIGN))
            yield Piece("end", raw, name)
            continue
        is_closed = raw.endswith("/>") and (foreign > 0 or name in PLACEHOLDERS)
        foreign += name in FOREIGN and not is_closed
        yield Piece("start", raw, name, name in VOID or is_closed, _is_kept(tag["attributes"]))
        if name in RAW_TEXT and not foreign:
            text_from = _raw_end(source, at, name)
            if at < text_from:
                yield Piece("text" if name == "title" else "other", source[at:text_from])
            at = text_from
    if text_from < len(source):
        yield Piece("text", source[text_from:])


def _is_kept(attributes: str) -> bool:
    """Whether a start tag says that its element is not to be translated; the first of equal names counts."""
    if "translate" not in attributes.lower():  # class="notranslate" has it, too
        return False
    found: dict[str, str] = {}
    for match in ATTRIBUTE.finditer(attributes):
        value = next((group for group in match.groups()[1:] if group is not None), "")
        found.setdefault(match[1].lower(), html.unescape(value))
    is_no = found.get("translate", "").strip().lower() == "no"
    return is_no or "notranslate" in found.get("class", "").split()


def _raw_end(source: str, at: int, name: str) -> int:
    """Where the text of a script, a style or the like ends: before its end tag."""
    if name == "plaintext":
        return len(source)
    end = re.compile(rf"</{name}(?=[{S}/>])", re.IGNORECASE).search(source, at)
    if end and name == "script" and "<!--" in source[at : end.start()]:
        return _script_end(source, at)
    return end.start() if end else len(source)


def _script_end(source: str, at: int) -> int:
    """In `<!-- <script> ... </script> -->` the inner end tag ends nothing ("double escaped")."""
    is_escaped = is_double = False
    for match in NESTED_SCRIPT.finditer(source, at):
        if match[0] == "<!--":
            is_escaped = True
        elif match[0] == "-->":
            is_escaped = is_double = False
        elif match[1]:
            if not is_double:
                return match.start()
            is_double = False
        else:
            is_double = is_double or is_escaped
    return len(source)


def ends(found: Sequence[Piece]) -> dict[int, int]:
    """For each start tag the place behind its element, also where HTML lets its end tag be left out."""
    opened: list[int] = []
    names: Counter[str] = Counter()
    place: dict[int, int] = {}

    def close(at: int) -> str:
        start = opened.pop()
        names[found[start].name] -= 1
        place[start] = at
        return found[start].name

    for j, piece in enumerate(found):
        if piece.kind == "start":
            while opened and piece.name in CLOSED_BY.get(found[opened[-1]].name, ()):
                close(j)
            if not piece.is_void:
                opened.append(j)
                names[piece.name] += 1
        elif piece.kind == "end" and names[piece.name]:
            while found[opened[-1]].name != piece.name:
                close(j)
            close(j + 1)
    while opened:
        close(len(found))
    return place


def write(source: Sequence[Node], translation: Sequence[Node]) -> str:
    """A translation as HTML: its text escaped, characters spelled as references where the source did."""
    spelled = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
    for raw in _texts(source):
        for match in REFERENCE.finditer(raw):
            character = html.unescape(match[0])
            if len(character) == 1 and character not in " \t\n\r\f":
                spelled[character] = match[0]
    return _written(translation, str.maketrans(spelled))


def _texts(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, Text):
            yield node.raw
        elif isinstance(node, Element):
            yield from _texts(node.children)


def _written(nodes: Sequence[Node], spelled: dict[int, str]) -> str:
    out = []
    for node in nodes:
        if isinstance(node, Text):
            out.append(node.text.translate(spelled))
        elif isinstance(node, Element):
            out += [node.start, _written(node.children, spelled), node.end]
        else:
            out.append(node.raw)
    return "".join(out)
