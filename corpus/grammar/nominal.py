"""Noun phrases: determiners, adjectives, possessives, pronouns; each knows how others agree with it."""

from dataclasses import dataclass

from lexicon import Adjective, Noun
from phrase import Phrase, link, mention, pair, referent, vowel

SUBJECTS = {
    "je": ("I", 0),
    "tu": ("you", 1),
    "il": ("he", 2),
    "elle": ("she", 2),
    "on": ("we", 2),
    "nous": ("we", 3),
    "vous": ("you", 4),
    "ils": ("they", 5),
    "elles": ("they", 5),
}
NUMBERS = (
    ("deux", "two"),
    ("trois", "three"),
    ("quatre", "four"),
    ("cinq", "five"),
    ("six", "six"),
    ("sept", "seven"),
    ("dix", "ten"),
    ("douze", "twelve"),
    ("vingt", "twenty"),
)
POSSESSIVES = (
    ("mon", "ma", "mes"),
    ("ton", "ta", "tes"),
    ("son", "sa", "ses"),
    ("notre", "notre", "nos"),
    ("votre", "votre", "vos"),
    ("leur", "leur", "leurs"),
)


@dataclass(frozen=True)
class NP(Phrase):
    slot: int = 2  # French conjugation: je tu il nous vous ils
    en_slot: int = 2
    fem: bool = False
    human: bool = True
    ref: int = 0
    noun: Noun | None = None

    @property
    def plural(self) -> bool:
        return self.slot >= 3

    @property
    def third(self) -> bool:
        return self.slot in (2, 5) and self.en_slot != 3


def np_from(phrase: Phrase, like: NP) -> NP:
    """A larger phrase that behaves like its head."""
    return NP(
        phrase.fr,
        phrase.en,
        phrase.lemmas,
        like.slot,
        like.en_slot,
        like.fem,
        like.human,
        like.ref,
        like.noun,
    )


def speaker(word: str, fem: bool = False) -> NP:
    """je, tu, il ... without an antecedent."""
    english, slot = SUBJECTS[word]
    p = pair(f"{word}/1", f"{english}/1")
    return NP(p.fr, p.en, p.lemmas, slot, 3 if word == "on" else slot, fem or word.startswith("elle"))


def named(name: str, fem: bool) -> NP:
    ref = referent()
    p = mention(f"{name}/1", f"{name}/1", name, heads=ref)
    return NP(p.fr, p.en, p.lemmas, 2, 2, fem, True, ref)


def possessive(owner: NP) -> str:
    """English possessive of the owner; French fits the thing owned, English the owner."""
    third = ("her" if owner.fem else "his") if owner.human else "its"
    return ("my", "your", third, "our", "your", "their")[owner.en_slot]


def determiner(
    kind: str, fem: bool, plural: bool, fine: bool = False, owner: NP | None = None
) -> tuple[str, str]:
    """French and English determiner with mark 1; `fine` says an adjective comes first: de belles fleurs."""
    i = 2 if plural else int(fem)
    if owner is not None:
        slot = 3 if owner.en_slot == 3 else owner.slot
        return POSSESSIVES[slot][i] + "/1", possessive(owner) + "/1"
    match kind:
        case "def":
            return ("le/1", "la/1", "les/1")[i], "the/1"
        case "indef":
            return ("un/1", "une/1", "de/1" if fine else "des/1")[i], "some/1" if plural else "a/1"
        case "none":
            return "de/1", "any/1" if plural else "a/1"
        case "dem":
            return ("ce/1", "cette/1", "ces/1")[i], "these/1" if plural else "this/1"
        case "some":
            return ("de/1 le/1", "de/1 la/1", "des/1")[i], "some/1"
        case "any":
            return "de/1", "any/1"
        case "which":
            return ("quel/1", "quelle/1", "quelles/1" if fem else "quels/1")[i], "which/1"
    return f"{kind}/1", f"{dict(NUMBERS)[kind]}/1"


def _order(adjectives: tuple[Adjective, ...]) -> tuple[list[Adjective], list[Adjective]]:
    return [a for a in adjectives if a.before], [a for a in adjectives if not a.before]


def noun_phrase(
    noun: Noun,
    kind: str = "def",
    plural: bool = False,
    adjectives: tuple[Adjective, ...] = (),
    owner: NP | None = None,
) -> NP:
    """le petit chat noir / the small black cat."""
    ref = referent()
    before, after = _order(adjectives)
    head = mention(link(noun.form(plural), 1), link(noun.english(plural), 1), noun.fr, heads=ref)
    slots: dict[str, Phrase] = {"n": head}
    french, following = ["{n}"], noun.form(plural)
    for i, adjective in enumerate(reversed(before)):
        masculine = not noun.fem and not plural and vowel(following)
        following = adjective.before_vowel if masculine else adjective.form(noun.fem, plural)
        slots[f"b{i}"] = pair(f"{following}/1", link(adjective.english, 1), adjective.name)
        french.insert(0, f"{{b{i}}}")
    for i, adjective in enumerate(after):
        slots[f"a{i}"] = pair(
            f"{adjective.form(noun.fem, plural)}/1", link(adjective.english, 1), adjective.name
        )
        french.append(f"{{a{i}}}")
    english = [part for part in french if part != "{n}"] + ["{n}"]
    det_fr, det_en = determiner(kind, noun.fem, plural, bool(before), owner)
    p = pair(" ".join([det_fr, *french]), " ".join([det_en, *english]), **slots)
    slot = 5 if plural else 2
    return NP(p.fr, p.en, p.lemmas, slot, slot, noun.fem, noun.human, ref, noun)


def third_person(np: NP, he: str, she: str, it: str, they: str) -> str:
    if np.plural:
        return they
    return (she if np.fem else he) if np.human else it


def pronoun(np: NP) -> NP:
    """The subject pronoun that stands for a noun phrase: il / it."""
    if not np.third:
        word = next(
            w
            for w, (english, slot) in SUBJECTS.items()
            if slot == np.slot and (english == "we") == (np.en_slot == 3)
        )
        return speaker(word, np.fem)
    french = ("elle" if np.fem else "il") + ("s" if np.plural else "")
    p = mention(f"{french}/1", third_person(np, "he", "she", "it", "they") + "/1", refers=np.ref)
    return NP(p.fr, p.en, p.lemmas, np.slot, np.en_slot, np.fem, np.human, np.ref)


def clitic(np: NP, indirect: bool = False, hyphen: str = "") -> Phrase:
    """Object pronoun: le la les, or lui leur."""
    if indirect:
        french = "leur" if np.plural else "lui"
    else:
        french = "les" if np.plural else "la" if np.fem else "le"
    return mention(f"{hyphen}{french}/1", third_person(np, "him", "her", "it", "them") + "/1", refers=np.ref)
