"""Word alignments against those that people made: the alignment error rate (Och and Ney 2003).

People mark links as sure, or as possible where they are not of one mind; S is the set of the sure ones, P of
all, and A of those that are to be judged. A sure link must be found, and any of P may be.

    precision = |A∩P| / |A|        recall = |A∩S| / |S|        AER = 1 - (|A∩S| + |A∩P|) / (|A| + |S|)

A gold file has a line for each sentence pair. ``3-4`` is a sure link, ``3p4`` or ``3?4`` a possible one; the
source comes first, and words count from 0 (Pharaoh's form) or from 1 (the shared task of 2003).
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosslight.errors import CorpusError
from crosslight.evaluate.significance import N_RESAMPLES, SEED, interval
from crosslight.text.corpus import read_lines
from crosslight.text.links import Link, agreement_of, blank_words, counts_of

BETWEEN = "|||"
"""Stands between source and target in a file of both."""

_LINK = re.compile(r"(\d{1,6})([-p?])(\d{1,6})")


@dataclass(frozen=True)
class GoldPair:
    """A sentence pair, cut into words, and the links between them that people marked; words count from 0."""

    src: tuple[str, ...]
    tgt: tuple[str, ...]
    sure: frozenset[Link]
    possible: frozenset[Link]  # the sure ones too

    @property
    def turned(self) -> "GoldPair":
        """The same pair in the other direction."""
        sure, possible = (frozenset((j, i) for i, j in links) for links in (self.sure, self.possible))
        return GoldPair(self.tgt, self.src, sure, possible)


@dataclass(frozen=True)
class AlignmentError:
    """How far alignments are from those that people made, over all sentences."""

    precision: float
    recall: float
    error_rate: float
    low: float  # 95 % of the resamples of the sentences have error rates between these two
    high: float
    n_links: int  # that were judged


def read_gold(links: Path | str, src: Path | str, tgt: Path | str | None = None) -> list[GoldPair]:
    """Sentence pairs and their links.

    Args:
        src: a file of sentences whose words stand between blanks; of ``source ||| target`` if `tgt` is None.

    Raises:
        CorpusError: a file cannot be read, they differ in length, a link is none or points outside its
            sentence, or nothing says whether words count from 0 or from 1.
    """
    gold, pairs = list(read_lines(links)), list(_pairs(src, tgt))
    if len(gold) != len(pairs):
        raise CorpusError(
            f"{links} has {len(gold):,} lines, and there are {len(pairs):,} sentence pairs",
            "give the links of the same sentences, line by line",
        )
    read = [_links(line, links, number) for number, line in enumerate(gold, start=1)]
    first = _first_number(read, pairs, links)
    found = []
    for (sure, possible), (words, others) in zip(read, pairs, strict=True):
        certain, allowed = (frozenset((i - first, j - first) for i, j in each) for each in (sure, possible))
        found.append(GoldPair(words, others, certain, allowed | certain))
    return found


def alignment_error(
    found: Sequence[Collection[Link]],
    gold: Sequence[GoldPair],
    n_resamples: int = N_RESAMPLES,
    seed: int = SEED,
) -> AlignmentError:
    """The error of alignments, and how much of it is the luck of these sentences (bootstrap).

    >>> gold = [GoldPair(("a", "b"), ("x", "y"), frozenset({(0, 0)}), frozenset({(0, 0), (1, 1)}))]
    >>> alignment_error([{(0, 0), (1, 1)}], gold).error_rate
    0.0
    >>> round(alignment_error([{(0, 0), (1, 0)}], gold).error_rate, 4)  # 1 - (1 + 1) / (2 + 1)
    0.3333

    Raises:
        CorpusError: there are no sentences, or not as many alignments.
    """
    if len(found) != len(gold) or not gold:
        raise CorpusError(
            f"{len(found):,} alignments of {len(gold):,} sentence pairs", "give one alignment for each pair"
        )
    rows = np.array(
        [counts_of(links, pair.sure, pair.possible) for links, pair in zip(found, gold, strict=True)],
        np.float64,
    )
    whole = agreement_of(*rows.sum(axis=0).tolist())
    draws = np.random.default_rng(seed)
    rates = np.array(
        [
            agreement_of(*rows[draws.integers(len(rows), size=len(rows))].sum(axis=0).tolist()).error_rate
            for _ in range(n_resamples)
        ]
    )
    low, high = interval(rates) if n_resamples else (whole.error_rate, whole.error_rate)
    return AlignmentError(whole.precision, whole.recall, whole.error_rate, low, high, int(rows[:, 0].sum()))


def diagonal(n_src: int, n_tgt: int) -> set[Link]:
    """Each target word linked to the source word at the same share of the way; what any head must beat.

    >>> sorted(diagonal(2, 4)), sorted(diagonal(3, 1))
    ([(0, 0), (0, 1), (1, 2), (1, 3)], [(1, 0)])
    """
    return {((2 * j + 1) * n_src // (2 * n_tgt), j) for j in range(n_tgt)} if n_src else set()


def shuffled(links: Collection[Link], draws: np.random.Generator) -> set[Link]:
    """The links with what each target word found handed to another one: the sentence's rows, exchanged.

    Where attention only liked some source words more than others, this would be as good.
    """
    rows: dict[int, list[int]] = {}
    for i, j in links:
        rows.setdefault(j, []).append(i)
    targets = sorted(rows)
    order: NDArray[np.int64] = draws.permutation(len(targets))
    return {(i, targets[int(k)]) for k, j in zip(order, targets, strict=True) for i in rows[j]}


def turned(gold: Iterable[GoldPair]) -> list[GoldPair]:
    """The pairs in the other direction."""
    return [pair.turned for pair in gold]


def _pairs(src: Path | str, tgt: Path | str | None) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    if tgt is not None:
        for number, (a, b) in enumerate(zip_longest(read_lines(src), read_lines(tgt)), start=1):
            if a is None or b is None:
                raise CorpusError(
                    f"{src if a is None else tgt} ends before line {number}, and the other file goes on",
                    "give two files whose lines belong together",
                )
            yield _words(a), _words(b)
        return
    for number, line in enumerate(read_lines(src), start=1):
        sides = line.split(BETWEEN)
        if len(sides) != 2:
            raise CorpusError(
                f"line {number} of {src} has {len(sides) - 1} times {BETWEEN!r}; expected it once",
                "write `source ||| target` on each line, or give the target side as a file of its own",
            )
        yield _words(sides[0]), _words(sides[1])


def _words(line: str) -> tuple[str, ...]:
    return tuple(blank_words(unicodedata.normalize("NFC", line)))  # as models read it


def _links(line: str, name: Path | str, number: int) -> tuple[set[Link], set[Link]]:
    """The sure and the possible links of a line, as they are counted there."""
    sides: tuple[set[Link], set[Link]] = set(), set()
    for word in line.split():
        match = _LINK.fullmatch(word)
        if not match:
            raise CorpusError(
                f"{word!r} in line {number} of {name} is no link; expected 3-4 or, if only possible, 3p4",
                "write the number of the source word, a sign, and that of the target word",
            )
        sides[match[2] != "-"].add((int(match[1]), int(match[3])))
    return sides


def _first_number(
    read: Sequence[tuple[set[Link], set[Link]]],
    pairs: Sequence[tuple[tuple[str, ...], tuple[str, ...]]],
    name: Path | str,
) -> int:
    """Whether words count from 0 or from 1: from 1 where there is no 0 and a last word's number is reached.

    Raises:
        CorpusError: a link fits neither, or all fit both.
    """
    fits = {0: True, 1: True}
    for number, (both, (src, tgt)) in enumerate(zip(read, pairs, strict=True), start=1):
        for i, j in both[0] | both[1]:
            fits[0] = fits[0] and i < len(src) and j < len(tgt)
            fits[1] = fits[1] and 1 <= i <= len(src) and 1 <= j <= len(tgt)
            if not (fits[0] or fits[1]):
                raise CorpusError(
                    f"link {i}-{j} in line {number} of {name} points outside its pair of {len(src)} and "
                    f"{len(tgt)} words, as those before it are counted",
                    "count every link from 0, or every one from 1; the source comes first",
                )
    if fits[0] and fits[1] and any(sure or possible for sure, possible in read):
        raise CorpusError(
            f"{name} does not show whether words count from 0 or from 1: no link has a first or a last word",
            "add a pair with such a link",
        )
    return 0 if fits[0] else 1
