"""Descriptions: adjectives, possession, numbers, comparison, places, agreement over a distance."""

from builder import Builder, DeadEnd
from lexicon import LEXICON
from nominal import NP, NUMBERS, noun_phrase, np_from
from phrase import Phrase, pair
from registry import construction
from verbal import AVOIR, be, group

DEGREES = (("très", "very"), ("trop", "too"), ("assez", "rather"), ("vraiment", "really"))
ABSOLUTE = frozenset(
    {"rouge", "bleu", "vert", "noir", "blanc", "gris", "jaune", "cassé", "vide", "plein", "nouveau", "mûr"}
)  # hardly "very"


def quality(g: Builder, np: NP, state: bool = True) -> Phrase:
    """A predicate adjective that fits the noun and agrees with it."""
    assert np.noun is not None
    adjective = g.adjective(np.noun, state=state)
    if adjective is None:
        raise DeadEnd
    return pair(f"{adjective.form(np.fem, np.plural)}/1", f"{adjective.english}/1", adjective.name)


def describable(g: Builder, *classes: str) -> NP:
    noun = g.noun(
        *(
            classes
            or (
                "person",
                "animal",
                "thing",
                "building",
                "town",
                "room",
                "way",
                "water",
                "fruit",
                "cooked",
                "work",
                "part",
            )
        )
    )
    return noun_phrase(noun, g.choice(("def", "def", "dem")), g.chance(0.35))


@construction()
def predicate(g: Builder) -> Phrase:
    """Les rues sont très étroites."""
    s = describable(g)
    tense, neg = g.choice(("present", "present", "imperfect")), "pas" if g.chance(0.25) else ""
    french, english = g.choice(DEGREES)
    a = quality(g, s)
    degree = (
        pair(f"{french}/1", f"{english}/1")
        if g.chance(0.6) and not neg and a.lemmas.isdisjoint(ABSOLUTE)
        else Phrase()
    )
    return pair("{s} {v} {d} {a} .", "{s} {v} {d} {a} .", s=s, v=be(s, tense, neg), d=degree, a=a)


@construction()
def two_qualities(g: Builder) -> Phrase:
    """Le lac est froid et profond."""
    s = describable(g)
    assert s.noun is not None
    fitting = [x for x in LEXICON.adjectives.values() if x.fits & s.noun.classes]
    a, b = g.choice([(x, y) for x in fitting for y in fitting if x is not y and not opposite(x.name, y.name)])
    return pair(
        f"{{s}} {{v}} {a.form(s.fem, s.plural)}/2 et/1 {b.form(s.fem, s.plural)}/3 .",
        f"{{s}} {{v}} {a.english}/2 and/1 {b.english}/3 .",
        a.name,
        b.name,
        s=s,
        v=be(s, g.choice(("present", "imperfect"))),
    )


def opposite(a: str, b: str) -> bool:
    """Contradictions and near synonyms, and mood beside mood."""
    clashes = LEXICON.phrases["clashes"]
    return any(a in group.split() and b in group.split() for group in clashes)


@construction()
def two_adjectives(g: Builder) -> Phrase:
    """un petit chat noir: one before, one after the noun."""
    s, v = (
        g.subject(),
        g.verb("voir acheter vendre regarder chercher dessiner trouver laver porter visiter traverser"),
    )
    noun = g.noun(*(v.objects - {"person"}))
    before, after = g.adjective(noun, before=True), g.adjective(noun, before=False)
    if before is None or after is None or opposite(before.name, after.name):
        raise DeadEnd
    plural = g.chance(0.3)
    kind = (
        g.choice(("indef", "indef", "def", "dem"))
        if not plural or g.chance(0.7)
        else g.choice(NUMBERS[:5])[0]
    )
    o = noun_phrase(noun, kind, plural, (before, after))
    return pair(
        "{s} {v} {o} .", "{s} {v} {o} .", s=s, v=group(v, s, g.choice(("present", "past", "future"))), o=o
    )


