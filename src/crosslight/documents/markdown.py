"""Markdown: prose changes, and nothing else; what a block or a link is, markdown-it-py says.

Every inline piece is found again in the line of the source that it came from, so block markup, fences, front
matter, link definitions and addresses are never written anew.
"""

import html
import re
from collections.abc import Iterator, Sequence
from typing import Any

from markdown_it.token import Token as Parsed

from crosslight.documents import hypertext
from crosslight.documents.elements import BLOCKS, KEPT
from crosslight.documents.inline import Break, End, Mark, Start, Text, Token
from crosslight.documents.markdown_inline import placed, plain_reader, reader
from crosslight.documents.markdown_write import Kind, MarkdownWriter, ShortReference
from crosslight.documents.translation import Sentence, pieces
from crosslight.errors import DocumentError

LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
FRONT_MATTER = re.compile(
    r"\ufeff?(?:---[ \t]*\r?\n(?:[ \t]*(?:\#[^\n]*)?\r?\n)*[\w\"'-]+[^\n:]*:.*?^(?:---|\.\.\.)[ \t]*\r?$\n?"
    r"|\+\+\+[ \t]*\r?\n.*?^\+\+\+[ \t]*\r?$\n?)",
    re.DOTALL | re.MULTILINE,
)
KINDS: dict[str, Kind] = {"th_open": "cell", "td_open": "cell", "heading_open": "heading"}
MOST_KEPT = 500  # tokens up to the end tag of `<kbd>` and the like; without one it is text
NAMES = {"em": "em", "strong": "strong", "s": "s", "link": "link"}


def parsed(source: str) -> list[str | Sentence]:
    """What stays as it is, and the sentences of a Markdown document.

    Raises:
        DocumentError: brackets are nested deeper than anybody reads.
    """
    front = match[0] if (match := FRONT_MATTER.match(source)) else ""
    document = _Document(source[len(front) :])
    found: list[str | Sentence] = [front]
    at = 0
    for start, end, part in document.parts():
        found += [document.source[at:start], *part]
        at = end
    return [*found, document.source[at:]]


