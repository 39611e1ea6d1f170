"""Questions: est-ce que, inversion, question words; English with do-support."""

from builder import DURING, Builder
from descriptions import describable, quality
from inflect import agree
from lexicon import LEXICON, Verb
from nominal import NP, clitic, noun_phrase, pronoun, speaker
from phrase import Phrase, link, pair
from registry import construction
from verbal import BE, ETRE, do, group

PRONOUN_SUBJECTS = ("tu", "il", "elle", "on", "nous", "vous", "ils", "elles")
WHERE_TO = ("chercher", "acheter", "trouver", "attendre", "rencontrer", "cacher", "lire", "réparer", "vendre", "perdre", "préparer", "laver")


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


def question(g: Builder, verb: Verb, s: NP, tense: str, lead: tuple[str, str] = ("", ""), rest: str = "{o}",
             rest_en: str = "{o}", **slots: Phrase) -> Phrase:  # fmt: skip
    """Put together a question: with est-ce que, or inverted (with a pronoun, or a noun taken up by one)."""
    form, part, auxiliary, base = finite(verb, s, tense)
    if g.chance(0.5):
        aux = auxiliary if "/9" in auxiliary else auxiliary + "9"
        return pair(f"{lead[0]} est/9 -ce/9 que/9 {{s}} {form} {part} {rest} ?", f"{lead[1]} {aux} {{s}} {base} {rest_en} ?", verb.fr, s=s, **slots)
    english = f"{lead[1]} {auxiliary} {{s}} {base} {rest_en} ?"
    if s.ref:
        again = Phrase(inverted(form, pronoun(s)).fr)
        return pair(f"{lead[0]} {{s}} {form} {{i}} {part} {rest} ?", english, verb.fr, s=s, i=again, **slots)
    return pair(f"{lead[0]} {form} {{s}} {part} {rest} ?", english, verb.fr, s=inverted(form, s), **slots)


@construction(1.5)
def yes_no(g: Builder) -> Phrase:
    v = g.transitive()
    s = asker(g) if g.chance(0.6) else g.somebody()
    tense = g.choice(("present", "past", "future") if v.fr in DURING else ("past", "future")) if not v.stative else "present"
    return question(g, v, s, tense, o=g.object(v, s, adjective=0.15))


@construction(1.2)
def where_when_why(g: Builder) -> Phrase:
    """Où, quand, pourquoi, comment."""
    s = asker(g) if g.chance(0.5) else g.somebody()
    word, tense = g.choice((("où", "present"), ("où", "past"), ("quand", "past"), ("quand", "future"), ("pourquoi", "present"),
                            ("pourquoi", "past"), ("comment", "past")))  # fmt: skip
    english = {"où": "where", "quand": "when", "pourquoi": "why", "comment": "how"}[word]
    if g.chance(0.4) and s.fr[0].text != "on" and word != "comment":
        v = g.acting("moves") if word != "où" else g.verb("travailler", "dormir", "habiter", "jouer", "aller")
    else:
        v = g.verb(*WHERE_TO) if word == "où" else g.verb("réparer", "ouvrir", "casser", "trouver", "préparer", "perdre") if word == "comment" else g.transitive(stative=False)
    if v.fr == "habiter" and tense == "past":
        tense = "present"
    o = g.object(v, s, definite=True, adjective=0.1) if v.objects else Phrase()
    return question(g, v, s, tense, (f"{word}/5", f"{english}/5"), o=o)


@construction()
def who(g: Builder) -> Phrase:
    """Qui a cassé la tasse ? / Who broke the cup?"""
    s, v = speaker("il"), g.transitive()
    tense = g.choice(("present", "past", "future") if v.fr in DURING else ("past", "future")) if not v.stative else "present"
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
    v = g.verb("attendre", "appeler", "inviter", "aider", "suivre", "rencontrer", "remercier", "chercher", "voir", "connaître", "saluer", "écouter")
    s = asker(g) if g.chance(0.5) else g.somebody()
    tense = g.choice(("present", "past", "future")) if v.fr != "connaître" else "present"
    time = g.phrase("time", tense) if tense != "present" and g.chance(0.7) else Phrase()
    return question(g, v, s, tense, ("qui/5", "who/5"), o=time)


@construction(0.8)
def what(g: Builder) -> Phrase:
    """Qu'est-ce que Marie lit ? / What does Marie read?"""
    v = g.verb("manger", "acheter", "lire", "écrire", "boire", "chanter", "chercher", "trouver", "vendre", "préparer", "dessiner", "choisir",
               "apprendre", "perdre", "casser", "regarder", "voir", "réparer", "apporter", "visiter")  # fmt: skip
    s = asker(g) if g.chance(0.5) else g.somebody()
    tense = g.choice(("present", "past", "future")) if v.fr in DURING else g.choice(("past", "future"))
    form, part, auxiliary, base = finite(v, s, tense)
    aux = auxiliary if "/9" in auxiliary else auxiliary + "9"
    time = g.phrase("time", tense) if tense != "present" and g.chance(0.6) else Phrase()
    return pair(f"que/5 est/9 -ce/9 que/9 {{s}} {form} {part} {{t}} ?", f"what/5 {aux} {{s}} {base} {{t}} ?", v.fr, s=s, t=time)


