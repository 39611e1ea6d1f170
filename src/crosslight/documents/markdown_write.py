"""A translation as Markdown: escaped, and read again to see that it says what the source says.

A translation goes onto one line, because a line break could begin a list or a heading. If what is read holds
another markup than the source, blanks are put around emphasis: CommonMark sees none in `**« mot »**suite`.
"""

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token as Parsed

from crosslight.documents.hypertext import REFERENCE
from crosslight.documents.inline import Element, Mark, Node, Text
from crosslight.errors import DocumentError

ACTIVE = re.compile(r"[\\`*\[\]<~]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
LINE_START = re.compile(r"([-+=#>])|(\d{1,9})([.)])(?=\s|\Z)")
CLOSING = re.compile(r"(?<=\s)(#+)\Z")
SEEN = ("text", "text_special", "softbreak")  # what is not markup


class ShortReference(str):
    """The end of a link such as `[Exemple]`, whose text is its name too: translated it must be named."""

    __slots__ = ("label",)

    def __new__(cls, raw: str, label: str) -> "ShortReference":
        """The end as the source writes it, `]` or `][]`."""
        self = super().__new__(cls, raw)
        self.label = label
        return self


class MarkdownWriter:
    """Writes the translations of one block.

    Args:
        judge: reads what was written.
        env: the link definitions of the document.
        is_cell: in a table, where `|` ends a cell.
    """

    def __init__(self, judge: MarkdownIt, env: dict[str, Any], is_cell: bool) -> None:
        self._judge = judge
        self._env = env
        self._is_cell = is_cell

    def write(self, source: Sequence[Node], translation: Sequence[Node]) -> str:
        """The translation with the source's markup.

        Raises:
            DocumentError: its markup cannot be written so that it is read again.
        """
        spelled = _spelled(source)
        wanted = self._markup("".join(_as_read(source)))
        for is_wide in (False, True):
            text = self._line(translation, spelled, is_wide)
            if self._markup(text) == wanted:
                return text
        raise DocumentError(
            f"the emphasis of {''.join(_as_read(source))[:60]!r} cannot be kept in Markdown",
            "write it with <em>, <strong> or <a> in the source",
        )

    def _line(self, translation: Sequence[Node], spelled: dict[str, str], is_wide: bool) -> str:
        text = "".join(self._written(translation, spelled, is_wide))
        text = CLOSING.sub(r"\\\1", text)
        if match := LINE_START.match(text):
            text = f"\\{text}" if match[1] else f"{match[2]}\\{text[match.end(2) :]}"
        return text

    def _written(self, nodes: Sequence[Node], spelled: dict[str, str], is_wide: bool) -> Iterator[str]:
        before = ""
        for i, node in enumerate(nodes):
            if isinstance(node, Text):
                written = self._escaped(node.text, spelled)
                following = nodes[i + 1] if i + 1 < len(nodes) else None
                if written.endswith("!") and isinstance(following, Element) and following.start == "[":
                    written = written[:-1] + "\\!"
            elif isinstance(node, Mark):
                written = node.raw
            else:
                end = f"][{node.end.label}]" if isinstance(node.end, ShortReference) else node.end
                written = node.start + "".join(self._written(node.children, spelled, is_wide)) + end
            is_apart = before[-1:].isspace() or written[:1].isspace()
            is_marked = isinstance(node, Element) or (i > 0 and isinstance(nodes[i - 1], Element))
            if is_wide and before and not is_apart and is_marked:
                yield " "
            yield written
            before = written

    def _escaped(self, text: str, spelled: dict[str, str]) -> str:
        out = []
        at = 0
        for match in ACTIVE.finditer(text):
            out += [text[at : match.start()], f"\\{match[0]}"]
            at = match.end()
        escaped = "".join([*out, text[at:]])
        if self._is_cell:
            escaped = escaped.replace("|", "\\|")
        for character, reference in spelled.items():
            escaped = escaped.replace(f"\\{character}", character).replace(character, reference)
        return escaped

    def _markup(self, text: str) -> Counter[tuple[str, ...]]:
        """The markup that a reader finds in a line."""
        found: Counter[tuple[str, ...]] = Counter()
        for token in self._judge.parseInline(text, dict(self._env)):
            found.update(_names(token.children or ()))
        return found


def _names(tokens: Iterable[Parsed]) -> Iterator[tuple[str, ...]]:
    for token in tokens:
        if token.type not in SEEN:
            yield token.type, str(sorted(token.attrs.items())), token.content


def _as_read(nodes: Iterable[Node]) -> Iterator[str]:
    """The source without what stands before the lines of a quotation."""
    for node in nodes:
        if isinstance(node, Element):
            yield from (node.start, *_as_read(node.children), node.end)
        elif isinstance(node, Text) and node.raw[:1] in ("\n", "\r"):
            yield "\n"
        else:
            yield node.raw


def _spelled(nodes: Iterable[Node]) -> dict[str, str]:
    """Characters that the source writes as references, such as `&nbsp;`."""
    found: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, Element):
            found |= _spelled(node.children)
        elif isinstance(node, Text) and (match := REFERENCE.fullmatch(node.raw)):
            character = html.unescape(match[0])
            if len(character) == 1 and character not in "\\&#;" and not character.isalnum():
                found[character] = match[0]
    return found
