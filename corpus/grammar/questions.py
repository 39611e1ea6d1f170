"""Questions: est-ce que, inversion, question words; English with do-support."""

from builder import DURING, Builder
from inflect import agree
from lexicon import LEXICON, Verb
from nominal import NP, pronoun, speaker
from phrase import Phrase, link, pair
from registry import construction
from verbal import BE, do

PRONOUN_SUBJECTS = ("tu", "il", "elle", "on", "nous", "vous", "ils", "elles")
WHERE_TO = (
    "chercher",
    "acheter",
    "trouver",
    "attendre",
    "rencontrer",
    "cacher",
    "lire",
    "réparer",
    "vendre",
    "perdre",
    "préparer",
    "laver",
)


def finite(verb: Verb, s: NP, tense: str) -> tuple[str, str, str, str]:
    """French finite form, participle template, English auxiliary, main verb; marks 1 verb, 2 auxiliary."""
    if tense == "past":
        auxiliary = LEXICON.verbs[verb.aux].forms["present"][s.slot]
        form = agree(verb.participle, s.fem, s.plural) if verb.aux == "être" else verb.participle
        return f"{auxiliary}/2", f"{form}/1", "did/2", link(verb.base, 1)
    form = verb.forms[tense][s.slot]
    if tense == "future":
        return f"{form}/12", "", "will/2", link(verb.base, 1)
    if verb.stative or verb.fr in ("travailler", "avoir"):
        return f"{form}/1", "", f"{do(s.en_slot)}/9", link(verb.base, 1)
    return f"{form}/12", "", f"{BE[s.en_slot]}/2", link(verb.ing, 1)


def inverted(form: str, s: NP) -> Phrase:
    """The subject pronoun after the verb: as-tu, a-t-il, with -t- between vowels."""
    word = s.fr[0]
    text = form.partition("/")[0]
    t = "t-" if word.text in ("il", "elle", "on") and text[-1] in "aeé" else ""
    return Phrase((type(word)(f"-{t}{word.text}", word.marks, word.heads, word.refers),), s.en)


def asker(g: Builder) -> NP:
    return speaker(g.choice(PRONOUN_SUBJECTS))


def question(
    g: Builder,
    verb: Verb,
    s: NP,
    tense: str,
    lead: tuple[str, str] = ("", ""),
    rest: str = "{o}",
    rest_en: str = "{o}",
    **slots: Phrase,
) -> Phrase:
    """Put together a question: with est-ce que, or inverted (with a pronoun, or a noun taken up by one)."""
    form, part, auxiliary, base = finite(verb, s, tense)
    if g.chance(0.5):
        aux = auxiliary if "/9" in auxiliary else auxiliary + "9"
        return pair(
            f"{lead[0]} est/9 -ce/9 que/9 {{s}} {form} {part} {rest} ?",
            f"{lead[1]} {aux} {{s}} {base} {rest_en} ?",
            verb.fr,
            s=s,
            **slots,
        )
    english = f"{lead[1]} {auxiliary} {{s}} {base} {rest_en} ?"
    if s.ref:
        again = Phrase(inverted(form, pronoun(s)).fr)
        return pair(f"{lead[0]} {{s}} {form} {{i}} {part} {rest} ?", english, verb.fr, s=s, i=again, **slots)
    return pair(f"{lead[0]} {form} {{s}} {part} {rest} ?", english, verb.fr, s=inverted(form, s), **slots)


@construction(1.5)
def yes_no(g: Builder) -> Phrase:
    v = g.transitive()
    s = asker(g) if g.chance(0.6) else g.somebody()
    tense = (
        g.choice(("present", "past", "future") if v.fr in DURING else ("past", "future"))
        if not v.stative
        else "present"
    )
    return question(g, v, s, tense, o=g.object(v, s, adjective=0.15))


@construction(1.2)
def where_when_why(g: Builder) -> Phrase:
    """Où, quand, pourquoi, comment."""
    s = asker(g) if g.chance(0.5) else g.somebody()
    word, tense = g.choice(
        (
            ("où", "present"),
            ("où", "past"),
            ("quand", "past"),
            ("quand", "future"),
            ("pourquoi", "present"),
            ("pourquoi", "past"),
            ("comment", "past"),
        )
    )
    english = {"où": "where", "quand": "when", "pourquoi": "why", "comment": "how"}[word]
    if g.chance(0.4) and s.fr[0].text != "on" and word != "comment":
        v = g.acting("moves") if word != "où" else g.verb("travailler", "dormir", "habiter", "jouer", "aller")
    else:
        v = (
            g.verb(*WHERE_TO)
            if word == "où"
            else g.verb("réparer ouvrir casser trouver préparer perdre")
            if word == "comment"
            else g.transitive(stative=False)
        )
    if v.fr == "habiter" and tense == "past":
        tense = "present"
    o = g.object(v, s, definite=True, adjective=0.1) if v.objects else Phrase()
    return question(g, v, s, tense, (f"{word}/5", f"{english}/5"), o=o)


@construction()
def who(g: Builder) -> Phrase:
    """Qui a cassé la tasse ? / Who broke the cup?"""
    s, v = speaker("il"), g.transitive()
    tense = (
        g.choice(("present", "past", "future") if v.fr in DURING else ("past", "future"))
        if not v.stative
        else "present"
    )
    form, part, auxiliary, base = finite(v, s, tense)
    if tense == "past":
        words = link(v.past, 1)
    elif tense == "present" and v.stative:
        words = link(v.third, 1)
    else:
        words = f"{auxiliary} {base}"
    form = form.replace("/2", "/1") if tense == "past" else form
    return pair(f"qui/5 {form} {part} {{o}} ?", f"who/5 {words} {{o}} ?", v.fr, o=g.without_owner(v))


@construction(0.8)
def whom(g: Builder) -> Phrase:
    """Qui est-ce que Paul attend ? / Who does Paul wait for?"""
    v = g.verb(
        "attendre appeler inviter aider suivre rencontrer remercier chercher voir connaître saluer écouter"
    )
    s = asker(g) if g.chance(0.5) else g.somebody()
    tense = g.choice(("present", "past", "future")) if v.fr != "connaître" else "present"
    time = g.phrase("time", tense) if tense != "present" and g.chance(0.7) else Phrase()
    return question(g, v, s, tense, ("qui/5", "who/5"), o=time)


@construction(0.8)
def what(g: Builder) -> Phrase:
    """Qu'est-ce que Marie lit ? / What does Marie read?"""
    v = g.verb(
        "manger acheter lire écrire boire chanter chercher trouver vendre préparer "
        "dessiner choisir apprendre perdre casser regarder voir réparer apporter visiter"
    )
    s = asker(g) if g.chance(0.5) else g.somebody()
    tense = g.choice(("present", "past", "future")) if v.fr in DURING else g.choice(("past", "future"))
    form, part, auxiliary, base = finite(v, s, tense)
    aux = auxiliary if "/9" in auxiliary else auxiliary + "9"
    time = g.phrase("time", tense) if tense != "present" and g.chance(0.6) else Phrase()
    return pair(
        f"que/5 est/9 -ce/9 que/9 {{s}} {form} {part} {{t}} ?",
        f"what/5 {aux} {{s}} {base} {{t}} ?",
        v.fr,
        s=s,
        t=time,
    )
