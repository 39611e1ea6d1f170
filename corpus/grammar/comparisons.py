"""Comparison, superlatives, there is, agreement over a distance, this and that."""

from builder import Builder, enlarge
from descriptions import ABSOLUTE, DEGREES, owned, quality
from lexicon import LEXICON, Adjective
from nominal import NP, NUMBERS, noun_phrase, speaker
from phrase import Phrase, link, pair, vowel
from registry import construction
from verbal import be, do

WHOLE = ("tiroir", "toit", "mur", "porte", "fenêtre", "jardin")  # parts of one whole
PLACES = (
    ("dans", "in", "bag"),
    ("sur", "on", "surface"),
    ("sous", "under", "surface"),
    ("derrière", "behind", "furniture building"),
    ("devant", "in front of", "building vehicle"),
    ("près de", "near", "building water furniture"),
)


COMPARED = (
    "animal",
    "vehicle",
    "building",
    "town",
    "way",
    "work",
    "clothes",
    "furniture",
    "adult",
    "bag",
    "room",
    "fruit",
)


@construction()
def comparison(g: Builder) -> Phrase:
    """Le train est plus rapide que le camion."""
    kind = g.choice(COMPARED)
    a = noun_phrase(g.noun(kind), g.choice(("def", "dem")), g.chance(0.2))
    b = noun_phrase(g.noun(kind), "def", g.chance(0.2))
    assert a.noun is not None
    assert b.noun is not None
    shared = [
        x
        for x in LEXICON.adjectives.values()
        if x.fits & a.noun.classes & b.noun.classes
        and x.name not in ("nouveau", "vide", "plein")
        and not (x.has("color") or x.has("state"))
    ]
    adjective = g.choice(shared)
    form = f"{adjective.form(a.fem, a.plural)}/2"
    less = g.chance(0.3) and adjective.comparative.startswith("more ")  # hardly "less small"
    equal = not less and g.chance(0.3)
    words = adjective.comparative.split()
    better = "/12" if len(words) == 1 else ""
    if less or equal:
        french, english = (
            ("moins/1", f"less/1 {adjective.english}/2 than/3")
            if less
            else ("aussi/1", f"as/1 {adjective.english}/2 as/3")
        )
    elif adjective.name in ("bon", "mauvais"):
        french, english = "", f"{adjective.comparative}/2 than/3"
        form = (
            {"bon": ("meilleur", "meilleure"), "mauvais": ("pire", "pire")}[adjective.name][a.fem]
            + ("s" if a.plural else "")
            + "/2"
        )
    else:
        french, english = "plus/1", (f"{words[0]}{better}" if better else f"more/1 {words[1]}/2") + " than/3"
    return pair(
        f"{{a}} {{v}} {french} {form} que/3 {{b}} .",
        f"{{a}} {{v}} {english} {{b}} .",
        adjective.name,
        a=a,
        v=be(a),
        b=b,
    )


@construction(0.8)
def superlative(g: Builder) -> Phrase:
    """C'est la plus grande maison du village."""
    if g.chance(0.3):
        return best_person(g)
    noun = g.noun(*SCOPES)
    scope_fr, scope_en = SCOPES[next(k for k in SCOPES if k in noun.classes)]
    adjective, plural = g.choice(gradable(noun.classes)), g.chance(0.25)
    article = "les" if plural else "la" if noun.fem else "le"
    name = noun.form(plural)
    old = not (noun.fem or plural) and adjective.before and vowel(name)  # le plus vieil éléphant
    form = adjective.before_vowel if old else adjective.form(noun.fem, plural)
    french = f"plus/3 {form}/4 {name}/5" if adjective.before else f"{name}/5 {article}/3 plus/3 {form}/4"
    this, that = ("ce/1 sont/2", "they/1 are/2") if plural else ("c'/1 est/2", "it/1 is/2")
    return pair(
        f"{this} {article}/6 {french} {scope_fr} .",
        f"{that} the/6 {most(adjective)} {link(noun.english(plural), 5)} {scope_en} .",
        adjective.name,
        noun.fr,
    )


SCOPES = {
    "building": ("de/7 la/8 ville/9", "in/7 the/8 city/9"),
    "town": ("de/7 le/8 pays/9", "in/7 the/8 country/9"),
    "animal": ("de/7 le/8 livre/9", "in/7 the/8 book/9"),
    "way": ("de/7 la/8 ville/9", "in/7 the/8 city/9"),
    "room": ("de/7 la/8 maison/9", "in/7 the/8 house/9"),
    "furniture": ("de/7 le/8 magasin/9", "in/7 the/8 store/9"),
    "clothes": ("de/7 le/8 magasin/9", "in/7 the/8 store/9"),
    "vehicle": ("de/7 le/8 village/9", "in/7 the/8 village/9"),
}


def gradable(classes: frozenset[str]) -> list[Adjective]:
    return [
        a
        for a in LEXICON.adjectives.values()
        if a.fits & classes
        and a.name not in ("vide", "nouveau", "bon", "mauvais")
        and not (a.has("color") or a.has("state") or a.has("predicate"))
    ]


def most(adjective: Adjective) -> str:
    """biggest, most beautiful: mark 3 for the degree, 4 for the adjective."""
    words = adjective.superlative.split()
    return f"{words[0]}/34" if len(words) == 1 else f"most/3 {words[1]}/4"


