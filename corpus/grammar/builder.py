"""Random choices that make sense together: who does what, to what, when and where."""

import random
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TypeVar

from lexicon import LEXICON, Adjective, Noun, Verb
from nominal import NP, NUMBERS, named, noun_phrase, np_from, pronoun, speaker
from phrase import Phrase, pair

T = TypeVar("T")
PRONOUNS = ("je", "tu", "il", "elle", "on", "nous", "vous", "ils", "elles")
DURING = (
    "manger",
    "lire",
    "écrire",
    "regarder",
    "écouter",
    "chanter",
    "dessiner",
    "chercher",
    "porter",
    "laver",
    "nettoyer",
    "réparer",
    "préparer",
    "couper",
    "attendre",
    "boire",
    "apprendre",
    "utiliser",
    "suivre",
)
MEANT = frozenset(
    {
        "acheter",
        "vendre",
        "manger",
        "lire",
        "écrire",
        "chercher",
        "dessiner",
        "trouver",
        "préparer",
        "voir",
        "boire",
    }
)  # pas de ...
ELSEWHERE = frozenset(
    {"acheter", "choisir", "visiter", "traverser", "manger", "rencontrer"}
)  # hardly with one's own things
GENERIC = frozenset({"aimer", "préférer", "connaître", "comprendre", "oublier"})  # need a definite object


@cache
def _nouns(classes: frozenset[str], keys: frozenset[str]) -> tuple[Noun, ...]:
    """Those of the classes and those that are named, in the order of the lexicon."""
    return tuple(n for n in LEXICON.nouns.values() if n.fr in keys or n.classes & classes)


class DeadEnd(Exception):  # noqa: N818 (not an error: it happens all the time)
    """No word fits what was chosen before; begin the sentence again."""


