"""Questions about an object in front, about states, wishes and opinions."""

from builder import Builder
from descriptions import describable, quality
from inflect import agree
from lexicon import Verb
from nominal import NP, clitic, noun_phrase, pronoun
from phrase import Phrase, link, pair
from questions import asker, finite, inverted, question
from registry import construction
from verbal import BE, ETRE, do, group


@construction()
def how_many(g: Builder) -> Phrase:
    """Combien de lettres Paul a-t-il écrites ? The participle agrees with the object in front of it."""
    v = g.verb(
        "acheter vendre lire écrire avoir trouver perdre visiter voir laver manger dessiner casser réparer"
    )
    s = asker(g) if g.chance(0.5) else g.somebody()
    noun = (
        g.noun("pet", "little", "clothes", "vehicle")
        if v.fr == "avoir"
        else g.noun(*(v.objects - {"person", "outside", "dry"}))
    )
    tense = "present" if v.fr == "avoir" else g.choice(("past", "future"))
    return counted(g, v, s, noun_phrase(noun, "none", True), ("combien/5", "how/5 many/5"), tense)


def counted(g: Builder, v: Verb, s: NP, o: NP, lead: tuple[str, str], tense: str) -> Phrase:
    """A question about an object that stands in front."""
    form, part, auxiliary, base = finite(v, s, tense)
    if tense == "past":
        part = f"{agree(v.participle, o.fem, o.plural)}/1"
    thing = Phrase(
        o.fr,
        o.en[1:] if lead[0].startswith("combien") else o.en,
        o.lemmas,
    )
    words, english = lead
    if s.ref:
        again = Phrase(inverted(form, pronoun(s)).fr)
        return pair(
            f"{words} {{o}} {{s}} {form} {{i}} {part} ?",
            f"{english} {{o}} {auxiliary} {{s}} {base} ?",
            v.fr,
            s=s,
            i=again,
            o=thing,
        )
    return pair(
        f"{words} {{o}} {form} {{s}} {part} ?",
        f"{english} {{o}} {auxiliary} {{s}} {base} ?",
        v.fr,
        s=inverted(form, s),
        o=thing,
    )


@construction()
def which(g: Builder) -> Phrase:
    """Quelle robe Marie a-t-elle choisie ?"""
    v = g.verb(
        "préférer acheter vendre lire choisir visiter utiliser ouvrir laver réparer finir "
        "traverser fermer chanter aimer"
    )
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
        return pair(
            f"est/9 -ce/9 que/9 {{s}} {form}/1 {{a}} ?", f"{verb}/19 {{s}} {{a}} ?", s=s, a=quality(g, s)
        )
    again = Phrase(inverted(form, pronoun(s)).fr)
    return pair(f"{{s}} {form}/1 {{i}} {{a}} ?", f"{verb}/1 {{s}} {{a}} ?", s=s, i=again, a=quality(g, s))


@construction(0.8)
def can_you(g: Builder) -> Phrase:
    """Peux-tu ouvrir la porte ? / Can you open the door?"""
    m = g.verb("pouvoir", "pouvoir", "vouloir", "devoir")
    s = asker(g) if g.chance(0.7) else g.somebody()
    v = g.transitive(stative=False, mishap=False)
    form = m.forms["present"][s.slot]
    auxiliary = {"pouvoir": "can/1", "devoir": "must/1"}.get(m.fr, f"{do(s.en_slot)}/9")
    extra = "want/1 to/1" if m.fr == "vouloir" else ""
    subject, again = (s, Phrase(inverted(form, pronoun(s)).fr)) if s.ref else (Phrase(), inverted(form, s))
    english = s if s.ref else Phrase((), s.en)
    p = Phrase(subject.fr, ()), Phrase(again.fr, ()), Phrase((), english.en)
    base = Phrase(lemmas=s.lemmas)
    return pair(
        f"{{a}} {form}/1 {{b}} {v.fr}/2 {{o}} {{z}} ?",
        f"{auxiliary} {{c}} {extra} {link(v.base, 2)} {{o}} ?",
        v.fr,
        m.fr,
        a=p[0],
        b=p[1],
        c=p[2],
        z=base,
        o=g.object(v, s, definite=True, adjective=0.15),
    )


@construction(0.8)
def seen_it(g: Builder) -> Phrase:
    """Cette lettre, l'as-tu lue ? / This letter, did you read it?"""
    v = g.verb("lire acheter vendre laver réparer trouver perdre finir ouvrir fermer voir choisir visiter")
    o = noun_phrase(g.noun(*(v.objects - {"person"})), "dem", g.chance(0.3))
    s = asker(g)
    form, _, auxiliary, base = finite(v, s, "past")
    c = clitic(o)
    return pair(
        f"{{o}} , {{c}} {form} {{s}} {agree(v.participle, o.fem, o.plural)}/1 ?",
        f"{{o}} , {auxiliary} {{s}} {base} {{c}} ?",
        v.fr,
        o=o,
        c=c,
        s=inverted(form, s),
    )


@construction(0.8)
def do_you_think(g: Builder) -> Phrase:
    """Penses-tu que Paul a fermé la porte ? / Do you think that Paul closed the door?"""
    v, s, who = g.verb("penser", "croire", "savoir"), asker(g), g.somebody()
    w = g.transitive(stative=False)
    said = pair(
        "{v} {o}",
        "{v} {o}",
        v=group(w, who, g.choice(("past", "future"))),
        o=g.object(w, who, adjective=0.05),
    )
    return question(
        g, v, s, "present", rest="que/8 {who} {said}", rest_en="that/8 {who} {said}", who=who, said=said
    )
