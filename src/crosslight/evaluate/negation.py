"""Sentences with their negation taken out, or with one put in, for the languages whose words are known.

Rules on words, not grammar: they change what a sentence says and leave it mostly well-formed. A rule is
(what to look for, what to put there), and the first that fits is applied once. Where none fits there is
no contrast.
"""

import re
from collections.abc import Callable

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

APOSTROPHE = "['’]"
VOWEL = "aâàeéèêiîoôuûy"


def _rule(pattern: str, put: str | Callable[[re.Match[str]], str]) -> Rule:
    return re.compile(pattern, re.IGNORECASE), put


def _after(verbs: str, word: str) -> Rule:
    """The word put between one of these verbs and a word that follows."""
    return _rule(rf"\b({verbs}) (?=\w)(?!{word}\b)", rf"\1 {word} ")


def _french(match: re.Match[str]) -> str:
    verb = match["verb"]
    return f" n'{verb} pas " if verb[0].lower() in VOWEL else f" ne {verb} pas "


REMOVED: dict[str, tuple[Rule, ...]] = {
    "en": (
        _rule(rf"\bwon{APOSTROPHE}t\b", "will"),
        _rule(rf"\b(can){APOSTROPHE}t\b", r"\1"),
        _rule(r"\b(can)not\b", r"\1"),
        _rule(rf"\b(\w+)n{APOSTROPHE}t\b", r"\1"),
        _rule(r" (?:not|never)\b(?! only)", ""),
    ),
    "de": (_rule(r" (?:nicht|nie|niemals)\b(?! nur)", ""), _rule(r"\bk(ein(?:em|en|er|es)?)\b", r"\1")),
    "fr": (_rule(rf"\b(?:ne |n{APOSTROPHE})((?:y )?[\w-]+) (?:pas|jamais|plus)\b", r"\1"),),
    "sv": (_rule(r" (?:inte|aldrig|ej)\b(?! bara)", ""),),
    "no": (_rule(r" (?:ikke|ikkje|aldri)\b(?! bare| berre)", ""),),
}
ADDED: dict[str, tuple[Rule, ...]] = {
    "en": (_after("is|are|was|were|will|would|can|could|should|must|may|might", "not"),),
    "de": (
        _after("ist|sind|war|waren|wird|werden|kann|können|muss|müssen|soll|sollen|will|wollen", "nicht"),
        _rule(r"\b(ein(?:e|em|en|er|es)?)\b", lambda match: _cased("k", match[1])),
    ),
    "fr": (
        _rule(rf"\b(c)(?:{APOSTROPHE})est (?!pas\b)", lambda match: f"{match[1]}e n'est pas "),
        _rule(
            r" (?P<verb>est|sont|était|étaient|sera|seront|peut|peuvent|doit|doivent|va|vont|veut|veulent) "
            r"(?=\w)(?!pas\b|jamais\b|plus\b)",
            _french,
        ),
    ),
    "sv": (_after("är|var|kan|ska|skulle|måste|vill|har|blir", "inte"),),
    "no": (_after("er|var|kan|skal|skulle|må|vil|har|blir", "ikke"),),
}
SAME = {"nb": "no", "nn": "no"}  # Bokmål and Nynorsk
LANGUAGES = tuple(ADDED)


def known(language: str) -> str | None:
    """The language whose rules are used for a tag such as en, en-GB or nb; None if there are none."""
    name = re.split("[-_]", language.casefold())[0]
    name = SAME.get(name, name)
    return name if name in LANGUAGES else None


def without_negation(text: str, language: str) -> str | None:
    """The sentence without its negation; None if it has none, or several.

    >>> without_negation("She doesn't know it.", "en"), without_negation("Il n'est pas là.", "fr")
    ('She does know it.', 'Il est là.')
    """
    return _changed(text, REMOVED[language]) if negations(text, language) == 1 else None


def with_negation(text: str, language: str) -> str | None:
    """The sentence with a negation; None if it has one already, or no place is known for it.

    >>> with_negation("The door is open.", "en"), with_negation("C'est vrai.", "fr")
    ('The door is not open.', "Ce n'est pas vrai.")
    """
    return _changed(text, ADDED[language]) if negations(text, language) == 0 else None


def negations(text: str, language: str) -> int:
    """How many negations the rules find; those of several rules in the same place are one."""
    places = {match.end() for pattern, _ in REMOVED[language] for match in pattern.finditer(text)}
    return len(places)


def _changed(text: str, rules: tuple[Rule, ...]) -> str | None:
    for pattern, put in rules:
        changed, n = pattern.subn(put, text, count=1)
        if n:
            return changed
    return None


def _cased(letter: str, word: str) -> str:
    return letter.upper() + word.lower() if word[0].isupper() else letter + word