@construction()
def how_many(g: Builder) -> Phrase:
    """Combien de lettres Paul a-t-il écrites ? The participle agrees with the object in front of it."""
    v = g.verb("acheter", "vendre", "lire", "écrire", "avoir", "trouver", "perdre", "visiter", "voir", "laver", "manger", "dessiner", "casser", "réparer")
    s = asker(g) if g.chance(0.5) else g.somebody()
    noun = g.noun("pet", "little", "clothes", "vehicle") if v.fr == "avoir" else g.noun(*(v.objects - {"person", "outside", "dry"}))
    tense = "present" if v.fr == "avoir" else g.choice(("past", "future"))
    return counted(g, v, s, noun_phrase(noun, "none", True), ("combien/5", "how/5 many/5"), tense)


def counted(g: Builder, v: Verb, s: NP, o: NP, lead: tuple[str, str], tense: str) -> Phrase:
    """A question about an object that stands in front."""
    form, part, auxiliary, base = finite(v, s, tense)
    if tense == "past":
        part = f"{agree(v.participle, o.fem, o.plural)}/1"
    thing = Phrase((o.fr if lead[0].startswith("combien") else o.fr), o.en[1:] if lead[0].startswith("combien") else o.en, o.lemmas)
    words, english = lead
    if s.ref:
        again = Phrase(inverted(form, pronoun(s)).fr)
        return pair(f"{words} {{o}} {{s}} {form} {{i}} {part} ?", f"{english} {{o}} {auxiliary} {{s}} {base} ?", v.fr, s=s, i=again, o=thing)
    return pair(f"{words} {{o}} {form} {{s}} {part} ?", f"{english} {{o}} {auxiliary} {{s}} {base} ?", v.fr, s=inverted(form, s), o=thing)


@construction()
def which(g: Builder) -> Phrase:
    """Quelle robe Marie a-t-elle choisie ?"""
    v = g.verb("préférer", "acheter", "vendre", "lire", "choisir", "visiter", "utiliser", "ouvrir", "laver", "réparer", "finir", "traverser", "fermer",
               "chanter", "aimer")  # fmt: skip
    s = asker(g) if g.chance(0.5) else g.somebody()
    o = noun_phrase(g.noun(*(v.objects - {"person"})), "which", g.chance(0.3))
    tense = "present" if v.stative else g.choice(("past", "future"))
    return counted(g, v, s, o, ("", ""), tense)


@construction(0.8)
def is_it(g: Builder) -> Phrase:
    """La rue est-elle calme ? / Is the street quiet?"""
    s = describable(g)
    form, verb = ETRE.forms["present"][s.slot], BE[s.en_slot]
    if g.chance(0.5):
        return pair(f"est/9 -ce/9 que/9 {{s}} {form}/1 {{a}} ?", f"{verb}/19 {{s}} {{a}} ?", s=s, a=quality(g, s))
    again = Phrase(inverted(form, pronoun(s)).fr)
    return pair(f"{{s}} {form}/1 {{i}} {{a}} ?", f"{verb}/1 {{s}} {{a}} ?", s=s, i=again, a=quality(g, s))


@construction(0.8)
def can_you(g: Builder) -> Phrase:
    """Peux-tu ouvrir la porte ? / Can you open the door?"""
    m = LEXICON.verbs["pouvoir"] if g.chance(0.6) else LEXICON.verbs["vouloir"]
    s = asker(g) if g.chance(0.7) else g.somebody()
    v = g.transitive(stative=False, mishap=False)
    form = m.forms["present"][s.slot]
    can = m.fr == "pouvoir"
    auxiliary, extra = ("can/1", "") if can else (f"{do(s.en_slot)}/9", "want/1 to/1")
    subject, again = (s, Phrase(inverted(form, pronoun(s)).fr)) if s.ref else (Phrase(), inverted(form, s))
    english = s if s.ref else Phrase((), s.en)
    p = Phrase(subject.fr, ()), Phrase(again.fr, ()), Phrase((), english.en)
    base = Phrase(lemmas=s.lemmas)
    return pair(f"{{a}} {form}/1 {{b}} {v.fr}/2 {{o}} {{z}} ?", f"{auxiliary} {{c}} {extra} {link(v.base, 2)} {{o}} ?", v.fr, m.fr,
                a=p[0], b=p[1], c=p[2], z=base, o=g.object(v, s, definite=True, adjective=0.15))  # fmt: skip


@construction(0.8)
def seen_it(g: Builder) -> Phrase:
    """Cette lettre, l'as-tu lue ? / This letter, did you read it?"""
    v = g.verb("lire", "acheter", "vendre", "laver", "réparer", "trouver", "perdre", "finir", "ouvrir", "fermer", "voir", "choisir", "visiter")
    o = noun_phrase(g.noun(*(v.objects - {"person"})), "dem", g.chance(0.3))
    s = asker(g)
    form, _, auxiliary, base = finite(v, s, "past")
    c = clitic(o)
    return pair(f"{{o}} , {{c}} {form} {{s}} {agree(v.participle, o.fem, o.plural)}/1 ?", f"{{o}} , {auxiliary} {{s}} {base} {{c}} ?", v.fr,
                o=o, c=c, s=inverted(form, s))  # fmt: skip


@construction(0.8)
def do_you_think(g: Builder) -> Phrase:
    """Penses-tu que Paul a fermé la porte ? / Do you think that Paul closed the door?"""
    v, s, who = g.verb("penser", "croire", "savoir", "espérer"), asker(g), g.somebody()
    w = g.transitive(stative=False)
    said = pair("{v} {o}", "{v} {o}", v=group(w, who, g.choice(("past", "future"))), o=g.object(w, who, adjective=0.05))
    return question(g, v, s, "present", rest="que/8 {who} {said}", rest_en="that/8 {who} {said}", who=who, said=said)