class _Document:
    def __init__(self, source: str) -> None:
        self.source = source
        self._lines = [(match.start(), match[0].rstrip("\r\n")) for match in LINE.finditer(source)]
        self._env: dict[str, Any] = {}
        self._blocks = reader().parse(source, self._env)
        self._judge = plain_reader()

    def parts(self) -> Iterator[tuple[int, int, list[str | Sentence]]]:
        """(start, end, pieces) of what has text, in the order of the source."""
        row, column = -1, 0  # how far the cells of a row have been found
        for i, block in enumerate(self._blocks):
            if block.map is None or not block.content.strip():
                continue
            if block.type == "html_block":
                places = self._places(block)
                tokens = list(self._html(block, places))
                yield places[0], places[-1], pieces(tokens, hypertext.write)
            elif block.type == "inline":
                kind = KINDS.get(self._blocks[i - 1].type, "paragraph")
                if kind != "cell":
                    places = self._places(block)
                else:
                    column = column if block.map[0] == row else 0
                    row = block.map[0]
                    places = self._places_in_cell(block, column)
                    column = places[-1] - self._lines[row][0]
                writer = MarkdownWriter(self._judge, self._env, kind)
                part = pieces(self._tokens(block, places), writer.write)
                writer.context = part
                yield places[0], places[-1], part

    def _places(self, block: Parsed) -> list[int]:
        """Where each character of a block's content stands in the source, and where the last one ends."""
        assert block.map is not None
        places: list[int] = []
        for k, line in enumerate(block.content.removesuffix("\n").split("\n")):
            number = block.map[0] + k
            start, full = self._lines[number] if number < len(self._lines) else (len(self.source), "")
            text = line.strip(" \t")
            column = full.rfind(text) if text else len(full.rstrip(" \t"))
            if column < 0:
                raise _lost(line)
            n_before = len(line) - len(line.lstrip(" \t")) if text else 0
            end = start + len(full)
            places += [start + column] * n_before
            places += (min(start + column + j, end) for j in range(len(line) - n_before + 1))
        if block.content.endswith("\n"):  # of an HTML block
            places.append(places[-1])
        return places

    def _places_in_cell(self, block: Parsed, column: int) -> list[int]:
        """The same for a cell, in which the source has a backslash before each `|`."""
        assert block.map is not None
        start, line = self._lines[block.map[0]]
        match = re.compile(re.escape(block.content).replace(r"\|", r"\\\|")).search(line, column)
        if not match:
            raise _lost(block.content)
        places, at = [], match.start()
        for character in block.content:
            places.append(start + at)
            at += 1 + (character == "|")
        return [*places, start + at]

    def _tokens(self, block: Parsed, places: list[int]) -> Iterator[Token]:
        items = placed(block)
        starts = [places[start] for _, start, _ in items] + [places[-1]]
        raws = [self.source[starts[i] : starts[i + 1]] for i in range(len(items))]
        i = 0
        while i < len(items):
            token, raw = items[i][0], raws[i]
            kind = token.type.removesuffix("_open").removesuffix("_close")
            i += 1
            if token.type in ("text", "text_special"):
                yield Text(raw, token.content)
            elif token.type == "softbreak":
                yield Text(raw, " ")
            elif token.type == "hardbreak":
                yield Break(raw)
            elif token.markup == "autolink":
                yield Mark(raw)
            elif kind in NAMES and token.nesting > 0:
                yield Start(raw, kind)
            elif kind in NAMES and token.nesting < 0:
                end = self._link_end(block, items, i - 1, raw) if kind == "link" else raw
                yield End(end, kind, follows=end is not raw)
            elif token.type == "html_inline":
                n_more = _n_kept(items, i - 1)
                if n_more:
                    yield Mark("".join(raws[i - 1 : i + n_more]))
                    i += n_more
                else:
                    yield _of_tag(raw)
            else:  # code, images, addresses, what other dialects add
                yield Mark(raw)

    def _link_end(self, block: Parsed, items: Sequence[tuple[Parsed, int, int]], i: int, raw: str) -> str:
        """The end of a link; where its text is also its name, it remembers the name."""
        if raw not in ("]", "][]"):
            return raw
        depth = 0
        for k in range(i, -1, -1):
            token, _, end = items[k]
            depth += token.type == "link_close"
            depth -= token.type == "link_open"
            if depth == 0:
                return ShortReference(raw, block.content[end : items[i][1]])
        return raw

    def _html(self, block: Parsed, places: list[int]) -> Iterator[Token]:
        """The tokens of an HTML block, with what stands before its lines (`> `) where they have it."""
        at = 0
        for token in hypertext.tokens(block.content):
            end = at + len(token.raw)
            raw = self.source[places[at] : places[end]]
            at = end
            match token:
                case Text():
                    yield from self._lines_of(token.raw, places[at - len(token.raw) : at + 1])
                case Mark():
                    yield Mark(raw, token.holds)
                case Start():
                    yield Start(raw, token.name)
                case End():
                    yield End(raw, token.name)
                case _:
                    yield Break(raw)

    def _lines_of(self, text: str, places: list[int]) -> Iterator[Token]:
        """Text of HTML, with line ends apart: what stands before a line is no part of a sentence."""
        at = 0
        for part in re.split(r"(\s*\n\s*)", text):
            if part:
                raw = self.source[places[at] : places[at + len(part)]]
                yield Text(raw, html.unescape(part))
            at += len(part)


def _of_tag(raw: str) -> Token:
    """A tag of HTML inside a paragraph."""
    piece = next(hypertext.cut(raw))
    if piece.kind not in ("start", "end"):
        return Mark(raw, holds=False)
    if piece.name in BLOCKS:
        return Break(raw)
    if piece.is_void or raw.endswith("/>"):
        return Mark(raw)
    return Start(raw, piece.name) if piece.kind == "start" else End(raw, piece.name)


def _n_kept(items: Sequence[tuple[Parsed, int, int]], i: int) -> int:
    """How many tokens after an HTML start tag belong to its element, if that is not translated."""
    piece = next(hypertext.cut(items[i][0].content))
    if piece.kind != "start" or piece.is_void or not (piece.is_kept or piece.name in KEPT):
        return 0
    depth = 0
    for n, (token, _, _) in enumerate(items[i : i + MOST_KEPT]):
        if token.type == "html_inline":
            other = next(hypertext.cut(token.content))
            if other.name == piece.name and other.kind in ("start", "end"):
                depth += 1 if other.kind == "start" else -1
            if depth == 0:
                return n
    return 0


def _lost(content: str) -> DocumentError:
    return DocumentError(
        f"{content[:60]!r} was not found again in the Markdown source",
        "check the file for characters that cannot be seen, such as NUL",
    )
