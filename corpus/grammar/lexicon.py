"""The words of lexicon.toml and adjectives.toml with all their forms."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import inflect

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Noun:
    fr: str
    fem: bool
    en: str
    en_plural: str
    classes: frozenset[str]

    @classmethod
    def parse(cls, fr: str, row: list[str]) -> "Noun":
        gender, english, classes = row
        en, _, plural = english.partition("/")
        return cls(fr, gender == "f", en, plural or inflect.plural_en(en), frozenset(classes.split()))

    def form(self, plural: bool) -> str:
        return inflect.plural_fr(self.fr) if plural else self.fr

    def english(self, plural: bool) -> str:
        return self.en_plural if plural else self.en

    @property
    def human(self) -> bool:
        return bool(self.classes & {"person", "kin"})


@dataclass(frozen=True)
class Verb:
    """French forms by tense and person (0-5: je tu il nous vous ils), English forms by name."""

    fr: str
    row: Mapping[str, Any]

    @property
    def aux(self) -> str:
        return "être" if self.reflexive else str(self.row.get("aux", "avoir"))

    @cached_property
    def acts(self) -> frozenset[str]:
        return frozenset(self.row.get("act", "").split())

    @cached_property
    def reflexive(self) -> bool:
        return "reflexive" in self.acts

    @cached_property
    def objects(self) -> frozenset[str]:
        return frozenset(self.row.get("obj", "").split())

    @cached_property
    def subjects(self) -> frozenset[str]:
        return frozenset(self.row.get("subj", "person").split())

    @cached_property
    def stative(self) -> bool:
        return bool(self.row.get("stative", False))

    @cached_property
    def forms(self) -> dict[str, tuple[str, ...]]:
        present = tuple(self.row["pres"].split()) if "pres" in self.row else inflect.present_er(self.fr)
        stem = self.row.get("fut", self.fr)
        return {
            "present": present,
            "imperfect": inflect.imperfect(self.row.get("imp", present[3])),
            "future": tuple(stem + ending for ending in inflect.FUTURE),
            "conditional": tuple(stem + ending for ending in inflect.IMPERFECT),
        }

    @cached_property
    def participle(self) -> str:
        return str(self.row.get("pp", self.fr[:-2] + ("é" if self.fr.endswith("er") else "i")))

    def _english(self, form: int) -> str:
        head, *tail = self.row["en"].split()
        given = head.split("/")
        rules = (str, inflect.past_en, inflect.ing_en)
        inflected = given[form] if form < len(given) else rules[form](given[0])
        return " ".join([inflected, *tail])

    @cached_property
    def base(self) -> str:
        return self._english(0)

    @cached_property
    def past(self) -> str:
        return self._english(1)

    @cached_property
    def ing(self) -> str:
        return self._english(2)

    @cached_property
    def third(self) -> str:
        head, *tail = self.base.split()
        return " ".join(["has" if head == "have" else inflect.plural_en(head), *tail])


@dataclass(frozen=True)
class Adjective:
    name: str
    row: Mapping[str, Any]

    def form(self, fem: bool, plural: bool) -> str:
        masculine, feminine, *rest = self.row["fr"].split()
        if fem:
            return inflect.plural_fr(feminine) if plural else str(feminine)
        if plural:
            return str(rest[0]) if rest else inflect.plural_fr(masculine)
        return str(masculine)

    @property
    def before_vowel(self) -> str:
        """Masculine singular in front of a noun with a vowel: bel, nouvel, vieil."""
        return str(self.row.get("vowel", self.form(False, False)))

    @cached_property
    def before(self) -> bool:
        return bool(self.row.get("before", False))

    def has(self, flag: str) -> bool:
        return bool(self.row.get(flag, False))

    @cached_property
    def fits(self) -> frozenset[str]:
        return frozenset(self.row["fits"].split())

    @property
    def english(self) -> str:
        return str(self.row["en"].split("/")[0])

    @property
    def comparative(self) -> str:
        grades = self.row["en"].split("/")
        return str(grades[1]) if len(grades) > 1 else f"more {grades[0]}"

    @property
    def superlative(self) -> str:
        grades = self.row["en"].split("/")
        return str(grades[2]) if len(grades) > 1 else f"most {grades[0]}"


class Lexicon:
    def __init__(self) -> None:
        data = tomllib.loads((HERE / "lexicon.toml").read_text("utf-8"))
        adjectives = tomllib.loads((HERE / "adjectives.toml").read_text("utf-8"))
        self.phrases: dict[str, Any] = tomllib.loads((HERE / "phrases.toml").read_text("utf-8"))
        self.aspirated = frozenset(data["aspirated"])
        self.names: dict[str, bool] = {n: sex == "f" for sex in "mf" for n in data["names"][sex]}
        self.nouns = {fr: Noun.parse(fr, row) for fr, row in data["nouns"].items()}
        self.verbs = {fr: Verb(fr, row) for fr, row in data["verbs"].items()}
        self.adjectives = {name: Adjective(name, row) for name, row in adjectives.items()}


LEXICON = Lexicon()
