"""Inline markup carried over to a translation by word alignment.

The tree of the source is laid over the translation from the outside in. An element gets the stretch of its
parent's words with which most links agree: a word counts for it, letter by letter, as far as what it is
linked to is inside the element, and against it as far as that is outside, so the best stretch is a maximal
sum. Elements beside each other never overlap and may change their order; one that holds all of its parent's
text still does. A mark stands where the fewest links cross it, or beside the word that it touches.

So the result has the elements and marks of the source, each once, each in the parent that it had.
"""

from bisect import bisect_left, insort
from collections.abc import Collection, Sequence
from dataclasses import replace

from crosslight.documents.atoms import Linked, linked
from crosslight.documents.inline import Element, Mark, Node, Text, has_text
from crosslight.documents.reading import Placed, Places, reading

MOST_WORK = 3_000_000  # comparisons to place the marks of one sentence; above that each goes by its share

CLOSING = ".,;:!?…)]}»”"  # no blank before these, whatever stood before a mark
FARTHEST = 100  # words that are looked at for a free one


def project(nodes: Sequence[Node], translation: str, links: Collection[tuple[int, int]] | None) -> list[Node]:
    """The nodes with the translation in place of their text.

    Args:
        translation: of `reading(nodes)`.
        links: between the blank-separated words of both; None where nobody knows them.
    """
    translation = translation.strip()
    pair = linked(reading(nodes), translation, links)
    placed = Places(pair.src).of(nodes)
    return _Projection(pair, translation, placed).nodes


