"""Kinds of errors that can be seen without knowing the languages: from source, translation and references.

Each class is one small function whose docstring says how it is found. They are signs, not proofs: a sign
is wrong now and then, for two systems alike, and a comparison of how often each shows it is still fair.
A *word* is a run of letters and digits; case does not matter unless it says so.
"""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crosslight.text.literals import literals, missing, unmatched

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
SHORT, LONG, FREE_CHARACTERS = 0.6, 1.6, 10  # of a reference's length, and what may differ in any case
LONGEST_PHRASE = 8
NAME_LETTERS, CONTENT_LETTERS = 3, 4
COPIED_SHARE = 0.8


@dataclass(frozen=True)
class Translated:
    """A sentence of the test set and what a system made of it."""

    src: str
    text: str
    refs: tuple[str, ...]
    rare: frozenset[str] = frozenset()  # the rare words of the whole test set, see `rare_words`


def too_short(sentence: Translated) -> bool:
    """The translation has less than 60 % of the characters of the shortest reference, and 10 fewer."""
    shortest = min(map(len, sentence.refs))
    return len(sentence.text) < min(SHORT * shortest, shortest - FREE_CHARACTERS + 1)


def too_long(sentence: Translated) -> bool:
    """The translation has more than 160 % of the characters of the longest reference, and 10 more."""
    longest = max(map(len, sentence.refs))
    return len(sentence.text) > max(LONG * longest, longest + FREE_CHARACTERS - 1)


def number_lost(sentence: Translated) -> bool:
    """A number of the source, kept by a reference, is missing; 1,234.5 and 1 234,5 are the same."""
    return _lost(sentence, lambda kind: kind == "number")


def number_added(sentence: Translated) -> bool:
    """The translation has a number in digits that neither the source nor any reference has."""
    given = [one for one in literals(sentence.text) if one.kind == "number"]
    return all(unmatched(given, literals(other)) for other in (sentence.src, *sentence.refs))


def address_lost(sentence: Translated) -> bool:
    """An address, placeholder or tag of the source, kept by a reference, is missing or altered."""
    return _lost(sentence, lambda kind: kind != "number")


def name_lost(sentence: Translated) -> bool:
    """A capitalized word of the source that every reference has in the same letters is missing."""
    kept = set.intersection(*(set(WORD.findall(ref)) for ref in sentence.refs))
    names = {w for w in WORD.findall(sentence.src) if w[0].isupper() and len(w) >= NAME_LETTERS}
    return not (names & kept) <= set(WORD.findall(sentence.text))


def repetition(sentence: Translated) -> bool:
    """Up to 8 words stand three times in a row, or 2 to 8 words twice, more than in source and references."""
    own = _repeated(sentence.text)
    return any(not any(own[p] <= _repeated(o)[p] for o in (sentence.src, *sentence.refs)) for p in own)


def untranslated(sentence: Translated) -> bool:
    """Two words of the source side by side are left as they are, one of four letters, in no reference."""
    return not copied(sentence) and bool(
        {
            pair
            for pair in _pairs(sentence.text) & _pairs(sentence.src)
            if any(len(word) >= CONTENT_LETTERS and word.isalpha() for word in pair)
        }.difference(*map(_pairs, sentence.refs))
    )


def copied(sentence: Translated) -> bool:
    """80 % of the translation's words, three or more, are the source's, and of no reference so many are."""
    src = set(words(sentence.src))

    def share(text: str) -> float:
        own = words(text)
        return sum(word in src for word in own) / len(own) if own else 0.0

    return (
        len(words(sentence.text)) >= 3
        and share(sentence.text) >= COPIED_SHARE
        and all(share(ref) < COPIED_SHARE for ref in sentence.refs)
    )


def rare_word_lost(sentence: Translated) -> bool:
    """A word of four letters or more that is only once in all references, and in this one, is missing."""
    expected = {word for ref in sentence.refs[:1] for word in words(ref)} & sentence.rare
    return not expected <= set(words(sentence.text))


ERROR_CLASSES: dict[str, Callable[[Translated], bool]] = {
    "too short": too_short,
    "too long": too_long,
    "number lost": number_lost,
    "number added": number_added,
    "address, placeholder or tag lost": address_lost,
    "name lost": name_lost,
    "repetition": repetition,
    "untranslated": untranslated,
    "copied": copied,
    "rare word lost": rare_word_lost,
}


def explanation(name: str) -> str:
    """How errors of this class are found, in one sentence."""
    return (ERROR_CLASSES[name].__doc__ or "").strip()


def rare_words(references: Sequence[str]) -> frozenset[str]:
    """The words of four letters or more that these references, one a sentence, have once in all.

    >>> sorted(rare_words(["the small cat", "the black cat"]))
    ['black', 'small']
    """
    counts = Counter(word for ref in references for word in words(ref))
    return frozenset(
        word
        for word, count in counts.items()
        if count == 1 and len(word) >= CONTENT_LETTERS and word.isalpha()
    )


def words(text: str) -> list[str]:
    """The words of a text without case.

    >>> words("L'été, 12 Mädchen!")
    ["l'été", '12', 'mädchen']
    """
    return [word.casefold() for word in WORD.findall(text)]


def _lost(sentence: Translated, of_interest: Callable[[str], bool]) -> bool:
    lost = [one for one in missing(sentence.src, sentence.text) if of_interest(one.kind)]
    return any(one not in missing(sentence.src, ref) for one in lost for ref in sentence.refs)


def _pairs(text: str) -> set[tuple[str, str]]:
    own = words(text)
    return set(itertools.pairwise(own))


def _repeated(text: str) -> Counter[tuple[str, ...]]:
    """Phrases, and how often they stand one after the other, where that is too often."""
    own = words(text)
    found: Counter[tuple[str, ...]] = Counter()
    for n in range(1, LONGEST_PHRASE + 1):
        start = 0
        while start + 2 * n <= len(own):
            phrase, times = tuple(own[start : start + n]), 1
            while tuple(own[start + times * n : start + (times + 1) * n]) == phrase:
                times += 1
            if times >= (3 if n == 1 else 2):
                found[phrase] = max(found[phrase], times)
            start += max(1, (times - 1) * n)  # a run is counted from its beginning: the scan stays linear
    return found
