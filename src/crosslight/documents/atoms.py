"""The places where a tag may stand in a text, and which of them in two texts belong together.

An *atom* is what no tag may cut: a word, the punctuation before or after it, one character of a script that
writes no blanks. Links between blank-separated words, as an aligner gives them, become links between atoms:
the middle of a word belongs to the middle of the other, its punctuation to the other's.

    (lien).   ( · lien · ).        the · plane        l'avion        我 · 喜 · 欢 · 猫
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import accumulate

WORD = re.compile(r"[^ \t\n\r\f]+")
SOLID = re.compile(r"\S+")
PARTS = re.compile(r"([^\w]*)(.*?)([^\w]*)\Z", re.DOTALL)
# Scripts without blanks between words: Thai, Lao, Myanmar, Khmer; kana, Han and full-width forms.
UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9d"
    r"\U00020000-\U0003ffff]"
)
CHARACTER = re.compile(r"\w[^\w\s]*|[^\w\s]+")


@dataclass(frozen=True, slots=True)
class Atom:
    """A stretch of a text: of letters or digits, or of punctuation that may begin with an opening sign."""

    start: int
    end: int
    is_word: bool
    is_opening: bool = False


@dataclass
class Linked:
    """Two texts in atoms, and for each atom those of the other text that belong to it."""

    src: list[Atom]
    tgt: list[Atom]
    to_tgt: list[list[int]] = field(default_factory=list)
    to_src: list[list[int]] = field(default_factory=list)
    weights: list[int] = field(default_factory=list)  # characters of linked target atoms before each

    def __post_init__(self) -> None:
        self.to_tgt = [[] for _ in self.src]
        self.to_src = [[] for _ in self.tgt]

    def add(self, links: Collection[tuple[int, int]]) -> None:
        """Links between atoms; all of them at once."""
        for i, j in sorted(set(links)):
            self.to_tgt[i].append(j)
            self.to_src[j].append(i)
        lengths = (a.end - a.start if found else 0 for a, found in zip(self.tgt, self.to_src, strict=True))
        self.weights = list(accumulate(lengths, initial=0))


def atoms(text: str) -> list[list[Atom]]:
    """The atoms of each blank-separated word.

    >>> [[text[a.start : a.end] for a in word] for text in ["(a-b). 我喜"] for word in atoms(text)]
    [['(', 'a-b', ').'], ['我', '喜']]
    """
    words = []
    for match in WORD.finditer(text):
        words.append(
            [
                Atom(match.start() + start, match.start() + end, is_word, _is_opening(match[0][start]))
                for part in SOLID.finditer(match[0])  # `Quoi ?` with a no-break space is one word
                for start, end, is_word in _parts(part[0], part.start())
            ]
        )
    return words


def _is_opening(character: str) -> bool:
    return unicodedata.category(character) in ("Ps", "Pi")


def _parts(word: str, start: int) -> Iterator[tuple[int, int, bool]]:
    before, middle, after = PARTS.match(word).groups()  # type: ignore[union-attr]
    if before:
        yield start, start + len(before), False
    start += len(before)
    if UNSPACED.search(middle):
        for m in CHARACTER.finditer(middle):
            yield start + m.start(), start + m.end(), True
    elif middle:
        yield start, start + len(middle), True
    if after:
        yield start + len(middle), start + len(middle + after), False


def linked(src: str, tgt: str, links: Collection[tuple[int, int]] | None) -> Linked:
    """The atoms of a text and its translation.

    Args:
        links: which blank-separated words belong together; None or nothing where nobody knows, and
            then what stands at the same share of the text does.
    """
    src_words, tgt_words = atoms(src), atoms(tgt)
    result = Linked([a for word in src_words for a in word], [a for word in tgt_words for a in word])
    first_src = list(accumulate(map(len, src_words), initial=0))
    first_tgt = list(accumulate(map(len, tgt_words), initial=0))
    known = [(i, j) for i, j in links or () if 0 <= i < len(src_words) and 0 <= j < len(tgt_words)]
    if known:
        found = set()
        for src_group, tgt_group in _groups(known, src_words, tgt_words):
            ours = [(first_src[i] + a, atom) for i in src_group for a, atom in enumerate(src_words[i])]
            theirs = [(first_tgt[j] + b, atom) for j in tgt_group for b, atom in enumerate(tgt_words[j])]
            for a, b in _within([atom for _, atom in ours], [atom for _, atom in theirs]):
                found.add((ours[a][0], theirs[b][0]))
    else:
        found = set(_by_place(result.src, result.tgt))
    result.add(found)
    return result


def _groups(
    links: Collection[tuple[int, int]], src: list[list[Atom]], tgt: list[list[Atom]]
) -> Iterator[tuple[list[int], list[int]]]:
    """The words of each link; without blanks a whole sentence is one word, and goes with all of its links."""
    groups: dict[tuple[int, int], tuple[set[int], set[int]]] = {}
    for i, j in links:
        key = (-1, j) if _is_unspaced(tgt[j]) else (i, -1) if _is_unspaced(src[i]) else (i, j)
        ours, theirs = groups.setdefault(key, (set(), set()))
        ours.add(i)
        theirs.add(j)
    for ours, theirs in groups.values():
        yield sorted(ours), sorted(theirs)


def _is_unspaced(word: list[Atom]) -> bool:
    return sum(atom.is_word for atom in word) > 1


def _within(src: list[Atom], tgt: list[Atom]) -> Iterator[tuple[int, int]]:
    """The atoms of two words, or of two groups of words, that belong together."""
    src_words, tgt_words = _places(src, True), _places(tgt, True)
    if not src or not tgt:
        return  # a word of no-break spaces
    if src_words and tgt_words:
        for a, b in _by_place([src[i] for i in src_words], [tgt[j] for j in tgt_words]):
            yield src_words[a], tgt_words[b]
        if not src[0].is_word and not tgt[0].is_word:
            yield 0, 0
        if not src[-1].is_word and not tgt[-1].is_word:
            yield len(src) - 1, len(tgt) - 1
    elif src_words or tgt_words:  # a word, and punctuation alone: that of the word, if it has any
        marks_src = _places(src, False) or src_words
        marks_tgt = _places(tgt, False) or tgt_words
        at = 0 if (src if tgt_words else tgt)[0].is_opening else -1
        yield marks_src[at], marks_tgt[at]
    else:
        yield 0, 0


def _places(found: list[Atom], is_word: bool) -> list[int]:
    return [i for i, atom in enumerate(found) if atom.is_word == is_word]


def _by_place(src: list[Atom], tgt: list[Atom]) -> Iterator[tuple[int, int]]:
    """Each atom with that of the other text in which the same share of the characters is reached."""
    if not src or not tgt:
        return
    ends_src = list(accumulate(atom.end - atom.start for atom in src))
    ends_tgt = list(accumulate(atom.end - atom.start for atom in tgt))

    def at(share: float, ends: list[int]) -> int:
        return min(bisect_right(ends, share * ends[-1]), len(ends) - 1)

    for j, atom in enumerate(tgt):
        yield at((ends_tgt[j] - (atom.end - atom.start) / 2) / ends_tgt[-1], ends_src), j
    for i, atom in enumerate(src):
        yield i, at((ends_src[i] - (atom.end - atom.start) / 2) / ends_src[-1], ends_tgt)
