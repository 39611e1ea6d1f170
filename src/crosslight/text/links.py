"""Word alignments as sets of links, and how they are written, merged and judged.

A link (i, j) says that source word i and target word j say the same; both count from 0. Files have a line
for each sentence pair, in the form that Pharaoh (Koehn 2004) gave its name to: ``0-0 1-2 2-1``.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from crosslight.errors import CorpusError

Link = tuple[int, int]

BLANKS = b" \t\n\r"
WORD = re.compile(r"[^ \t\n\r]+")


def blank_words(text: str) -> list[str]:
    """The words between blanks, tabs and line ends: what positions in an alignment count.

    >>> blank_words(" Quoi\\u00a0? Rien. ")
    ['Quoi\\xa0?', 'Rien.']
    """
    return WORD.findall(text)


def word_spans(surfaces: Iterable[bytes], before: str = "") -> list[range]:
    """The words that each piece writes a part of: none for blanks, several for a piece with a blank inside.

    Args:
        surfaces: what each piece writes, in UTF-8.
        before: the text before the first piece; its words count, and the last one may go on.

    >>> word_spans([b" a", b" sm", b"all", b" "])
    [range(0, 1), range(1, 2), range(1, 2), range(0, 0)]
    >>> word_spans([b"sm", b"all cat"], before="a very-")
    [range(1, 2), range(1, 3)]
    """
    word = len(blank_words(before)) - 1
    inside = bool(before) and before[-1].encode("utf-8", "replace") not in (b" ", b"\t", b"\n", b"\r")
    spans = []
    for surface in surfaces:
        touched: list[int] = []
        for byte in surface:
            if byte in BLANKS:
                inside = False
                continue
            word += not inside
            inside = True
            touched.append(word)
        spans.append(range(touched[0], touched[-1] + 1) if touched else range(0))
    return spans


def spans_of_words(surfaces: Iterable[bytes], words: Sequence[str]) -> list[range]:
    """The given words that each piece writes a part of, wherever the text has its blanks.

    Raises:
        CorpusError: the pieces do not spell the words.

    >>> spans_of_words([b" it", b"'", b"s fine."], ["it", "'s", "fine", "."])
    [range(0, 1), range(1, 2), range(1, 4)]
    """
    owners = [k for k, word in enumerate(words) for _ in word.encode()]
    letters = b"".join(word.encode() for word in words)
    spans, at = [], 0
    for surface in surfaces:
        written = surface.translate(None, BLANKS)
        if written != letters[at : at + len(written)]:
            raise CorpusError(
                f"{written.decode(errors='replace')!r} is not what stands in {' '.join(words)[:60]!r} there",
                "give text whose letters the bundle's pieces keep as they are",
            )
        mine = owners[at : at + len(written)]
        spans.append(range(mine[0], mine[-1] + 1) if mine else range(0))
        at += len(written)
    return spans


def pharaoh(links: Iterable[Link]) -> str:
    """The line of an alignment, in the order of the source.

    >>> pharaoh({(1, 2), (0, 0)})
    '0-0 1-2'
    """
    return " ".join(f"{i}-{j}" for i, j in sorted(links))


def symmetrized(forward: Collection[Link], backward: Collection[Link]) -> set[Link]:
    """Both directions made one: their intersection, grown (Koehn et al. 2005, grow-diag-final-and).

    To the links that both have come those of either that touch one of them, also diagonally, and have a
    word without any link; at the end those whose two words have none. Always between intersection and union.

    >>> sorted(symmetrized({(0, 0), (1, 1), (3, 3)}, {(0, 0), (2, 1)}))
    [(0, 0), (1, 1), (2, 1), (3, 3)]
    """
    links, union = set(forward) & set(backward), set(forward) | set(backward)
    sources, targets = {i for i, _ in links}, {j for _, j in links}

    def add(link: Link) -> None:
        links.add(link)
        sources.add(link[0])
        targets.add(link[1])

    grown = True
    while grown:
        grown = False
        for i, j in sorted(union - links):
            near = any((i + a, j + b) in links for a in (-1, 0, 1) for b in (-1, 0, 1))
            if near and (i not in sources or j not in targets):
                add((i, j))
                grown = True
    for direction in (forward, backward):
        for i, j in sorted(direction):
            if i not in sources and j not in targets:
                add((i, j))
    return links


@dataclass(frozen=True)
class Agreement:
    """How far alignments agree with given ones."""

    precision: float  # share of the links that the given ones know as sure or possible
    recall: float  # share of the sure links that were found
    error_rate: float  # AER (Och and Ney 2003): 0 is best; 1 minus F1 where every link is sure

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def agreement(
    found: Sequence[Collection[Link]],
    sure: Sequence[Collection[Link]],
    possible: Sequence[Collection[Link]] | None = None,
) -> Agreement:
    """Precision, recall and alignment error rate, counted over all sentences.

    Args:
        possible: links that may be there but need not; the sure ones are among them in any case.

    Raises:
        CorpusError: the numbers of sentences differ.
    """
    if not len(found) == len(sure) == len(possible or sure):
        raise CorpusError(
            f"{len(found):,} alignments, but {len(sure):,} and {len(possible or sure):,} to compare with",
            "give the alignments of the same sentences, line by line",
        )
    counts = [counts_of(*three) for three in zip(found, sure, possible or sure, strict=True)]
    return agreement_of(*map(sum, zip(*counts, strict=True))) if counts else agreement_of(0, 0, 0, 0)


class LinkCounts(NamedTuple):
    """What one sentence adds to an alignment's figures."""

    found: int  # links that were found, |A|
    sure: int  # links that had to be, |S|
    found_sure: int  # |A∩S|
    found_possible: int  # |A∩P|; every sure link is possible, too


def counts_of(found: Collection[Link], sure: Collection[Link], possible: Collection[Link]) -> LinkCounts:
    """The counts of one sentence.

    >>> counts_of({(0, 0), (1, 1)}, sure={(0, 0)}, possible={(1, 1)})
    LinkCounts(found=2, sure=1, found_sure=1, found_possible=2)
    """
    links, certain = set(found), set(sure)
    return LinkCounts(len(links), len(certain), len(links & certain), len(links & (certain | set(possible))))


def agreement_of(found: float, sure: float, found_sure: float, found_possible: float) -> Agreement:
    """The figures of counts that were summed over sentences (Och and Ney 2003)."""
    total = found + sure
    return Agreement(
        precision=found_possible / found if found else 1.0,
        recall=found_sure / sure if sure else 1.0,
        error_rate=1 - (found_sure + found_possible) / total if total else 0.0,
    )