@construction()
def possession(g: Builder) -> Phrase:
    """Marie a perdu ses clés: son/sa/ses is his or her by the subject."""
    s = g.subject(on=False)
    v = g.verb("chercher perdre trouver laver porter vendre oublier utiliser réparer nettoyer ouvrir fermer")
    noun = g.noun(
        *(v.objects & {"carry", "clothes", "wash", "fix", "bag", "little", "music", "pet", "openable"})
    )
    tense = g.choice(("present", "past", "past", "near")) if not v.stative else "past"
    neg = "pas" if g.chance(0.2) else ""
    o = g.modified(noun, "def", g.chance(0.3), 0.2, owner=s)
    return pair("{s} {v} {o} .", "{s} {v} {o} .", s=s, v=group(v, s, tense, neg), o=o)


def owned(owner: NP, noun_np: NP) -> NP:
    """le chien de Paul / Paul's dog, from `le chien` and `Paul`."""
    without_article = Phrase(noun_np.fr, noun_np.en[1:], noun_np.lemmas)
    p = pair("{n} de/1 {o}", "{o} 's/1 {n}", n=without_article, o=owner)
    return np_from(p, noun_np)


@construction()
def owner(g: Builder) -> Phrase:
    """le chien de Paul / Paul's dog."""
    who = g.name()
    thing = noun_phrase(
        g.noun("pet", "vehicle", "clothes", "music", "bag", "owned", "little"), plural=g.chance(0.25)
    )
    np = owned(who, thing)
    if g.chance(0.5):
        return pair(
            "{s} {v} {a} .",
            "{s} {v} {a} .",
            s=np,
            v=be(np, g.choice(("present", "imperfect"))),
            a=quality(g, thing),
        )
    s = g.subject()
    v = g.transitive(objects=thing.noun.classes if thing.noun else ())
    return pair(
        "{s} {v} {o} .",
        "{s} {v} {o} .",
        s=s,
        v=group(v, s, g.choice(("present", "past")) if not v.stative else "present"),
        o=np,
    )


@construction()
def having(g: Builder) -> Phrase:
    """avoir, with numbers and with pas de."""
    s = g.subject()
    noun = g.noun("pet", "vehicle", "clothes", "music", "bag", "little", "dish", "furniture")
    tense, neg = g.choice(("present", "present", "future", "past")), g.choice(("", "", "pas", "plus"))
    if tense == "past" or neg == "plus":
        tense = "present"
    plural = g.chance(0.5)
    kind = "none" if neg else g.choice(NUMBERS[:6])[0] if plural else "indef"
    o = g.modified(noun, kind, plural, 0.4)
    return pair("{s} {v} {o} .", "{s} {v} {o} .", s=s, v=group(AVOIR, s, tense, neg), o=o)


@construction()
def numbers(g: Builder) -> Phrase:
    """Trois chats dorment: a number and a plural verb."""
    if g.chance(0.5):
        v = g.activity(animal=True)
        noun = g.noun("animal", "person")
        s = g.modified(noun, g.choice(NUMBERS)[0], True)
        place = g.where(v) if noun.human or "outdoors" not in v.acts else g.phrase("where", "outdoors")
        return pair(
            "{s} {v} {p} .",
            "{s} {v} {p} .",
            s=s,
            v=group(v, s, g.choice(("now", "past", "future"))),
            p=place,
        )
    s = g.subject()
    v = g.verb("acheter vendre trouver perdre lire écrire dessiner laver voir choisir casser manger")
    noun = g.noun(*(v.objects - {"person", "mass", "dry", "outside", "building"}))
    return pair(
        "{s} {v} {o} .",
        "{s} {v} {o} .",
        s=s,
        v=group(v, s, g.choice(("past", "future"))),
        o=g.modified(noun, g.choice(NUMBERS[:7])[0], True, 0.35),
    )
