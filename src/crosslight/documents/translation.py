"""All sentences of a document translated, each text once, and put back with their markup.

A room that knows no model: what translates is handed in, and what it gives back is a text with the links
between its words and those of the source, where somebody knows them.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from crosslight.documents.inline import BLANK, Node, Text, Token, sentences, written
from crosslight.documents.projection import project
from crosslight.documents.reading import reading

AT_ONCE = 256  # texts in a batch: enough for an engine, and a step of the progress


class Translated(Protocol):
    """What a text became."""

    @property
    def text(self) -> str:
        """The translation."""

    @property
    def links(self) -> Collection[tuple[int, int]] | None:
        """Pairs of source and target word, both counted from 0 between blanks; None if unknown."""


Translate = Callable[[list[str]], Sequence[Translated]]
"""texts -> what each became, in order."""

Progress = Callable[[int, int], None]
"""(texts done, texts in all), after each batch."""

Write = Callable[[Sequence[Node], Sequence[Node]], str]
"""(source, translation) -> the translation as the document writes it."""


@dataclass(frozen=True)
class Sentence:
    """A piece of a document that is to be translated, and how its format writes a translation."""

    nodes: Sequence[Node]
    write: Write


def pieces(tokens: Iterable[Token], write: Write) -> list[str | Sentence]:
    """What stays as it is, and the sentences between; sentences without a letter stay as well."""
    return [
        piece if isinstance(piece, str) else _sentence_or_raw(piece, write) for piece in sentences(tokens)
    ]


def _sentence_or_raw(nodes: list[Node], write: Write) -> str | Sentence:
    has_letter = any(character.isalpha() for character in reading(nodes))
    return Sentence(nodes, write) if has_letter else written(nodes)


def translated(
    document: Iterable[str | Sentence], translate: Translate, progress: Progress | None = None
) -> str:
    """The document with its sentences translated."""
    all_pieces = list(document)
    results = iter(project_all([p.nodes for p in all_pieces if isinstance(p, Sentence)], translate, progress))
    out = []
    for piece in all_pieces:
        if isinstance(piece, str):
            out.append(piece)
        else:
            nodes = next(results)
            out.append(written(piece.nodes) if nodes is None else piece.write(piece.nodes, nodes))
    return "".join(out)


def project_all(
    trees: Sequence[Sequence[Node]], translate: Translate, progress: Progress | None = None
) -> list[list[Node] | None]:
    """Each tree with its translation; None where the translation is the text itself, or nothing."""
    texts = [reading(tree) for tree in trees]
    wanted = list(dict.fromkeys(texts))
    found: dict[str, Translated] = {}
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        found |= zip(some, translate(some), strict=True)
        if progress:
            progress(min(start + AT_ONCE, len(wanted)), len(wanted))
    return [_projected(tree, text, found[text]) for tree, text in zip(trees, texts, strict=True)]


def _projected(tree: Sequence[Node], text: str, translation: Translated) -> list[Node] | None:
    shown = BLANK.sub(" ", translation.text).strip(" ")  # a line end could begin a paragraph
    if shown in ("", text):
        return None
    if len(tree) == 1 and isinstance(tree[0], Text):
        return [Text("", shown)]
    return project(tree, shown, translation.links)  # asked for only here: they may cost something
