"""Verb groups: tense, agreement, negation and clitics in French; do-support and auxiliaries in English."""

from inflect import agree
from lexicon import LEXICON, Verb
from nominal import NP
from phrase import Phrase, link, pair

ETRE, AVOIR, ALLER = (LEXICON.verbs[v] for v in ("être", "avoir", "aller"))
REFLEXIVE = ("me", "te", "se", "nous", "vous", "se")
BE = ("am", "are", "is", "are", "are", "are")
WAS = ("was", "were", "was", "were", "were", "were")
ADVERBS = {"plus": "no longer", "jamais": "never"}


def do(slot: int) -> str:
    return "does" if slot == 2 else "do"


def contracted(auxiliary: str) -> str:
    """Auxiliary and negation: doesn't/23, but am/2 not/3."""
    if auxiliary == "am":
        return "am/2 not/3"
    return {"will": "won't", "can": "can't"}.get(auxiliary, auxiliary + "n't") + "/23"


def participle(verb: Verb, subject: NP, preceding: NP | None = None) -> str:
    """Past participle: agrees with the subject of être, or with a direct object that comes first."""
    if verb.aux == "être":
        return agree(verb.participle, subject.fem, subject.plural)
    return agree(verb.participle, preceding.fem, preceding.plural) if preceding else verb.participle


def french(
    verb: Verb, s: NP, tense: str, neg: str = "", clitic: bool = False, preceding: NP | None = None
) -> str:
    """Template of the French group, {c} for the clitic.  Marks: 1 verb, 2 auxiliary, 3 negation."""
    pronouns = (link(REFLEXIVE[s.slot], 1) + " " if verb.reflexive else "") + ("{c} " if clitic else "")
    ne, second = ("ne/3 ", f" {neg}/3") if neg else ("", "")
    if tense == "past":
        auxiliary = (ETRE if verb.aux == "être" else AVOIR).forms["present"][s.slot]
        mark = 2 if neg == "pas" else 1
        return f"{ne}{pronouns}{auxiliary}/{mark}{second} {participle(verb, s, preceding)}/1"
    if tense == "near":
        return f"{ne}{ALLER.forms['present'][s.slot]}/2{second} {pronouns}{verb.fr}/1"
    form = verb.forms[{"now": "present", "was": "imperfect", "used": "imperfect"}.get(tense, tense)][s.slot]
    split = tense in ("now", "was", "used", "future", "conditional")
    return f"{ne}{pronouns}{form}/{12 if split else 1}{second}"


def english(verb: Verb, s: NP, tense: str, neg: str = "") -> str:
    """Template of the English group, with the marks of `french`."""
    be = BE[s.en_slot]
    auxiliary, rest = {
        "present": (do(s.en_slot), verb.base),
        "past": ("did", verb.base),
        "imperfect": ("did", verb.base),
        "now": (be, verb.ing),
        "was": (WAS[s.en_slot], verb.ing),
        "future": ("will", verb.base),
        "conditional": ("would", verb.base),
        "near": (be, verb.base),
        "used": ("used", verb.base),
    }[tense]
    going = " going/2 to/2" if tense == "near" else " to/2" if tense == "used" else ""
    if neg == "pas":
        text = contracted(auxiliary).replace("/23", "/3") if tense == "present" else contracted(auxiliary)
        return f"{text}{going} {link(rest, 1)}"
    adverb = f"{link(ADVERBS[neg], 3)} " if neg else ""
    if auxiliary in ("do", "does", "did"):
        simple = verb.past if auxiliary == "did" else verb.third if auxiliary == "does" else verb.base
        return f"{adverb}{link(simple, 1)}"
    return f"{auxiliary}/2 {adverb}{going} {link(rest, 1)}"


def group(
    verb: Verb, s: NP, tense: str, neg: str = "", clitic: Phrase | None = None, preceding: NP | None = None
) -> Phrase:
    """`ne la voit pas` / `doesn't see`; the caller puts the English of the clitic where it belongs."""
    slots = {"c": clitic} if clitic else {}
    template = french(verb, s, tense, neg, clitic is not None, preceding)
    return pair(template, english(verb, s, tense, neg), verb.fr, **slots)


def be(s: NP, tense: str = "present", neg: str = "") -> Phrase:
    """être with an adjective or a noun."""
    form = ETRE.forms[tense][s.slot]
    ne, second = ("ne/3 ", f" {neg}/3") if neg else ("", "")
    simple = {"present": BE[s.en_slot], "imperfect": WAS[s.en_slot]}.get(tense)
    if simple is None:
        return pair(f"{ne}{form}/12{second}", ("won't/23" if neg == "pas" else "will/2") + " be/1")
    if neg == "pas":
        return pair(f"{ne}{form}/2{second}", contracted(simple))
    return pair(f"{ne}{form}/1{second}", f"{simple}/1 " + (link(ADVERBS[neg], 3) if neg else ""))


def infinitive(verb: Verb, s: NP, clitic: Phrase | None = None, form: str = "") -> Phrase:
    """Infinitive with its reflexive pronoun or clitic, for whoever does it; `form`: other English."""
    pronouns = (link(REFLEXIVE[s.slot], 1) + " " if verb.reflexive else "") + ("{c} " if clitic else "")
    slots = {"c": clitic} if clitic else {}
    return pair(f"{pronouns}{verb.fr}/1", link(form or verb.base, 1), verb.fr, **slots)
