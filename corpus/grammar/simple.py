"""Main clauses: tenses, negation, modals, reflexives, imperatives."""

from builder import DURING, MEANT, Builder
from lexicon import LEXICON
from nominal import noun_phrase, speaker
from phrase import Phrase, link, pair
from registry import construction
from verbal import do, french, group


@construction()
def present(g: Builder) -> Phrase:
    s, v = g.subject(), g.transitive()
    return pair("{s} {v} {o} .", "{s} {v} {o} .", s=s, v=group(v, s, "present"), o=g.object(v, s))


@construction()
def present_continuous(g: Builder) -> Phrase:
    s = g.subject()
    v = g.verb(*DURING) if g.chance(0.6) else g.activity()
    o = g.object(v, s, adjective=0.15) if v.objects else g.where(v)
    return pair(
        "{s} {v} {o} {t} .",
        "{s} {v} {o} {t} .",
        s=s,
        v=group(v, s, "now", "pas" if g.chance(0.15) and not v.objects else ""),
        o=o,
        t=g.phrase("time", "now"),
    )


@construction()
def habit(g: Builder) -> Phrase:
    """Paul boit du lait tous les matins / Paul drinks milk every morning."""
    s = g.subject()
    verb, objects, times = g.choice(LEXICON.phrases["habits"])
    v = LEXICON.verbs[verb]
    noun = g.noun(*objects.split())
    if "person" in objects:
        o: Phrase = g.other_person(s)
    elif "mass" in noun.classes:
        o = noun_phrase(noun, "some")
        o = Phrase(o.fr, o.en[1:], o.lemmas)
    else:
        o = g.modified(
            noun, g.choice(("def", "indef", "dem") if verb in MEANT else ("def", "dem")), g.chance(0.2), 0.15
        )
    return pair(
        "{s} {v} {o} {t} .",
        "{s} {v} {o} {t} .",
        s=s,
        v=group(v, s, "present"),
        o=o,
        t=g.phrase("time", times),
    )


@construction()
def past(g: Builder) -> Phrase:
    s, v = g.subject(), g.transitive(stative=False)
    slots = {"s": s, "v": group(v, s, "past"), "o": g.object(v, s), "t": g.time(v, "past")}
    if g.chance(0.25):
        return pair("{t} , {s} {v} {o} .", "{t} , {s} {v} {o} .", **slots)
    return pair("{s} {v} {o} {t} .", "{s} {v} {o} {t} .", **slots)


@construction()
def past_motion(g: Builder) -> Phrase:
    v = g.acting("moves", "falls", "stays", "enters", "goes")
    s = g.subject(animal="animal" in v.subjects, on=False)
    neg = "pas" if g.chance(0.2) else ""
    return pair(
        "{s} {v} {p} {t} .",
        "{s} {v} {p} {t} .",
        s=s,
        v=group(v, s, "past", neg),
        p=g.where(v),
        t=g.time(v, "past"),
    )


@construction()
def used_to(g: Builder) -> Phrase:
    s = g.subject()
    v = g.activity() if g.chance(0.5) else g.verb("lire écouter chanter dessiner visiter prendre inviter")
    o = g.object(v, s, definite=v.fr not in ("dessiner", "lire"), adjective=0.1) if v.objects else g.where(v)
    rare = v.fr in ("visiter", "voyager", "inviter")
    t = (
        pair("autrefois/1", "in/1 the/1 past/1")
        if g.chance(0.4)
        else g.phrase("time", "yearly" if rare else "daily")
    )
    return pair("{t} , {s} {v} {o} .", "{t} , {s} {v} {o} .", s=s, v=group(v, s, "used"), o=o, t=t)


@construction()
def future(g: Builder) -> Phrase:
    s, v = g.subject(), g.transitive(stative=False)
    neg = "pas" if g.chance(0.25) else ""
    slots = {
        "s": s,
        "v": group(v, s, "future", neg),
        "o": g.object(v, s, bool(neg)),
        "t": g.time(v, "future"),
    }
    if g.chance(0.3):
        return pair("{t} , {s} {v} {o} .", "{t} , {s} {v} {o} .", **slots)
    return pair("{s} {v} {o} {t} .", "{s} {v} {o} {t} .", **slots)


