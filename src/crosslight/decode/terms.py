"""Terms: what a translation must say, and what it must not.

A term is met by its text: one of its forms (inflections) stands in the output as a word or words of its own,
exactly as written. So it does not matter how the model spells it in pieces. In scripts that write no
blanks between words, and in Korean, where particles are joined to words, a form may stand anywhere.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from crosslight.errors import TermError
from crosslight.text.entries import Entry
from crosslight.text.literals import KINDS, Kind, literals
from crosslight.text.subword import normalized

# Thai, Lao, Myanmar, Khmer; kana, Han, Hangul.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# Of numbers every language has its own way to write them.
PROTECTED: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind != "number")


@dataclass(frozen=True)
class Terms:
    """What one translation must say: of each of `required` one form; and none of `forbidden`.

    A term that is required twice must stand there twice.

    Raises:
        TermError: a form is empty, or a required term has no form that is not forbidden.
    """

    required: tuple[tuple[str, ...], ...] = ()
    forbidden: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not all(form.strip() for form in (*self.forbidden, *(f for term in self.required for f in term))):
            raise TermError("a term has an empty form", "write forms apart with |, each with some text")
        for term in self.required:
            if all(any(occurs(b, form) for b in self.forbidden) for form in term):
                raise TermError(
                    f"the term {'|'.join(term)!r} must appear, but every form of it is forbidden",
                    "take back one of the two, or give another form",
                )

    @property
    def times(self) -> list[int]:
        """How often each of `required` must have been said by then: 2 for the second of two alike.

        >>> Terms((("{n}",), ("cat",), ("{n}",))).times
        [1, 1, 2]
        """
        return [self.required[: i + 1].count(term) for i, term in enumerate(self.required)]

    def failures(self, text: str) -> tuple[str, ...]:
        """The terms that a finished text does not keep to; forbidden ones with a `!` before them.

        >>> Terms((("cat", "cats"), ("dog",)), ("mouse",)).failures("Two cats, one mouse.")
        ('dog', '!mouse')
        """
        times = zip(self.required, self.times, strict=True)
        missing = ["|".join(term) for term, n in times if sum(count(form, text) for form in term) < n]
        return (*missing, *(f"!{form}" for form in self.forbidden if occurs(form, text)))


@dataclass(frozen=True)
class Glossary:
    """Terms for whole texts. Source terms are looked for as words of their own, in any case.

    Args:
        literals: kinds of what is to be carried over as it is, wherever it stands in a source.

    Raises:
        TermError: lines for one source term contradict each other.
    """

    entries: tuple[Entry, ...] = ()
    literals: tuple[Kind, ...] = ()

    def __post_init__(self) -> None:
        for src in dict.fromkeys(entry.src for entry in self.entries):
            _terms([entry for entry in self.entries if entry.src == src])

    def terms_for(self, src: str) -> Terms | None:
        """What the translation of a sentence must keep to; None if nothing. Literals as often as the source.

        Raises:
            TermError: the terms of this sentence contradict each other.
        """
        folded = normalized(src).casefold()
        found = [entry for entry in self.entries if occurs(normalized(entry.src).casefold(), folded)]
        there = literals(src) if self.literals else ()
        kept = [(one.text,) for one in there if one.kind in self.literals]
        return _terms(found, kept) if found or kept else None


def failures(glossary: Glossary, src: str, text: str) -> tuple[str, ...]:
    """The terms that the translation of a sentence does not keep to."""
    terms = glossary.terms_for(src)
    return terms.failures(text) if terms else ()


def _terms(entries: Sequence[Entry], kept: Sequence[tuple[str, ...]] = ()) -> Terms:
    """Of entries each term once, of what is kept as often as it is there."""
    required = Counter({entry.forms: 1 for entry in entries if not entry.is_forbidden}) | Counter(kept)
    forbidden = tuple(form for entry in entries if entry.is_forbidden for form in entry.forms)
    return Terms(tuple(required.elements()), tuple(dict.fromkeys(forbidden)))


def occurs(form: str, text: str) -> bool:
    """Whether a form stands in a text as a word (or words) of its own.

    >>> occurs("cat", "a cat."), occurs("cat", "a category"), occurs("猫", "这只猫很小")
    (True, False, True)
    """
    return count(form, text) > 0


def count(form: str, text: str) -> int:
    """How often a form stands in a text as a word (or words) of its own.

    >>> count("{n}", "{n} of {n}"), count("cat", "a cat, a category")
    (2, 1)
    """
    form = normalized(form).strip()
    found, start = 0, text.find(form)
    while start >= 0:
        end = start + len(form)
        before, after = text[max(0, start - 1) : start], text[end : end + 1]
        stands = not joined(before, form[0]) and not joined(form[-1], after)
        found += stands
        start = text.find(form, end if stands else start + 1)
    return found


def joined(left: str, right: str) -> bool:
    """Whether two neighboring characters belong to one word."""
    return bool(left and right) and all(_is_letter(c) and not UNSPACED.match(c) for c in (left, right))


def _is_letter(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character).startswith("M")