class _Projection:
    def __init__(self, pair: Linked, translation: str, placed: Sequence[Placed]) -> None:
        self._pair = pair
        self._translation = translation
        n_marks = _count_marks(placed)
        self._is_small = n_marks * len(pair.tgt) <= MOST_WORK
        self.nodes = self._level(placed, 0, len(pair.tgt))

    def _level(self, placed: Sequence[Placed], lo: int, hi: int) -> list[Node]:
        """The nodes of one parent over the target atoms from `lo` to before `hi`."""
        texts = [i for i, each in enumerate(placed) if has_text(each.node)]
        if not texts:
            return [*map(self._empty, placed), *self._written(lo, hi)]
        inside = self._middle(placed[texts[0] : texts[-1] + 1], lo, hi)
        found: list[Node] = []
        for each in placed[: texts[0]]:
            if not isinstance(each.node, Text):
                found += [self._empty(each), *[Text("", " ")] * each.blank_after]
        found += inside
        for each in placed[texts[-1] + 1 :]:
            if not isinstance(each.node, Text):
                found += [*[Text("", " ")] * each.blank_before, self._empty(each)]
        return found

    def _middle(self, placed: Sequence[Placed], lo: int, hi: int) -> list[Node]:
        if len(placed) == 1 and isinstance(element := placed[0].node, Element):
            return [replace(element, children=tuple(self._level(placed[0].children, lo, hi)))]
        stretches = self._stretches(placed, lo, hi)
        taken = sorted((first, last, i) for i, (first, last) in stretches.items() if last > first)
        begins = {first: i for i, (first, last) in stretches.items() if last > first}
        standing: dict[int, list[Placed]] = {}
        for i, each in enumerate(placed):
            if isinstance(each.node, Text) or (i in stretches and stretches[i][1] > stretches[i][0]):
                continue
            standing.setdefault(self._place_of_mark(i, placed, taken, lo, hi), []).append(each)
        found: list[Node] = []
        at = lo
        while True:
            self._stand(found, standing.get(at, ()), at, lo, hi)
            if at >= hi:
                return _joined(found)
            last = at + 1
            if at in begins:
                each = placed[begins[at]]
                element = each.node
                assert isinstance(element, Element)
                last = stretches[begins[at]][1]
                children = tuple(self._level(each.children, at, last))
                found.append(replace(element, children=children))
            else:
                found.append(self._text(self._pair.tgt[at].start, self._pair.tgt[at].end))
            at = last

    def _stand(self, found: list[Node], marks: Sequence[Placed], at: int, lo: int, hi: int) -> None:
        """Marks between two atoms, with the blank that is there on the side where they had one."""
        gap = self._gap(at) if lo < at < hi else ""
        for each in marks:
            if each.blank_before and (at > lo or found):
                found.append(Text("", gap or " "))
                gap = ""
            found.append(self._empty(each))
            if (
                each.blank_after
                and not gap
                and at < hi
                and self._translation[self._pair.tgt[at].start] not in CLOSING
            ):
                gap = " "
        if gap:
            found.append(Text("", gap))

    def _gap(self, at: int) -> str:
        """What the translation has between the atom before and this one."""
        return self._translation[self._pair.tgt[at - 1].end : self._pair.tgt[at].start]

    def _written(self, lo: int, hi: int) -> list[Node]:
        if lo >= hi:
            return []
        return [self._text(self._pair.tgt[lo].start, self._pair.tgt[hi - 1].end)]

    def _text(self, start: int, end: int) -> Text:
        return Text("", self._translation[start:end])

    def _empty(self, each: Placed) -> Node:
        """A mark, or an element in which nothing of the translation stands."""
        if isinstance(each.node, Element):
            return replace(each.node, children=tuple(map(self._empty, each.children)))
        if isinstance(each.node, Text):
            return Text("", "" if has_text(each.node) else " ")
        return each.node

    def _stretches(self, placed: Sequence[Placed], lo: int, hi: int) -> dict[int, tuple[int, int]]:
        """Where each element with text goes, the longest first."""
        found: dict[int, tuple[int, int]] = {}
        taken: list[tuple[int, int]] = []
        elements = [i for i, p in enumerate(placed) if isinstance(p.node, Element) and has_text(p.node)]
        for i in sorted(elements, key=lambda i: placed[i].first - placed[i].last):
            each = placed[i]
            stretch = self._best(each, lo, hi, taken)
            if stretch is None:
                first, last = placed[0].first, placed[-1].last
                share = ((each.first + each.last) / 2 - first) / max(1, last - first)
                stretch = self._nearest_free(lo + share * (hi - lo), lo, hi, taken)
            if stretch[1] > stretch[0]:
                insort(taken, stretch)
            found[i] = stretch
        return found

    def _best(self, each: Placed, lo: int, hi: int, taken: list[tuple[int, int]]) -> tuple[int, int] | None:
        """The stretch with which the links of an element agree best; None if it has none that is free."""
        pair = self._pair
        linked_to = sorted({t for s in range(each.first, each.last) for t in pair.to_tgt[s] if lo <= t < hi})
        best: tuple[float, int, int] | None = None
        total, start, before = 0.0, 0, -1
        for t in linked_to:
            if _is_taken(t, taken):
                continue
            gain = (2 * self._share_inside(t, each) - 1) * (pair.tgt[t].end - pair.tgt[t].start)
            if before >= 0 and not _is_cut(before, t, taken):
                total -= pair.weights[t] - pair.weights[before + 1]
            else:
                total = 0.0
            if total <= 0:
                total, start = 0.0, t
            total += gain
            before = t
            if best is None or total > best[0]:
                best = total, start, t + 1
        return best and best[1:]

    def _share_inside(self, t: int, each: Placed) -> float:
        """How much of what a target atom is linked to lies in an element, by length."""
        pair = self._pair
        weights = [(s, pair.src[s].end - pair.src[s].start) for s in pair.to_src[t]]
        inside = sum(weight for s, weight in weights if each.first <= s < each.last)
        return inside / sum(weight for _, weight in weights)

    def _nearest_free(self, place: float, lo: int, hi: int, taken: list[tuple[int, int]]) -> tuple[int, int]:
        """The free word nearest to a place; nothing, at that place, if there is none."""
        middle = min(max(int(place), lo), max(lo, hi - 1))
        for distance in range(min(hi - lo, FARTHEST)):
            for t in (middle - distance, middle + distance):
                if lo <= t < hi and self._pair.tgt[t].is_word and not _is_taken(t, taken):
                    return t, t + 1
        return middle, middle

    def _place_of_mark(
        self, i: int, placed: Sequence[Placed], taken: list[tuple[int, int, int]], lo: int, hi: int
    ) -> int:
        """Before which target atom something without a stretch stands."""
        each, pair = placed[i], self._pair
        at = None
        if isinstance(each.node, Mark) and each.node.holds:
            if not each.blank_before and each.first > placed[0].first:
                image = [t for t in pair.to_tgt[each.first - 1] if lo <= t < hi]
                at = max(image) + 1 if image else None
            elif not each.blank_after and each.last < placed[-1].last:
                image = [t for t in pair.to_tgt[each.last] if lo <= t < hi]
                at = min(image, default=None)
        if at is None:
            at = self._cut(each.first, placed[0].first, placed[-1].last, lo, hi)
        first, last, j = taken[k] if (k := bisect_left(taken, (at, 0, 0)) - 1) >= 0 else (at, at, i)
        if first < at < last:  # not inside an element that it is beside
            return first if i < j else last
        return at

    def _cut(self, k: int, first: int, last: int, lo: int, hi: int) -> int:
        """The place that the fewest links cross: what is linked to before `k` stands before it."""
        if not self._is_small:
            return lo + round((k - first) / max(1, last - first) * (hi - lo))
        total = best = 0.0
        at = lo
        for t in range(lo, hi):
            sources = self._pair.to_src[t]
            if sources:
                total += 2 * sum(s < k for s in sources) / len(sources) - 1
            if total > best:
                best, at = total, t + 1
        return at


def _count_marks(placed: Sequence[Placed]) -> int:
    return sum(
        _count_marks(each.children) if each.children else not isinstance(each.node, Text) for each in placed
    )


def _is_taken(t: int, taken: list[tuple[int, int]]) -> bool:
    i = bisect_left(taken, (t + 1, 0))
    return i > 0 and taken[i - 1][1] > t


def _is_cut(before: int, t: int, taken: list[tuple[int, int]]) -> bool:
    """Whether something taken lies between two free atoms."""
    i = bisect_left(taken, (before + 1, 0))
    return i < len(taken) and taken[i][0] < t


def _joined(nodes: list[Node]) -> list[Node]:
    """Texts that follow each other made one."""
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, Text) and found and isinstance(before := found[-1], Text):
            found[-1] = Text("", before.text + node.text)
        else:
            found.append(node)
    return found
