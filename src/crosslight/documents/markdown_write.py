"""A translation as Markdown: escaped, and read again to see that it says what the source says.

A translation goes onto one line, because a line break could begin a list or a heading. If what is read holds
another markup than the source, blanks are put around emphasis, since CommonMark sees none in
`**« mot »**suite`; and if that is not enough (emphasis directly in emphasis), its tags are written.
"""

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token as Parsed

from crosslight.documents.hypertext import REFERENCE
from crosslight.documents.inline import Element, Mark, Node, Text, written
from crosslight.documents.translation import Sentence
from crosslight.errors import DocumentError

ACTIVE = re.compile(r"[\\`*\[\]<~]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
LINE_START = re.compile(r"([-+=#>])|(\d{1,9})([.)])(?=\s|\Z)")
CLOSING = re.compile(r"(?<=\s)(#+)\Z")
PREFIX = re.compile(r"\r?\n[ \t>]*")
AROUND = 2000  # characters that a sentence is read together with, on each side
Kind = Literal["paragraph", "heading", "cell"]
Form = Literal["close", "wide", "html"]
FORMS: tuple[Form, ...] = ("close", "wide", "html")  # as it is; blanks around emphasis; emphasis as tags
TAGS = {"*": "em", "_": "em", "**": "strong", "__": "strong", "~~": "del"}
AS_TAGS = {
    f"<{slash}{tag}>": (f"{name}_open [] ", -1 if slash else 1)
    for tag, name in (("em", "em"), ("strong", "strong"), ("del", "s"))
    for slash in ("", "/")
}
SEEN = ("text", "text_special", "softbreak")  # what is not markup


class ShortReference(str):
    """The end of a link such as `[Exemple]`, whose text is its name too: translated it must be named."""

    __slots__ = ("label",)
    label: str

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
        kind: of the block; in a cell of a table `|` is the end.
    """

    def __init__(self, judge: MarkdownIt, env: dict[str, Any], kind: Kind) -> None:
        self._judge = judge
        self._env = env
        self._kind = kind
        self.context: Sequence[str | Sentence] = ()  # all of the block, in which a sentence is read
        self._raws: list[str] = []
        self._places: dict[int, int] = {}

    def write(self, source: Sequence[Node], translation: Sequence[Node]) -> str:
        """The translation with the source's markup.

        Raises:
            DocumentError: its markup cannot be written so that it is read again.
        """
        spelled = _spelled(source)
        before, after = self._around(source)
        original = before + _as_read(written(source)) + after
        # What is no paragraph without its indentation is compared as a line.
        is_block = self._kind == "paragraph" and len(self._judge.parse(original, dict(self._env))) == 3
        wanted = self._markup(original, is_block)
        for form in FORMS:
            text = self._line(translation, spelled, form)
            if self._markup(before + text + after, is_block) == wanted:
                return text
        raise DocumentError(
            f"the emphasis of {written(source)[:60]!r} cannot be kept in Markdown",
            "write it with <em>, <strong> or <a> in the source",
        )

    def _line(self, translation: Sequence[Node], spelled: dict[str, str], form: Form) -> str:
        text = "".join(self._written(translation, spelled, form))
        text = CLOSING.sub(r"\\\1", text)
        if match := LINE_START.match(text):
            text = f"\\{text}" if match[1] else f"{match[2]}\\{text[match.end(2) :]}"
        return text

    def _written(self, nodes: Sequence[Node], spelled: dict[str, str], form: Form) -> Iterator[str]:
        before = ""
        for i, node in enumerate(nodes):
            if isinstance(node, Text):
                said = self._escaped(node.text, spelled)
                following = nodes[i + 1] if i + 1 < len(nodes) else None
                if said.endswith("!") and isinstance(following, Element) and following.start == "[":
                    said = said[:-1] + "\\!"
            elif isinstance(node, Mark):
                said = node.raw
            else:
                start, end = node.start, node.end
                if isinstance(end, ShortReference):
                    end = f"][{end.label}]"
                if form == "html" and (tag := TAGS.get(start)):
                    start, end = f"<{tag}>", f"</{tag}>"
                said = start + "".join(self._written(node.children, spelled, form)) + end
            is_apart = before[-1:].isspace() or said[:1].isspace()
            is_marked = not isinstance(node, Text) or (i > 0 and not isinstance(nodes[i - 1], Text))
            if form != "close" and before and not is_apart and is_marked:
                yield " "
            yield said
            before = said

    def _escaped(self, text: str, spelled: dict[str, str]) -> str:
        out = []
        at = 0
        for match in ACTIVE.finditer(text):
            out += [text[at : match.start()], f"\\{match[0]}"]
            at = match.end()
        escaped = "".join([*out, text[at:]])
        if self._kind == "cell":
            escaped = escaped.replace("|", "\\|")
        for character, reference in spelled.items():
            escaped = escaped.replace(f"\\{character}", character).replace(character, reference)
        return escaped

    def _around(self, source: Sequence[Node]) -> tuple[str, str]:
        """What stands before and after a sentence in its block, as far as it may matter."""
        if not self._places:
            self._raws = [
                _as_read(part if isinstance(part, str) else written(part.nodes)) for part in self.context
            ]
            self._places = {
                id(part.nodes): i for i, part in enumerate(self.context) if not isinstance(part, str)
            }
        at = self._places[id(source)]
        before, after = "", ""
        for raw in reversed(self._raws[max(0, at - AROUND) : at]):
            before = (raw + before)[-AROUND:]
        for raw in self._raws[at + 1 : at + 1 + AROUND]:
            after = (after + raw)[:AROUND]
        return before, after

    def _markup(self, text: str, is_block: bool) -> Counter[str]:
        """The markup that a reader finds in the block, each with what it is inside."""
        if is_block:
            tokens = self._judge.parse(text, dict(self._env))
        else:
            tokens = self._judge.parseInline(text, dict(self._env))
        found = Counter(token.type for token in tokens if token.type != "inline")
        for token in tokens:
            found.update(_paths(token.children or ()))
        return found


def _paths(tokens: Iterable[Parsed]) -> Iterator[str]:
    inside: list[str] = []
    for token in tokens:
        name, nesting = AS_TAGS.get(token.content, (token.type, token.nesting))
        if nesting < 0:
            del inside[-1:]
        elif name not in SEEN:
            is_tag = token.content in AS_TAGS
            inside.append(name if is_tag else f"{name} {sorted(token.attrs.items())} {token.content}")
            yield " > ".join(inside)
            if nesting == 0:
                inside.pop()


def _as_read(raw: str) -> str:
    """The source without what stands before the lines of a quotation."""
    return PREFIX.sub("\n", raw)


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