@construction()
def near_future(g: Builder) -> Phrase:
    s = g.subject()
    neg = "pas" if g.chance(0.25) else ""
    v = (
        g.transitive(stative=False)
        if g.chance(0.6)
        else g.acting("moves", "goes", "reflexive", "outdoors", "water")
    )
    o = g.object(v, s, bool(neg)) if v.objects else g.where(v)
    return pair("{s} {v} {o} .", "{s} {v} {o} .", s=s, v=group(v, s, "near", neg), o=o)


@construction()
def not_present(g: Builder) -> Phrase:
    s, v = g.subject(), g.transitive()
    return pair(
        "{s} {v} {o} .", "{s} {v} {o} .", s=s, v=group(v, s, "present", "pas"), o=g.object(v, s, True)
    )


@construction()
def not_past(g: Builder) -> Phrase:
    s, v = g.subject(), g.transitive(stative=False)
    return pair("{s} {v} {o} .", "{s} {v} {o} .", s=s, v=group(v, s, "past", "pas"), o=g.object(v, s, True))


@construction()
def no_longer(g: Builder) -> Phrase:
    s = g.subject()
    if g.chance(0.4):
        v = g.activity()
        return pair("{s} {v} {o} .", "{s} {v} {o} .", s=s, v=group(v, s, "present", "plus"), o=g.where(v))
    v = g.verb("manger lire écouter chanter voir aimer porter utiliser dessiner aider inviter vendre")
    return pair(
        "{s} {v} {o} .", "{s} {v} {o} .", s=s, v=group(v, s, "present", "plus"), o=g.object(v, s, True, True)
    )


@construction()
def never(g: Builder) -> Phrase:
    s, v = g.subject(), g.transitive(stative=False)
    tense = g.choice(("present", "present", "past", "future"))
    return pair("{s} {v} {o} .", "{s} {v} {o} .", s=s, v=group(v, s, tense, "jamais"), o=g.object(v, s, True))


@construction(0.8)
def nothing(g: Builder) -> Phrase:
    """ne ... rien / not ... anything."""
    s = g.subject()
    v = g.verb(
        "manger acheter vendre lire écrire voir boire trouver comprendre perdre oublier "
        "choisir casser préparer apprendre prendre apporter donner montrer"
    )
    tense = g.choice(("present", "past", "future"))
    words = french(v, s, tense, "pas").replace("pas/3", "rien/4")
    english = {"present": f"{do(s.en_slot)}n't/3", "past": "didn't/23", "future": "won't/23"}[tense]
    time = g.time(v, tense) if g.chance(0.8) and tense == "past" else Phrase()
    return pair(f"{{s}} {words} {{t}} .", f"{{s}} {english} {v.base}/1 anything/4 {{t}} .", v.fr, s=s, t=time)


@construction(0.8)
def nobody(g: Builder) -> Phrase:
    """ne ... personne, and Personne ne ..."""
    if g.chance(0.5):
        s, v = speaker("il"), g.transitive()
        tense = g.choice(("present", "past")) if v.stative else "past"
        words = french(v, s, tense, "pas").replace(" pas/3", "").replace("/2", "/1")
        verb = {"present": v.third, "past": v.past}[tense]
        return pair(
            f"personne/3 {words} {{o}} .", f"nobody/3 {link(verb, 1)} {{o}} .", v.fr, o=g.without_owner(v)
        )
    s = g.subject()
    v = g.verb("voir connaître aider inviter attendre appeler suivre écouter rencontrer regarder chercher")
    past_tense = g.chance(0.4)
    words = french(v, s, "past" if past_tense else "present", "pas").replace(" pas/3", "")
    auxiliary = "didn't/23" if past_tense else f"{do(s.en_slot)}n't/3"
    seen = v.fr in ("voir", "attendre", "rencontrer", "regarder", "suivre", "chercher", "aider")
    place = g.phrase("where", "outdoors") if seen and g.chance(0.7) else Phrase()
    return pair(
        f"{{s}} {words} personne/4 {{p}} .",
        f"{{s}} {auxiliary} {link(v.base, 1)} anyone/4 {{p}} .",
        v.fr,
        s=s,
        p=place,
    )
