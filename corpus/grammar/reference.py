"""Who or what is meant?  Pronouns whose antecedent only gender, number or meaning can tell."""

from builder import Builder, DeadEnd
from lexicon import LEXICON
from nominal import NP, noun_phrase, pronoun
from phrase import Phrase, pair
from registry import construction
from verbal import be, group, infinitive

REFERENCE = LEXICON.phrases["reference"]
TOO = (("trop", "too"), ("trop", "too"), ("trop", "too"), ("vraiment", "really"))


def quality(name: str, np: NP) -> Phrase:
    adjective = LEXICON.adjectives[name]
    return pair(f"{adjective.form(np.fem, np.plural)}/1", f"{adjective.english}/1", name)


def because(
    g: Builder,
    clause: Phrase,
    about: NP,
    quality_name: str,
    tense: str = "imperfect",
    degree: bool = True,
    neg: str = "",
) -> Phrase:
    """... parce qu'il était trop fatigué."""
    french, english = g.choice(TOO)
    much = pair(f"{french}/1", f"{english}/1") if degree else Phrase()
    it = pronoun(about)
    return pair(
        "{c} parce/1 que/1 {it} {v} {d} {a} .",
        "{c} because/1 {it} {v} {d} {a} .",
        c=clause,
        it=it,
        v=be(it, tense, neg),
        d=much,
        a=quality(quality_name, about),
    )


def clause(s: NP, v: Phrase, o: NP, preposition: str = "") -> Phrase:
    return pair(f"{{s}} {{v}} {preposition} {{o}}", "{s} {v} {o}", s=s, v=v, o=o)


def doer(g: Builder, *classes: str) -> NP:
    """A person or an animal; people may have names."""
    roll = g.rng.random()
    if {"person", "adult"} & set(classes) and roll < 0.3:
        return g.name()
    noun = g.noun(*classes)
    return noun_phrase(
        noun, g.choice(("def", "def", "def", "dem")), g.chance(0.25) and "unique" not in noun.classes
    )


def fitting(g: Builder, names: str, things: str) -> tuple[NP, str]:
    """A thing and an adjective that fits it."""
    noun, name = g.noun(*things.split()), g.choice(names.split())
    if not LEXICON.adjectives[name].fits & noun.classes:
        raise DeadEnd
    return noun_phrase(
        noun, g.choice(("def", "def", "def", "dem")), g.chance(0.25) and "mass" not in noun.classes
    ), name


def undone(g: Builder, verbs: tuple[str, ...], of_doer: bool) -> Phrase:
    verb, preposition, doers, things, for_doer, for_thing = g.choice(
        [row for row in REFERENCE["undone"] if not verbs or row[0] in verbs]
    )
    s = doer(g, *doers.split())
    o, name = fitting(g, for_thing, things)
    v = LEXICON.verbs[verb]
    tense, was = g.choice(
        (("past", "imperfect"), ("past", "imperfect"), ("present", "present"), ("near", "present"))
    )
    said = clause(s, group(v, s, tense, "pas"), o, preposition)
    if g.chance(0.25):
        could = pair(
            f"ne/2 {LEXICON.verbs['pouvoir'].forms['imperfect'][s.slot]}/1 pas/2", "couldn't/12", "pouvoir"
        )
        said = pair(
            f"{{s}} {{c}} {{v}} {preposition} {{o}}", "{s} {c} {v} {o}", s=s, c=could, v=infinitive(v, s), o=o
        )
        was = "imperfect"
    return because(g, said, s if of_doer else o, g.choice(for_doer.split()) if of_doer else name, was)


@construction(2.2)
def street_doer(g: Builder) -> Phrase:
    """L'animal n'a pas traversé la rue parce qu'il était trop fatigué."""
    return undone(g, ("traverser", "monter", "entrer", "suivre"), True)


@construction(2.2)
def street_place(g: Builder) -> Phrase:
    """L'animal n'a pas traversé la rue parce qu'elle était trop large."""
    return undone(g, ("traverser", "monter", "entrer", "suivre"), False)


@construction(2)
def undone_doer(g: Builder) -> Phrase:
    """Le garçon n'a pas porté la valise parce qu'il était trop faible."""
    return undone(g, ("porter", "acheter", "lire", "manger", "boire", "écouter", "visiter", "utiliser"), True)


