"""Dialogue pronouns, time and purpose, conditions, and who does what meanwhile."""

from builder import DURING, Builder
from lexicon import LEXICON
from nominal import NP, noun_phrase, pronoun, speaker
from phrase import Phrase, pair
from registry import construction
from verbal import AVOIR, ETRE, be, group, infinitive

ME = {0: ("me", "me"), 1: ("te", "you"), 3: ("nous", "us"), 4: ("vous", "you")}


POINTS = ("arriver", "partir", "rentrer", "revenir", "sortir", "entrer", "tomber")


def other(g: Builder) -> NP:
    """Somebody else: never a third-person pronoun, which could mean the person just named."""
    return speaker(g.choice(("je", "tu", "on", "nous", "vous"))) if g.chance(0.4) else g.somebody()


def ongoing(g: Builder, s: NP, tense: str) -> Phrase:
    """Something that lasts: is reading, was sleeping."""
    if g.chance(0.5):
        v = g.verb(*DURING)
        o: Phrase = g.object(v, s, adjective=0.05)
    else:
        v = g.activity()
        o = g.where(v) if g.chance(0.5) else Phrase()
    return pair("{v} {o}", "{v} {o}", v=group(v, s, tense), o=o)


@construction(1.2)
def me_and_you(g: Builder) -> Phrase:
    """Marie nous invite; ils ne t'ont pas vue."""
    slot = g.choice(tuple(ME))
    french, english = ME[slot]
    s = (
        g.somebody()
        if g.chance(0.5)
        else speaker(
            g.choice(
                [
                    w
                    for w in ("je", "tu", "il", "elle", "ils", "elles", "nous", "vous")
                    if not ({w} <= {"je", "nous"} and slot in (0, 3))
                    and not ({w} <= {"tu", "vous"} and slot in (1, 4))
                ]
            )
        )
    )
    v = g.verb(
        "voir connaître aider inviter attendre appeler suivre écouter regarder chercher "
        "remercier comprendre saluer oublier"
    )
    tense = (
        g.choice(("present", "past", "future", "near"))
        if v.fr not in ("connaître", "comprendre")
        else "present"
    )
    neg = g.choice(("", "", "pas", "jamais")) if tense != "near" else ""
    whom = NP(slot=slot, en_slot=slot, fem=slot in (0, 1) and g.chance(0.5))
    c = pair(f"{french}/1", f"{english}/1")
    time = g.phrase("time", tense) if tense in ("past", "future") and not neg and g.chance(0.6) else Phrase()
    return pair("{s} {v} {t} .", "{s} {v} {c} {t} .", s=s, v=group(v, s, tense, neg, c, whom), c=c, t=time)


@construction()
def gives_me(g: Builder) -> Phrase:
    """Paul nous montrera ses photos."""
    slot = g.choice(tuple(ME))
    french, english = ME[slot]
    s = g.somebody()
    v = g.choice([v for v in LEXICON.verbs.values() if v.row.get("gift")])
    c = pair(f"{french}/1", f"{english}/1")
    neg = g.choice(("", "", "pas"))
    return pair(
        "{s} {v} {o} .",
        "{s} {v} {c} {o} .",
        s=s,
        v=group(v, s, g.choice(("present", "past", "future", "near")), neg, c),
        c=c,
        o=g.object(v, s, bool(neg)),
    )


@construction()
def when(g: Builder) -> Phrase:
    """Quand Marie est rentrée, Paul dormait."""
    a, v = g.somebody(), g.verb(*POINTS)
    b = other(g)
    first = (
        pair("quand/1 {s} {v}", "when/1 {s} {v}", s=a, v=group(v, a, "past"))
        if v.fr != "entrer"
        else pair(
            "quand/1 {s} {v} {p}",
            "when/1 {s} {v} {p}",
            s=a,
            v=group(v, a, "past"),
            p=g.phrase("where", "enters"),
        )
    )
    return pair("{f} , {s} {o} .", "{f} , {s} {o} .", f=first, s=b, o=ongoing(g, b, "was"))


@construction()
def while_(g: Builder) -> Phrase:
    """Pendant que Marie lit, Paul dort."""
    a, b = g.somebody(), other(g)
    tense = g.choice(("now", "was"))
    slots = {"a": a, "b": b, "x": ongoing(g, a, tense), "y": ongoing(g, b, tense)}
    if g.chance(0.5):
        return pair("pendant/1 que/1 {a} {x} , {b} {y} .", "while/1 {a} {x} , {b} {y} .", **slots)
    return pair("{b} {y} pendant/1 que/1 {a} {x} .", "{b} {y} while/1 {a} {x} .", **slots)


