"""Relative clauses, coordination, opinions."""

from builder import DURING, Builder, DeadEnd, enlarge
from conditions import ongoing
from descriptions import describable, quality
from lexicon import LEXICON
from nominal import noun_phrase
from phrase import Phrase, pair
from registry import construction
from verbal import be, group


@construction()
def relative_subject(g: Builder) -> Phrase:
    """Je connais la fille qui porte le sac."""
    head = g.modified(g.noun("person"), g.choice(("def", "indef", "dem")), g.chance(0.3), 0.1)
    s, v = (
        g.subject(),
        g.verb("connaître voir aider attendre chercher appeler inviter saluer remercier suivre"),
    )
    inner = g.verb(*DURING)
    clause = pair("{v} {o}", "{v} {o}", v=group(inner, head, "now"), o=g.object(inner, head, adjective=0.05))
    return pair(
        "{s} {v} {h} qui/1 {c} .", "{s} {v} {h} who/1 {c} .", s=s, v=group(v, s, "present"), h=head, c=clause
    )


@construction(1.5)
def relative_object(g: Builder) -> Phrase:
    """La lettre que Paul a écrite est longue: the participle agrees with the object in front of it."""
    v = g.verb(
        "lire écrire acheter vendre choisir trouver perdre prendre réparer laver ouvrir "
        "casser visiter dessiner utiliser chercher préparer porter oublier voir traverser"
    )
    noun = g.noun(*(v.objects - {"person", "mass", "dry"}))
    head = noun_phrase(noun, g.choice(("def", "def", "dem")), g.chance(0.4))
    s = g.subject()
    tense, is_was = g.choice((("past", "present"), ("past", "imperfect"), ("future", "present")))
    if v.fr in ("perdre", "casser", "oublier", "trouver", "voir") and tense == "future":
        raise DeadEnd
    said = group(v, s, tense, preceding=head)
    clause = enlarge(head, "{h} que/1 {s} {v}", "{h} that/1 {s} {v}", s=s, v=said)
    return pair(
        "{c} {be} {a} .", "{c} {be} {a} .", c=clause, be=be(head, is_was), a=quality(g, head, state=False)
    )


@construction()
def relative_whose(g: Builder) -> Phrase:
    """Je connais le garçon dont le chien est noir."""
    head = noun_phrase(g.noun("person"), g.choice(("def", "def", "indef", "dem")), g.chance(0.15))
    thing = noun_phrase(g.noun("pet", "vehicle", "clothes", "bag", "home", "kin"), plural=False)
    bare = Phrase(thing.fr, thing.en[1:], thing.lemmas)
    s, v = (
        g.subject(),
        g.verb("connaître voir aider attendre chercher appeler inviter saluer"),
    )
    return pair(
        "{s} {v} {h} dont/1 {t} {be} {a} .",
        "{s} {v} {h} whose/1 {t} {be} {a} .",
        s=s,
        v=group(v, s, "present"),
        h=head,
        t=bare,
        be=be(thing),
        a=quality(g, thing),
    )


@construction()
def relative_where(g: Builder) -> Phrase:
    """La ville où Marie travaille est calme."""
    noun = g.noun("town", "enter", "cross")
    if "water" in noun.classes:
        raise DeadEnd
    place = noun_phrase(noun, g.choice(("def", "def", "dem")))
    s, v = (
        g.subject(),
        g.verb("travailler dormir jouer danser marcher habiter")
        if "town" in noun.classes
        else g.verb("travailler", "dormir", "jouer", "danser"),
    )
    tense = "present" if v.fr == "habiter" else g.choice(("present", "past"))
    clause = enlarge(place, "{h} où/1 {s} {v}", "{h} where/1 {s} {v}", s=s, v=group(v, s, tense))
    return pair("{c} {be} {a} .", "{c} {be} {a} .", c=clause, be=be(place), a=quality(g, place, state=False))


