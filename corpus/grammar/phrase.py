"""Phrases: French words, English words, and the links between them.

A word carries marks; a French and an English word are aligned when they share a mark.  Phrases are put
together with `pair`, whose two templates show the marks after a slash:

    pair("ne/1 va/2 pas/1", "doesn't/1 go/2")     two words linked to "doesn't", one to "go"
    pair("{s} ne/1 dort pas/1", ..., s=subject)    a phrase inside a phrase, in any order on either side

So the alignment of a sentence is made with the sentence, never guessed afterwards.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from lexicon import LEXICON
from tokens import tokenize

VOWELS = "aâàeéèêiîoôuûœh"
ELIDED = frozenset(["le", "la", "je", "me", "te", "se", "ne", "de", "que", "jusque", "lorsque", "puisque"])
CONTRACTED = {("de", "le"): "du", ("de", "les"): "des", ("à", "le"): "au", ("à", "les"): "aux"}
MASCULINE = {"ma": "mon", "ta": "ton", "sa": "son"}
AN = ("hour", "honest")
A = ("uni", "use", "eur", "one")

_fresh = itertools.count(1)


class Word(NamedTuple):
    text: str
    marks: frozenset[int] = frozenset()
    heads: int = 0  # the referent this word names as head noun
    refers: int = 0  # the referent this pronoun stands for


@dataclass(frozen=True)
class Phrase:
    fr: tuple[Word, ...] = ()
    en: tuple[Word, ...] = ()
    lemmas: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Sentence:
    fr: str
    en: str
    alignment: str
    antecedents: str
    lemmas: frozenset[str]


def referent() -> int:
    """A new person or thing to talk about."""
    return next(_fresh)


def link(text: str, mark: int | str) -> str:
    """Give every word of `text` the same mark."""
    return " ".join(f"{word}/{mark}" for word in text.split())


def pair(fr: str, en: str, *lemmas: str, **slots: Phrase) -> Phrase:
    """Build a phrase from two templates and the phrases that go into their slots."""
    base = next(_fresh) * 10
    french: list[Word] = []
    english: list[Word] = []
    for text, digits, slot in _parts(fr):
        if slot:
            french += slots[slot].fr
        else:
            french.append(Word(text, frozenset([base + digit for digit in digits])))
    for text, digits, slot in _parts(en):
        if slot:
            english += slots[slot].en
        else:
            english.append(Word(text, frozenset([base + digit for digit in digits])))
    inner = frozenset(lemmas).union(*(slot.lemmas for slot in slots.values()))
    return Phrase(tuple(french), tuple(english), inner)


@cache
def _parts(template: str) -> tuple[tuple[str, tuple[int, ...], str], ...]:
    """Of each part of a template its text and its marks, or else the name of its slot."""
    parts: list[tuple[str, tuple[int, ...], str]] = []
    for part in template.split():
        if part.startswith("{"):
            parts.append(("", (), part[1:-1]))
        else:
            text, _, digits = part.partition("/")
            parts.append((text, tuple(int(digit) for digit in digits), ""))
    return tuple(parts)


def mention(fr: str, en: str, *lemmas: str, heads: int = 0, refers: int = 0) -> Phrase:
    """A noun that brings in a referent, or a pronoun that takes one up."""
    plain = pair(fr, en, *lemmas)
    french = tuple(Word(word.text, word.marks, heads, refers) for word in plain.fr)
    english = tuple(Word(word.text, word.marks, heads, refers) for word in plain.en)
    return Phrase(french, english, plain.lemmas)


def vowel(word: str) -> bool:
    """Does a French word ask for elision (l'ami, l'hôtel, but le hamster)?"""
    return word == "y" or (word[0].lower() in VOWELS and word.lower() not in LEXICON.aspirated)


def _french(words: tuple[Word, ...]) -> list[Word]:
    """Elision and contraction, from right to left so that `de le ami` becomes `de l'ami`."""
    done: list[Word] = []
    for word in reversed(words):
        text, after = word.text, done[0].text if done else "."
        if text in ELIDED and vowel(after):
            text = text[:-1] + "'"
        elif text == "si" and after in ("il", "ils"):
            text = "s'"
        elif text == "ce" and vowel(after):
            text = "cet"
        elif vowel(after):
            text = MASCULINE.get(text, text)
        if (text, after) in CONTRACTED and not done[0].refers:
            text = CONTRACTED[text, after]
            word = Word(text, word.marks | done.pop(0).marks)  # noqa: PLW2901
        done.insert(0, Word(text, word.marks, word.heads, word.refers))
    return done


def _english(words: tuple[Word, ...]) -> list[Word]:
    """The article an, and 's joined to its owner."""
    done: list[Word] = []
    for word, after in zip(words, [*words[1:], Word(".")], strict=True):
        if word.text == "'s":
            owner = done.pop()
            done.append(Word(owner.text + word.text, owner.marks | word.marks, owner.heads, owner.refers))
            continue
        following = after.text.lower()
        an = following.startswith(AN) or (following[0] in "aeiou" and not following.startswith(A))
        text = "an" if word.text == "a" and an else word.text
        done.append(Word(text, word.marks, word.heads, word.refers))
    return done


def _spell(words: list[Word], french: bool) -> str:
    text = " ".join(word.text for word in words)
    text = re.sub(r" ([,.])" if french else r" ([,.?!])", r"\1", text)
    text = text.replace("' ", "'").replace(" -", "-")
    return text[0].upper() + text[1:]


def _antecedents(words: list[Word], side: str) -> Iterator[str]:
    for i, word in enumerate(words):
        if not word.refers:
            continue
        if heads := [j for j, head in enumerate(words) if head.heads == word.refers]:
            yield f"{side}:{i}>{heads[-1]}"


def sentence(phrase: Phrase) -> Sentence:
    french, english = _french(phrase.fr), _english(phrase.en)
    fr, en = _spell(french, True), _spell(english, False)
    for text, words in ((fr, french), (en, english)):
        if [t.lower() for t in tokenize(text)] != [w.text.lower() for w in words]:
            raise ValueError(f"tokens differ: {text}")
    links = [
        f"{i}-{j}"
        for i, f in enumerate(french)
        for j, e in enumerate(english)
        if not f.marks.isdisjoint(e.marks)
    ]
    references = [*_antecedents(french, "fr"), *_antecedents(english, "en")]
    return Sentence(fr, en, " ".join(links), " ".join(references), phrase.lemmas)