@construction()
def before(g: Builder) -> Phrase:
    """Avant de partir, Paul ferme la porte."""
    s = g.subject(on=False)
    first = g.verb("coucher reposer promener habiller endormir partir sortir rentrer")
    v = g.verb("fermer laver nettoyer appeler préparer manger boire lire chercher remercier finir écouter")
    tense = g.choice(("present", "past", "future"))
    said = pair("{v} {o}", "{v} {o}", v=group(v, s, tense), o=g.object(v, s, adjective=0.1))
    going = infinitive(first, s, form=first.ing)
    if g.chance(0.5):
        return pair("avant/1 de/1 {g} , {s} {x} .", "before/1 {g} , {s} {x} .", s=s, g=going, x=said)
    return pair("{s} {x} avant/1 de/1 {g} .", "{s} {x} before/1 {g} .", s=s, g=going, x=said)


@construction()
def in_order_to(g: Builder) -> Phrase:
    """Paul va au marché pour acheter des fleurs."""
    s = g.subject(on=False)
    french, english, verbs = g.choice(
        (
            ("à/1 le/2 marché/3", "to/1 the/2 market/3", "acheter vendre"),
            ("en/1 ville/2", "to/1 town/2", "acheter chercher vendre"),
            ("à/1 la/2 bibliothèque/3", "to/1 the/2 library/3", "lire chercher"),
            ("à/1 la/2 gare/3", "to/1 the/2 train/3 station/3", "prendre attendre"),
            ("dans/1 la/2 cuisine/3", "into/1 the/2 kitchen/3", "manger préparer boire"),
            ("dans/1 le/2 jardin/3", "into/1 the/2 garden/3", "lire chercher dessiner"),
        )
    )
    v = g.verb(*verbs.split())
    o = (
        noun_phrase(g.noun(keys=("train",)), "indef")
        if french.startswith("à/1 la/2 gare")
        else g.object(v, s, adjective=0.15)
    )
    tense = g.choice(("present", "past", "future"))
    return pair(
        "{s} {go} {p} pour/1 {v} {o} .",
        "{s} {go} {p} to/1 {v} {o} .",
        s=s,
        go=group(LEXICON.verbs["aller"], s, tense),
        p=pair(french, english),
        v=infinitive(v, s),
        o=o,
    )


@construction()
def if_future(g: Builder) -> Phrase:
    """Si tu ouvres la porte, le chat sortira."""
    a = g.subject()
    v = g.transitive(stative=False)
    condition = pair(
        "si/1 {s} {v} {o}",
        "if/1 {s} {v} {o}",
        s=a,
        v=group(v, a, "present"),
        o=g.object(v, a, adjective=0.05),
    )
    you = ("je", "nous") if a.slot in (1, 4) else ("tu", "vous")  # never tu beside vous
    lone = a.third and not a.ref  # "elle" must not seem to mean a woman named afterwards
    b = speaker(g.choice(you)) if lone or g.chance(0.4) else g.somebody()
    if g.chance(0.4):
        adjective = LEXICON.adjectives[g.choice(("content", "triste", "inquiet"))]
        feels = pair(f"{adjective.form(b.fem, b.plural)}/1", f"{adjective.english}/1", adjective.name)
        return pair(
            "{c} , {s} {v} {a} .",
            "{c} , {s} {v} {a} .",
            c=condition,
            s=b,
            v=be(b, "future", g.choice(("", "", "pas"))),
            a=feels,
        )
    w = g.verb("rester partir rentrer remercier aider appeler attendre sortir pleurer rire")
    o = g.other_person(b) if w.objects else g.where(w) if w.fr == "rester" else Phrase()
    return pair(
        "{c} , {s} {v} {o} .",
        "{c} , {s} {v} {o} .",
        c=condition,
        s=b,
        v=group(w, b, "future", g.choice(("", "", "pas"))),
        o=o,
    )


@construction()
def if_conditional(g: Builder) -> Phrase:
    """Si j'étais riche, j'achèterais un bateau."""
    s = (
        speaker(g.choice(("je", "tu", "il", "elle", "nous", "vous", "ils", "elles")))
        if g.chance(0.5)
        else g.somebody()
    )
    again = pronoun(s)
    if g.chance(0.7):
        name, verbs = g.choice(LEXICON.phrases["dreams"])
        adjective = LEXICON.adjectives[name]
        condition = pair(
            f"si/1 {{s}} {ETRE.forms['imperfect'][s.slot]}/3 {adjective.form(s.fem, s.plural)}/2",
            f"if/1 {{s}} were/3 {adjective.english}/2",
            name,
            s=s,
        )
    else:
        verbs = "partir voyager visiter sortir quitter"
        thing = g.modified(g.noun(keys=("voiture", "bateau", "vélo", "cheval")), "indef", False, 0.4)
        condition = pair("si/1 {s} {v} {o}", "if/1 {s} {v} {o}", s=s, v=group(AVOIR, s, "imperfect"), o=thing)
    v = g.verb(*verbs.split())
    o = g.object(v, again, adjective=0.15) if v.objects else Phrase()
    return pair(
        "{c} , {s} {v} {o} .", "{c} , {s} {v} {o} .", c=condition, s=again, v=group(v, s, "conditional"), o=o
    )
