"""References made wrong in one way, to ask a model whether it notices (contrastive evaluation).

Sennrich (2017, "How grammatical is character-level neural machine translation?") scores a reference
against the same reference with one error of a known kind: a model that knows better finds the reference
more probable. Here the errors are made from the user's own test set. What is changed is drawn with a seed
made of the sentence, so a test set always gives the same contrasts.
"""

import itertools
import random
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from crosslight.evaluate.error_classes import NAME_LETTERS, WORD
from crosslight.evaluate.negation import known, with_negation, without_negation
from crosslight.text.corpus import Pair
from crosslight.text.literals import literals

ContrastClass = Literal[
    "number changed", "negation added", "negation removed", "names swapped", "clause dropped",
    "phrase duplicated",
]  # fmt: skip
CLASSES: tuple[ContrastClass, ...] = get_args(ContrastClass)
NEGATION: tuple[ContrastClass, ...] = ("negation added", "negation removed")

CLAUSE_WORDS = 3  # at least so many in what is dropped and in what stays
PHRASE_WORDS = (2, 3)
COORDINATED = {"and", "or", "und", "oder", "et", "ou", "och", "eller", "og", "&", ",", ""}
CLAUSE_END = re.compile(r"[,;:]\s")
STOP = re.compile(r"[.!?…]*[\"'”’»)]*\Z")


@dataclass(frozen=True)
class Contrast:
    """A pair, and its reference with an error."""

    kind: ContrastClass
    line: int  # of the test set, counted from 1
    pair: Pair
    wrong: str


def contrasts_of(pair: Pair, line: int, tgt_lang: str) -> list[Contrast]:
    """The contrasts that can be made of a pair, one of a class at most.

    >>> [c.wrong for c in contrasts_of(Pair("Il n'est pas là.", "He is not here."), 1, "en")][:1]
    ['He is here.']
    """
    made = [(kind, make(pair, tgt_lang)) for kind, make in MAKERS.items()]
    return [Contrast(kind, line, pair, wrong) for kind, wrong in made if wrong and wrong != pair.tgt]


def number_changed(pair: Pair, tgt_lang: str) -> str | None:
    """One digit of a number is another digit, never a leading 0."""
    numbers = [one.text for one in literals(pair.tgt) if one.kind == "number"]
    numbers = [number for number in numbers if pair.tgt.count(number) == 1]
    if not numbers:
        return None
    chance = _chance(pair.tgt)
    number = chance.choice(numbers)
    place = chance.choice([i for i, c in enumerate(number) if c.isdecimal()])
    digit = int(number[place])
    zero = chr(ord(number[place]) - digit)
    other = chance.choice([d for d in range(1, 10) if d != digit])
    return pair.tgt.replace(number, number[:place] + chr(ord(zero) + other) + number[place + 1 :])


def negation_added(pair: Pair, tgt_lang: str) -> str | None:
    """A sentence without a negation gets one."""
    language = known(tgt_lang)
    return with_negation(pair.tgt, language) if language else None


def negation_removed(pair: Pair, tgt_lang: str) -> str | None:
    """A sentence with one negation loses it."""
    language = known(tgt_lang)
    return without_negation(pair.tgt, language) if language else None


def names_swapped(pair: Pair, tgt_lang: str) -> str | None:
    """Two capitalized words that the source has too change places, unless they are neighbors or in a list."""
    src = set(WORD.findall(pair.src))
    names = [
        match
        for match in WORD.finditer(pair.tgt)
        if match[0][0].isupper() and len(match[0]) >= NAME_LETTERS and match[0] in src
    ]
    for first, second in itertools.pairwise(names):
        between = pair.tgt[first.end() : second.start()]
        if first[0] != second[0] and between.strip().casefold() not in COORDINATED:
            return pair.tgt[: first.start()] + second[0] + between + first[0] + pair.tgt[second.end() :]
    return None


def clause_dropped(pair: Pair, tgt_lang: str) -> str | None:
    """What follows the last comma, semicolon or colon is left out, where it is three words and more stay."""
    stop = STOP.search(pair.tgt)
    end = stop.start() if stop else len(pair.tgt)
    for match in reversed(list(CLAUSE_END.finditer(pair.tgt))):
        kept, dropped = pair.tgt[: match.start()], pair.tgt[match.end() : end]
        if min(len(WORD.findall(part)) for part in (kept, dropped)) >= CLAUSE_WORDS:
            return kept + pair.tgt[end:]
    return None


def phrase_duplicated(pair: Pair, tgt_lang: str) -> str | None:
    """Two or three words in the middle stand twice."""
    words = pair.tgt.split(" ")
    chance = _chance(pair.tgt)
    n = chance.choice(PHRASE_WORDS)
    starts = [
        i
        for i in range(1, len(words) - n)  # neither the first word nor the last, which carry case and stop
        if all(WORD.fullmatch(word) for word in words[i : i + n])
    ]
    if not starts:
        return None
    start = chance.choice(starts)
    return " ".join([*words[: start + n], *words[start : start + n], *words[start + n :]])


MAKERS: dict[ContrastClass, Callable[[Pair, str], str | None]] = {
    "number changed": number_changed,
    "negation added": negation_added,
    "negation removed": negation_removed,
    "names swapped": names_swapped,
    "clause dropped": clause_dropped,
    "phrase duplicated": phrase_duplicated,
}


def explanation(kind: ContrastClass) -> str:
    """How the contrasts of this class are made, in one sentence."""
    return (MAKERS[kind].__doc__ or "").strip()


def _chance(text: str) -> random.Random:
    return random.Random(zlib.crc32(text.encode("utf-8", "surrogatepass")))