@construction(2)
def undone_thing(g: Builder) -> Phrase:
    """Le garçon n'a pas porté la valise parce qu'elle était trop lourde."""
    return undone(
        g, ("porter", "acheter", "lire", "manger", "boire", "écouter", "visiter", "utiliser"), False
    )


@construction(2)
def because_thing(g: Builder) -> Phrase:
    """Marie a acheté la voiture parce qu'elle était belle."""
    verb, things, names = g.choice(REFERENCE["done"])
    s = g.name() if g.chance(0.6) else doer(g, "person")
    o, name = fitting(g, names, things)
    v = LEXICON.verbs[verb]
    tense, was = g.choice(
        (("past", "imperfect"), ("past", "imperfect"), ("present", "present"), ("near", "present"))
    )
    if v.stative:
        tense, was = "present", "present"
    return because(g, clause(s, group(v, s, tense), o), o, name, was, degree=False)


@construction(2)
def because_person(g: Builder) -> Phrase:
    """Marie a aidé Paul parce qu'il était fatigué; ... parce qu'elle était gentille."""
    verb, for_doer, for_other = g.choice(REFERENCE["people"])
    s, o = doer(g, "person"), doer(g, "person")
    v = LEXICON.verbs[verb]
    if (s.fem, s.plural) == (o.fem, o.plural) and verb not in ("aider", "remercier"):
        raise DeadEnd  # neither gender nor meaning would tell who is meant
    of_doer = g.chance(0.4)
    tense, was = g.choice((("past", "imperfect"), ("past", "imperfect"), ("present", "present")))
    name = g.choice((for_doer if of_doer else for_other).split())
    return because(g, clause(s, group(v, s, tense), o), s if of_doer else o, name, was, degree=False)


@construction(1.5)
def does_not_fit(g: Builder) -> Phrase:
    """La guitare ne tient pas dans la valise parce qu'elle est trop grande (or petite: the suitcase)."""
    content = noun_phrase(g.noun("packed"), g.choice(("def", "def", "dem")), g.chance(0.25))
    containers = (
        ("container",) if content.noun and "bag" not in content.noun.classes else ("vehicle", "furniture")
    )
    noun = g.noun(*containers)
    if "container" not in noun.classes:
        raise DeadEnd
    box = noun_phrase(noun, g.choice(("def", "def", "dem")), g.chance(0.15))
    tense, was, stem, aux = g.choice(
        (("present", "present", "tien", ""), ("imperfect", "imperfect", "ten", "didn't/23"))
    )
    form = (
        ("tiennent" if content.plural else "tient")
        if tense == "present"
        else ("tenaient" if content.plural else "tenait")
    )
    english = aux.replace("/23", "/2") if stem == "ten" else ("don't/2" if content.plural else "doesn't/2")
    said = pair(
        f"{{s}} ne/2 {form}/1 pas/2 dans/3 {{o}}", f"{{s}} {english} fit/1 in/3 {{o}}", s=content, o=box
    )
    of_content = g.chance(0.5)
    about, name = (content, "grand") if of_content else (box, g.choice(("petit", "petit", "plein")))
    return because(g, said, about, name, was, degree=name != "plein")


@construction()
def afraid_of(g: Builder) -> Phrase:
    """La souris a peur du chat parce qu'il est grand; ... parce qu'elle est petite."""
    small = noun_phrase(g.noun("pet", "farm"), "def", g.chance(0.25))
    big = noun_phrase(g.noun("wild"), "def", g.chance(0.25))
    s = small if g.chance(0.7) else doer(g, "person")
    form = LEXICON.verbs["avoir"].forms["present"][s.slot]
    said = pair(
        f"{{s}} {form}/1 peur/2 de/3 {{o}}",
        f"{{s}} {'are' if s.plural else 'is'}/1 afraid/2 of/3 {{o}}",
        s=s,
        o=big,
    )
    if g.chance(0.35):
        return because(
            g,
            said,
            s,
            g.choice(("faible", "timide", "prudent") if s.human else ("faible", "petit")),
            "present",
            degree=False,
        )
    return because(g, said, big, g.choice(("grand", "fort", "dangereux", "rapide")), "present", degree=False)