@construction(2)
def distance_relative(g: Builder) -> Phrase:
    """La fille qui regarde les chiens est contente."""
    head = noun_phrase(g.noun("person"), g.choice(("def", "def", "dem")), g.chance(0.35))
    inner, tense = g.choice(
        (("now", "present"), ("past", "present"), ("was", "imperfect"), ("past", "imperfect"))
    )
    v = g.verb(*(name for name in DURING if name != "boire"))
    o = noun_phrase(
        g.noun(*(v.objects - {"dry"})),
        g.choice(("def", "dem")),
        g.chance(0.3) if head.plural else g.chance(0.75),
    )
    s = enlarge(head, "{h} qui/1 {v} {o}", "{h} who/1 {v} {o}", v=group(v, head, inner), o=o)
    neg = "pas" if g.chance(0.15) else ""
    return pair("{s} {be} {a} .", "{s} {be} {a} .", s=s, be=be(s, tense, neg), a=quality(g, head))


@construction()
def two_people(g: Builder) -> Phrase:
    """Paul et Marie sont rentrés: mixed company is masculine."""
    s = g.pair_of_people()
    if g.chance(0.5):
        v = g.acting("moves", "reflexive", "falls")
        return pair(
            "{s} {v} {p} {t} .",
            "{s} {v} {p} {t} .",
            s=s,
            v=group(v, s, "past"),
            p=g.where(v),
            t=g.phrase("time", "past"),
        )
    if g.chance(0.4):
        adjective = LEXICON.adjectives[
            g.choice(
                (
                    "fatigué",
                    "content",
                    "inquiet",
                    "occupé",
                    "triste",
                    "gentil",
                    "intelligent",
                    "fort",
                    "prudent",
                )
            )
        ]
        return pair(
            f"{{s}} {{v}} {adjective.form(s.fem, True)}/1 .",
            f"{{s}} {{v}} {adjective.english}/1 .",
            adjective.name,
            s=s,
            v=be(s, g.choice(("present", "imperfect"))),
        )
    v = g.transitive(stative=False)
    return pair(
        "{s} {v} {o} .",
        "{s} {v} {o} .",
        s=s,
        v=group(v, s, g.choice(("present", "past", "future"))),
        o=g.object(v, s),
    )


@construction()
def two_clauses(g: Builder) -> Phrase:
    """Paul lit un livre et Marie dort; ... mais ..."""
    a, b = g.subject(), g.somebody()
    conjunction = g.choice((("et/1", "and/1"), (", mais/1", ", but/1")))
    return pair(
        f"{{a}} {{x}} {conjunction[0]} {{b}} {{y}} .",
        f"{{a}} {{x}} {conjunction[1]} {{b}} {{y}} .",
        a=a,
        b=b,
        x=ongoing(g, a, "now"),
        y=ongoing(g, b, "now"),
    )


@construction(1.2)
def thinks_that(g: Builder) -> Phrase:
    """Marie croit que son frère a perdu les clés."""
    s, v = g.subject(), g.verb("penser", "croire", "savoir")
    b = g.somebody()
    tense = g.choice(("past", "future"))
    if g.chance(0.3):
        w = g.acting("moves")
        said = group(w, b, tense)
    else:
        w = g.transitive(stative=False)
        said = pair("{v} {o}", "{v} {o}", v=group(w, b, tense), o=g.object(w, b, adjective=0.05))
    return pair(
        "{s} {v} que/1 {b} {x} .", "{s} {v} that/1 {b} {x} .", s=s, v=group(v, s, "present"), b=b, x=said
    )


@construction(0.8)
def thinks_it_is(g: Builder) -> Phrase:
    """Marie pense que ce film est très drôle."""
    s, v, what = g.subject(), g.verb("penser", "croire", "savoir"), describable(g)
    tense = g.choice(("present", "imperfect"))
    return pair(
        "{s} {v} que/1 {w} {be} {a} .",
        "{s} {v} that/1 {w} {be} {a} .",
        s=s,
        v=group(v, s, "present"),
        w=what,
        be=be(what, tense),
        a=quality(g, what),
    )
