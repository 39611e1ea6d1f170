"""What a translator reads of a sentence, and which of its words stand in which element."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from crosslight.documents.atoms import Atom
from crosslight.documents.inline import BLANK, Element, Mark, Node, Text


@dataclass(frozen=True, slots=True)
class Placed:
    """A node of the source sentence, and the source atoms in it: those from `first` to before `last`."""

    node: Node
    first: int
    last: int
    children: tuple["Placed", ...] = ()
    blank_before: bool = False
    blank_after: bool = False


def reading(nodes: Sequence[Node]) -> str:
    """The text of nodes without markup, blanks collapsed: what is to be translated.

    >>> reading([Text("", "Un  "), Element("<b>", (Text("", "\\n chat"),), "</b>"), Text("", ".")])
    'Un chat.'
    """
    return BLANK.sub(" ", _raw_reading(nodes)).strip(" ")


def _raw_reading(nodes: Sequence[Node]) -> str:
    return "".join(
        node.text if isinstance(node, Text) else _raw_reading(node.children)
        for node in nodes
        if not isinstance(node, Mark)
    )


class Places:
    """Counts the source atoms while it walks through the tree."""

    def __init__(self, atoms: Sequence[Atom]) -> None:
        self._atoms = atoms
        self._starts = [atom.start for atom in atoms]
        self._length = 0  # of the reading so far
        self._is_blank = True  # whether a blank was read last, or nothing

    def of(self, nodes: Sequence[Node]) -> tuple[Placed, ...]:
        """The nodes with the atoms that are in them; called once, for all of a sentence."""
        found = []
        for node in nodes:
            before, start = self._is_blank, self._length
            children: tuple[Placed, ...] = ()
            if isinstance(node, Text):
                self._read(node.text)
            elif isinstance(node, Element):
                children = self.of(node.children)
            found.append((node, start, self._length, children, before))
        placed: list[Placed] = []
        after = True
        for node, start, end, children, before in reversed(found):
            first, last = self._within(start, end)
            placed.append(Placed(node, first, last, children, before, after))
            text = _raw_reading([node])
            after = text[0] in " \t\n\r\f" if text else after
        return tuple(reversed(placed))

    def _within(self, start: int, end: int) -> tuple[int, int]:
        """The atoms of a stretch of text; one that is cut belongs to it if the larger part does.

        Text has an atom at least: `A` of `<b>A</b>ttention` stands for the word.
        """
        first, last = bisect_left(self._starts, start), bisect_left(self._starts, end)
        if first > 0 and (cut := self._atoms[first - 1]).end > start:
            first -= min(cut.end, end) - start > (cut.end - cut.start) / 2
        if last > first and (cut := self._atoms[last - 1]).end > end:
            last -= end - max(cut.start, start) <= (cut.end - cut.start) / 2
        if first >= last and end > start:
            last = bisect_left(self._starts, end)
            first = max(0, last - 1)
        return first, max(first, last)

    def _read(self, text: str) -> None:
        shown = BLANK.sub(" ", text)
        if self._is_blank and shown.startswith(" "):
            shown = shown[1:]
        if shown:
            self._length += len(shown)
            self._is_blank = shown.endswith(" ")
