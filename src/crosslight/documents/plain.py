"""Plain text: each line is a text of its own, as in the lines of a corpus."""

import re
from collections.abc import Iterator, Sequence

from crosslight.documents.inline import BLANK, Break, Node, Text, Token
from crosslight.documents.translation import Sentence, pieces

LINE_END = re.compile(r"(\r?\n)")


def parsed(source: str) -> list[str | Sentence]:
    """The line ends and outer blanks, which stay as they are, and the lines."""
    return pieces(_tokens(source), write)


def _tokens(source: str) -> Iterator[Token]:
    for i, part in enumerate(LINE_END.split(source)):
        if part:
            yield Break(part) if i % 2 else Text(part, part)


def write(source: Sequence[Node], translation: Sequence[Node]) -> str:
    """A translation on its line."""
    return BLANK.sub(" ", "".join(node.text for node in translation if isinstance(node, Text)))