def best_person(g: Builder) -> Phrase:
    """Marie est la plus timide de la classe."""
    s, adjective = g.name(), g.choice(gradable(frozenset({"person"})))
    french, english = g.choice((("classe", "class"), ("famille", "family")))
    article, form = "la" if s.fem else "le", adjective.form(s.fem, False)
    return pair(
        f"{{s}} {{v}} {article}/6 plus/3 {form}/4 de/7 la/8 {french}/9 .",
        f"{{s}} {{v}} the/6 {most(adjective)} in/7 the/8 {english}/9 .",
        adjective.name,
        s=s,
        v=be(s, g.choice(("present", "imperfect"))),
    )


@construction()
def there_is(g: Builder) -> Phrase:
    """Il y a trois clés sur la table."""
    preposition, english, kinds = g.choice(PLACES)
    things = {
        "dans": ("little", "fruit", "clothes"),
        "sur": ("dish", "little", "fruit"),
        "sous": ("bag", "clothes"),
    }.get(preposition, ("pet", "person"))
    plural = g.chance(0.5)
    neg = g.chance(0.25)
    noun = g.noun(*things)
    kind = "none" if neg else g.choice(NUMBERS[:7])[0] if plural and g.chance(0.5) else "indef"
    o = g.modified(noun, kind, plural, 0.3)
    place = noun_phrase(g.noun(*kinds.split()), g.choice(("def", "def", "dem")))
    fr_prep, en_prep = (" ".join(f"{w}/4" for w in p.split()) for p in (preposition, english))
    is_are = "are" if o.plural else "is"
    words, verb = (
        (
            f"il/1 ne/3 y/1 a/2 pas/3 {{o}} {fr_prep} {{p}} .",
            f"there/1 {is_are}n't/23 {{o}} {en_prep} {{p}} .",
        )
        if neg
        else (f"il/1 y/1 a/2 {{o}} {fr_prep} {{p}} .", f"there/1 {is_are}/2 {{o}} {en_prep} {{p}} .")
    )
    return pair(words, verb, o=o, p=place)


def related(g: Builder, plural_head: bool, plural_other: bool) -> NP:
    """A noun with another one inside: la clé des grandes portes, les fleurs devant la maison."""
    relation = g.choice(("of", "at"))
    row = g.choice(LEXICON.phrases["relations"][relation])
    head_name, *prepositions, others = row
    classes = [word[1:] for word in others.split() if word.startswith("@")]
    head = noun_phrase(g.noun(keys=[head_name]), "def", plural_head)
    inner = g.noun(*classes, keys=others.split())
    if not plural_head and (
        head_name in WHOLE or (relation == "at" and prepositions[0] in ("sur/1", "sous/1"))
    ):
        plural_other = False  # one cup is on one table, one roof on one house
    if inner.human:  # the baker's cats: English wants the genitive, and has it easy in the singular only
        return owned(g.modified(inner, "def", False, 0.6), head)
    other = g.modified(inner, "def", plural_other, 0.6)
    french, english = ("de/1", f"{prepositions[0]}/1") if relation == "of" else prepositions
    return enlarge(head, f"{{h}} {french} {{o}}", f"{{h}} {english} {{o}}", o=other)


@construction(2)
def distance_noun(g: Builder) -> Phrase:
    """La clé des grandes portes est petite: agreement over a noun of another number or gender."""
    plural = g.chance(0.4)
    s = related(g, plural, g.chance(0.75 if not plural else 0.3))
    tense = g.choice(("present", "present", "imperfect", "future"))
    a = quality(g, s, state=False)
    graded = g.chance(0.3) and a.lemmas.isdisjoint(ABSOLUTE)
    degree = pair(*(f"{w}/1" for w in g.choice(DEGREES))) if graded else Phrase()
    neg = "pas" if not degree.fr and g.chance(0.2) else ""
    return pair("{s} {v} {d} {a} .", "{s} {v} {d} {a} .", s=s, v=be(s, tense, neg), d=degree, a=a)


@construction()
def demonstrative(g: Builder) -> Phrase:
    """Cet hôtel est nouveau; ces chaussures sont à moi."""
    noun = g.noun("thing", "pet", "vehicle")
    plural = g.chance(0.4)
    o = g.modified(noun, "dem", plural, 0.5)
    owner_fr, owner_en = g.choice((("moi", "me"), ("toi", "you"), ("nous", "us"), ("vous", "you")))
    roll = g.rng.random()
    if roll < 0.4:
        verb = "appartiennent" if plural else "appartient"
        who = g.name()
        return pair(
            f"{{o}} {verb}/1 à/2 {{w}} .",
            f"{{o}} {'belong' if plural else 'belongs'}/1 to/2 {{w}} .",
            o=o,
            w=who,
        )
    if roll < 0.6:
        is_are = ("sont", "are") if plural else ("est", "is")
        theirs = {"me": "mine", "us": "ours"}.get(owner_en, "yours")
        return pair(f"{{o}} {is_are[0]}/1 à/2 {owner_fr}/2 .", f"{{o}} {is_are[1]}/1 {theirs}/2 .", o=o)
    s = speaker(g.choice(("je", "tu", "nous", "vous", "on")))
    form = LEXICON.verbs["vouloir"].forms["present"][s.slot]
    neg = g.chance(0.4)
    words, verb = (f"ne/3 {form}/1 pas/3", f"{do(s.en_slot)}n't/3 want/1") if neg else (f"{form}/1", "want/1")
    return pair(f"{{s}} {words} {{o}} .", f"{{s}} {verb} {{o}} .", "vouloir", s=s, o=o)
