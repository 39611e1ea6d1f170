"""A sentence with its inline markup: a tree of texts, marks and elements.

    Un <b>chat <i>noir</i></b><br> ─► Text("Un "), Element(<b>, [Text("chat "), Element(<i>, ...)]), Break

What a document's reader finds in a row (`Token`) is put together here, the same way for every format. A tag
without its partner, or one that crosses another, is no element: it becomes a border between two sentences
and stays where it is. So a tree is always balanced, whatever the document was.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

BLANK = re.compile(r"[ \t\n\r\f]+")  # what HTML collapses; a no-break space is a character of its word
DEEPEST = 50  # elements in elements; no sentence needs more, and recursion is bounded by it


@dataclass(frozen=True, slots=True)
class Text:
    """Text, as the document writes it and as a reader sees it."""

    raw: str
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Something without text of its own in the sentence: an image, a comment, a piece of code."""

    raw: str
    holds: bool = True  # it belongs to a word that it touches; a comment does not


@dataclass(frozen=True, slots=True)
class Element:
    """Nodes between a start tag and its end tag, both as the document writes them."""

    start: str
    children: tuple["Node", ...]
    end: str
    follows: bool = False  # how a tag is written depends on the text, so it stays with its sentence


@dataclass(frozen=True, slots=True)
class Start:
    """A start tag; its partner is the next `End` of the same name that is not inside."""

    raw: str
    name: str


@dataclass(frozen=True, slots=True)
class End:
    """An end tag."""

    raw: str
    name: str
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Break:
    """A border between sentences, with all that stays as it is there."""

    raw: str


Node = Text | Mark | Element
Token = Text | Mark | Start | End | Break


def sentences(tokens: Iterable[Token]) -> Iterator[str | list[Node]]:
    """What stays as it is (a string), and trees without blanks or whole-sentence markup around them.

    Written out in order they are the document: `written` of a tree, and the strings themselves.
    """
    run: list[Text | Mark | Start | End] = []
    for token in tokens:
        if isinstance(token, Break):
            yield from _of_run(run)
            yield token.raw
            run = []
        else:
            run.append(token)
    yield from _of_run(run)


def written(nodes: Iterable[Node]) -> str:
    """The nodes as the document writes them."""
    return "".join(
        node.start + written(node.children) + node.end if isinstance(node, Element) else node.raw
        for node in nodes
    )


def has_text(node: Node) -> bool:
    """Whether there is anything but blanks to read in it."""
    if isinstance(node, Element):
        return any(has_text(child) for child in node.children)
    return isinstance(node, Text) and bool(node.text.strip(" \t\n\r\f"))


def _of_run(run: Sequence[Text | Mark | Start | End]) -> Iterator[str | list[Node]]:
    """The sentences of tokens without breaks: tags that have no place in a tree part them."""
    lone = _lone_tags(run)
    stack: list[tuple[str, list[Node]]] = [("", [])]
    for i, token in enumerate(run):
        if i in lone:  # never inside a pair: a pair with one inside is none
            yield from _peeled(stack[0][1])
            yield token.raw
            stack = [("", [])]
        elif isinstance(token, Start):
            stack.append((token.raw, []))
        elif isinstance(token, End):
            start, children = stack.pop()
            stack[-1][1].append(Element(start, tuple(children), token.raw, token.follows))
        else:
            stack[-1][1].append(token)
    yield from _peeled(stack[0][1])


def _lone_tags(run: Sequence[Text | Mark | Start | End]) -> set[int]:
    """The places of tags without a partner, and of pairs that have such a tag inside or lie too deep."""
    pairs: list[tuple[int, int]] = []
    opened: list[int] = []
    names: dict[str, int] = {}
    lone: set[int] = set()
    for i, token in enumerate(run):
        if isinstance(token, Start):
            if len(opened) >= DEEPEST:
                lone.add(i)
                continue
            opened.append(i)
            names[token.name] = names.get(token.name, 0) + 1
        elif isinstance(token, End):
            if not names.get(token.name):
                lone.add(i)
                continue
            while True:
                start = opened.pop()
                name = run[start].name  # type: ignore[union-attr]
                names[name] -= 1
                if name == token.name:
                    pairs.append((start, i))
                    break
                lone.add(start)
    lone.update(opened)
    before = [0]  # how many lone tags stand before each place
    for i in range(len(run)):
        before.append(before[-1] + (i in lone))
    for start, end in pairs:
        if before[end] > before[start]:
            lone |= {start, end}
    return lone


def _peeled(nodes: list[Node]) -> Iterator[str | list[Node]]:
    """What is around the text stays in its place: blanks, marks, and elements with all of the text inside."""
    front: list[str] = []
    back: list[str] = []
    while True:
        first, last = 0, len(nodes)
        while first < last and not has_text(nodes[first]):
            first += 1
        while last > first and not has_text(nodes[last - 1]):
            last -= 1
        front.append(written(nodes[:first]))
        back.append(written(nodes[last:]))
        nodes = nodes[first:last]
        if len(nodes) != 1 or not isinstance(nodes[0], Element) or nodes[0].follows:
            break
        front.append(nodes[0].start)
        back.append(nodes[0].end)
        nodes = list(nodes[0].children)
    if nodes and isinstance(text := nodes[0], Text):
        blank, nodes[0] = _without_blanks_before(text)
        front.append(blank)
    if nodes and isinstance(text := nodes[-1], Text):
        nodes[-1], blank = _without_blanks_after(text)
        back.append(blank)
    if before := "".join(front):
        yield before
    if nodes:
        yield nodes
    if after := "".join(reversed(back)):
        yield after


def _without_blanks_before(node: Text) -> tuple[str, Text]:
    rest = node.raw.lstrip(" \t\n\r\f")
    return node.raw[: len(node.raw) - len(rest)], Text(rest, node.text.lstrip(" \t\n\r\f"))


def _without_blanks_after(node: Text) -> tuple[Text, str]:
    rest = node.raw.rstrip(" \t\n\r\f")
    return Text(rest, node.text.rstrip(" \t\n\r\f")), node.raw[len(rest) :]