class Builder:
    """One sentence at a time; no noun or name comes twice in a sentence."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.used: set[str] = set()

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def choice(self, items: Sequence[T]) -> T:
        if not items:
            raise DeadEnd
        return items[self.rng.randrange(len(items))]

    def noun(self, *classes: str, keys: Iterable[str] = ()) -> Noun:
        fitting = _nouns(frozenset(classes), frozenset(keys))
        noun = self.choice([n for n in fitting if n.fr not in self.used])
        self.used.add(noun.fr)
        return noun

    def verb(self, *names: str) -> Verb:
        """One of these verbs, given one by one or as a string of several."""
        return LEXICON.verbs[self.choice(" ".join(names).split())]

    def transitive(self, *, objects: Iterable[str] = (), stative: bool = True, mishap: bool = True) -> Verb:
        """A verb with an object; `mishap` allows to lose and to break."""
        wanted = set(objects)
        return self.choice(
            [
                v
                for v in LEXICON.verbs.values()
                if v.objects
                and not v.row.get("gift")
                and (stative or not v.stative)
                and (not wanted or v.objects & wanted)
                and (mishap or v.fr not in ("perdre", "casser", "oublier"))
            ]
        )

    def acting(self, *acts: str) -> Verb:
        return self.choice([v for v in LEXICON.verbs.values() if v.acts & set(acts)])

    def adjective(self, noun: Noun, before: bool | None = None, state: bool = False) -> Adjective | None:
        """An adjective that fits; states (tired, broken) only where the caller says so."""
        found = [
            a
            for a in LEXICON.adjectives.values()
            if a.fits & noun.classes
            and (before is None or a.before == before)
            and (state or not (a.has("state") or a.has("predicate")))
        ]
        return self.choice(found) if found else None

    def name(self) -> NP:
        name = self.choice([n for n in LEXICON.names if n not in self.used])
        self.used.add(name)
        return named(name, LEXICON.names[name])

    def kin(self, owner: NP | None = None) -> NP:
        """mon frère: of the speaker or hearer, or of an owner in the sentence."""
        who = owner or speaker(self.choice(("je", "je", "tu", "nous", "vous")))
        noun = self.noun("kin")
        return noun_phrase(noun, plural=self.chance(0.15) and "unique" not in noun.classes, owner=who)

    def kin_adult(self) -> NP:
        return noun_phrase(self.noun("parent"), owner=speaker(self.choice(("je", "tu", "nous", "vous"))))

    def without_owner(self, v: Verb) -> NP:
        """An object for `who` and `nobody`: there is no owner to speak of."""
        noun = self.noun(*(v.objects - {"person"} or {"person"}))
        if "mass" in noun.classes:
            return noun_phrase(noun)
        return self.modified(noun, self.choice(("def", "dem")), self.chance(0.3))

    def modified(
        self, noun: Noun, kind: str, plural: bool, share: float = 0.25, owner: NP | None = None
    ) -> NP:
        adjective = self.adjective(noun) if self.chance(share) else None
        plural = plural and not (kind == "none" and noun.form(True) == noun.fr)  # pas de souris: a mouse
        return noun_phrase(noun, kind, plural, (adjective,) if adjective else (), owner)

    def somebody(self, animal: bool = False) -> NP:
        """A third person with a name or a noun."""
        roll = self.rng.random()
        if roll < 0.35:
            return self.name()
        if roll < 0.5:
            return self.kin()
        noun = self.noun("animal") if animal and self.chance(0.6) else self.noun("person")
        return self.modified(
            noun, self.choice(("def", "def", "dem")), self.chance(0.3) and "unique" not in noun.classes, 0.2
        )

    def subject(self, animal: bool = False, on: bool = True) -> NP:
        if self.chance(0.45):
            word = self.choice([p for p in PRONOUNS if on or p != "on"])
            return speaker(word, self.chance(0.5) and word in ("je", "tu", "nous"))
        return self.somebody(animal)

    def pair_of_people(self) -> NP:
        a, b = self.name(), self.name()
        p = pair("{a} et/1 {b}", "{a} and/1 {b}", a=a, b=b)
        return NP(p.fr, p.en, p.lemmas, 5, 5, a.fem and b.fem)

    def object(
        self, verb: Verb, s: NP, negated: bool = False, definite: bool = False, adjective: float = 0.25
    ) -> NP:
        classes = verb.objects
        if "person" in classes and self.chance(0.6 if classes != {"person"} else 1):
            return self.other_person(s)
        noun = self.noun(*(classes - {"person"}))
        if "mass" in noun.classes:
            return noun_phrase(noun, "def" if definite else "any" if negated else "some")
        owner = (
            s
            if self.chance(0.2) and noun.classes & {"thing", "pet", "owned"} and verb.fr not in ELSEWHERE
            else None
        )
        if owner:
            return self.modified(noun, "def", self.chance(0.2), adjective, owner)
        kinds = (
            ["def", "dem"]
            if definite or verb.fr in GENERIC or (negated and verb.fr not in MEANT)
            else ["def", "indef", "indef", "dem"]
        )
        kind = self.choice(kinds)
        if negated and kind == "indef":
            kind = "none"
        if kind == "indef" and self.chance(0.15):
            return self.modified(noun, self.choice(NUMBERS[:5])[0], True, adjective)
        return self.modified(noun, kind, self.chance(0.25), adjective)

    def other_person(self, s: NP) -> NP:
        roll = self.rng.random()
        if roll < 0.4:
            return self.name()
        if roll < 0.7:
            return self.kin(s if s.en_slot != 3 or s.slot == 3 else None)
        noun = self.noun("person")
        return noun_phrase(
            noun, self.choice(("def", "dem")), self.chance(0.3) and "unique" not in noun.classes
        )

    def phrase(self, group: str, *kinds: str) -> Phrase:
        kind = self.choice(kinds)
        french, english = self.choice(LEXICON.phrases[group][kind])
        return pair(french, english)

    def time(self, verb: Verb, tense: str) -> Phrase:
        """yesterday, tomorrow; for longer deeds also last week, next month."""
        if verb.fr in LEXICON.phrases["time"]["unhurried"] and self.chance(0.5):
            return self.phrase("time", f"long_{tense}")
        return self.phrase("time", tense)

    def where(self, verb: Verb) -> Phrase:
        """A place for what the verb says (nothing for some verbs)."""
        kinds = sorted(verb.acts & LEXICON.phrases["where"].keys())
        return self.phrase("where", *kinds) if kinds else Phrase()

    def activity(self, animal: bool = False) -> Verb:
        """An intransitive verb for something that lasts."""
        return self.choice(
            [
                v
                for v in LEXICON.verbs.values()
                if v.acts & {"anywhere", "outdoors", "rest", "water", "away"}
                and (not animal or "animal" in v.subjects)
            ]
        )


def continued(subject: NP) -> NP:
    """The pronoun for a subject that goes on: Paul ... il; je ... je."""
    return pronoun(subject)


def enlarge(head: NP, french: str, english: str, **slots: Phrase) -> NP:
    """A noun phrase with something around it: {h} is the head."""
    return np_from(pair(french, english, h=head, **slots), head)
