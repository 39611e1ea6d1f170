"""Descriptions: adjectives, possession, numbers, comparison, places, agreement over a distance."""

from builder import Builder, DeadEnd, enlarge
from lexicon import LEXICON, Adjective
from nominal import NP, NUMBERS, noun_phrase, np_from, speaker
from phrase import Phrase, link, pair
from registry import construction
from verbal import AVOIR, be, do, group

DEGREES = (("très", "very"), ("trop", "too"), ("assez", "rather"), ("vraiment", "really"))
ABSOLUTE = frozenset({"rouge", "bleu", "vert", "noir", "blanc", "gris", "jaune", "cassé", "vide", "plein", "nouveau", "mûr"})  # hardly "very"
PLACES = (("dans", "in", "bag"), ("sur", "on", "surface"), ("sous", "under", "surface"), ("derrière", "behind", "furniture building"),
          ("devant", "in front of", "building vehicle"), ("près de", "near", "building water furniture"))  # fmt: skip


def quality(g: Builder, np: NP, state: bool = True) -> Phrase:
    """A predicate adjective that fits the noun and agrees with it."""
    assert np.noun is not None
    adjective = g.adjective(np.noun, state=state)
    if adjective is None:
        raise DeadEnd
    return pair(f"{adjective.form(np.fem, np.plural)}/1", f"{adjective.english}/1", adjective.name)


def describable(g: Builder, *classes: str) -> NP:
    noun = g.noun(*(classes or ("person", "animal", "thing", "building", "town", "room", "way", "water", "fruit", "cooked", "work", "part")))
    return noun_phrase(noun, g.choice(("def", "def", "dem")), g.chance(0.35))


@construction()
def predicate(g: Builder) -> Phrase:
    """Les rues sont très étroites."""
    s = describable(g)
    tense, neg = g.choice(("present", "present", "imperfect")), "pas" if g.chance(0.25) else ""
    french, english = g.choice(DEGREES)
    a = quality(g, s)
    degree = pair(f"{french}/1", f"{english}/1") if g.chance(0.6) and not neg and a.lemmas.isdisjoint(ABSOLUTE) else Phrase()
    return pair("{s} {v} {d} {a} .", "{s} {v} {d} {a} .", s=s, v=be(s, tense, neg), d=degree, a=a)


@construction()
def two_qualities(g: Builder) -> Phrase:
    """Le lac est froid et profond."""
    s = describable(g)
    assert s.noun is not None
    fitting = [x for x in LEXICON.adjectives.values() if x.fits & s.noun.classes]
    a, b = g.choice([(x, y) for x in fitting for y in fitting if x is not y and not opposite(x.name, y.name)])
    return pair(f"{{s}} {{v}} {a.form(s.fem, s.plural)}/2 et/1 {b.form(s.fem, s.plural)}/3 .",
                f"{{s}} {{v}} {a.english}/2 and/1 {b.english}/3 .", a.name, b.name, s=s, v=be(s, g.choice(("present", "imperfect"))))  # fmt: skip


def opposite(a: str, b: str) -> bool:
    """Contradictions and near synonyms, and mood beside mood."""
    clashes = LEXICON.phrases["clashes"]
    return any(a in group.split() and b in group.split() for group in clashes)


@construction()
def two_adjectives(g: Builder) -> Phrase:
    """un petit chat noir: one before, one after the noun."""
    s, v = g.subject(), g.verb("voir", "acheter", "vendre", "regarder", "chercher", "dessiner", "trouver", "laver", "porter", "visiter", "traverser")
    noun = g.noun(*(v.objects - {"person"}))
    before, after = g.adjective(noun, before=True), g.adjective(noun, before=False)
    if before is None or after is None or opposite(before.name, after.name):
        raise DeadEnd
    plural = g.chance(0.3)
    kind = g.choice(("indef", "indef", "def", "dem")) if not plural or g.chance(0.7) else g.choice(NUMBERS[:5])[0]
    o = noun_phrase(noun, kind, plural, (before, after))
    return pair("{s} {v} {o} .", "{s} {v} {o} .", s=s, v=group(v, s, g.choice(("present", "past", "future"))), o=o)


@construction()
def possession(g: Builder) -> Phrase:
    """Marie a perdu ses clés: son/sa/ses is his or her by the subject."""
    s = g.subject(on=False)
    v = g.verb("chercher", "perdre", "trouver", "laver", "porter", "vendre", "oublier", "utiliser", "réparer", "nettoyer", "ouvrir", "fermer")
    noun = g.noun(*(v.objects & {"carry", "clothes", "wash", "fix", "bag", "little", "music", "pet", "openable"}))
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
    thing = noun_phrase(g.noun("pet", "vehicle", "clothes", "music", "bag", "owned", "little"), plural=g.chance(0.25))
    np = owned(who, thing)
    if g.chance(0.5):
        return pair("{s} {v} {a} .", "{s} {v} {a} .", s=np, v=be(np, g.choice(("present", "imperfect"))), a=quality(g, thing))
    s = g.subject()
    v = g.transitive(objects=thing.noun.classes if thing.noun else ())
    return pair("{s} {v} {o} .", "{s} {v} {o} .", s=s, v=group(v, s, g.choice(("present", "past")) if not v.stative else "present"), o=np)


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
        s = g.modified(g.noun("animal", "person"), g.choice(NUMBERS)[0], True)
        return pair("{s} {v} {p} .", "{s} {v} {p} .", s=s, v=group(v, s, g.choice(("now", "past", "future"))), p=g.where(v))
    s = g.subject()
    v = g.verb("acheter", "vendre", "trouver", "perdre", "lire", "écrire", "dessiner", "laver", "voir", "choisir", "casser", "manger")
    noun = g.noun(*(v.objects - {"person", "mass", "dry", "outside", "building"}))
    return pair("{s} {v} {o} .", "{s} {v} {o} .", s=s, v=group(v, s, g.choice(("past", "future"))),
                o=g.modified(noun, g.choice(NUMBERS[:7])[0], True, 0.35))  # fmt: skip


COMPARED = ("animal", "vehicle", "building", "town", "way", "work", "clothes", "furniture", "adult", "bag", "room", "fruit")


@construction()
def comparison(g: Builder) -> Phrase:
    """Le train est plus rapide que le camion."""
    kind = g.choice(COMPARED)
    a = noun_phrase(g.noun(kind), g.choice(("def", "dem")), g.chance(0.2))
    b = noun_phrase(g.noun(kind), "def", g.chance(0.2))
    assert a.noun is not None and b.noun is not None
    shared = [x for x in LEXICON.adjectives.values() if x.fits & a.noun.classes & b.noun.classes
              and x.name not in ("nouveau", "vide", "plein") and not (x.has("color") or x.has("state"))]  # fmt: skip
    adjective = g.choice(shared)
    form = f"{adjective.form(a.fem, a.plural)}/2"
    less = g.chance(0.2)
    equal = not less and g.chance(0.3)
    words = adjective.comparative.split()
    better = "/12" if len(words) == 1 else ""
    if less or equal:
        french, english = ("moins/1", f"less/1 {adjective.english}/2 than/3") if less else ("aussi/1", f"as/1 {adjective.english}/2 as/3")
    elif adjective.name in ("bon", "mauvais"):
        french, english = "", f"{adjective.comparative}/2 than/3"
        form = {"bon": ("meilleur", "meilleure"), "mauvais": ("pire", "pire")}[adjective.name][a.fem] + ("s" if a.plural else "") + "/2"
    else:
        french, english = "plus/1", (f"{words[0]}{better}" if better else f"more/1 {words[1]}/2") + " than/3"
    return pair(f"{{a}} {{v}} {french} {form} que/3 {{b}} .", f"{{a}} {{v}} {english} {{b}} .", adjective.name, a=a, v=be(a), b=b)


@construction(0.8)
def superlative(g: Builder) -> Phrase:
    """C'est la plus grande maison du village."""
    if g.chance(0.3):
        return best_person(g)
    noun = g.noun(*SCOPES)
    scope_fr, scope_en = SCOPES[next(k for k in SCOPES if k in noun.classes)]
    adjective, plural = g.choice(gradable(noun.classes)), g.chance(0.25)
    article = "les" if plural else "la" if noun.fem else "le"
    form, name = adjective.form(noun.fem, plural), noun.form(plural)
    french = f"plus/3 {form}/4 {name}/5" if adjective.before else f"{name}/5 {article}/3 plus/3 {form}/4"
    this, that = ("ce/1 sont/2", "they/1 are/2") if plural else ("c'/1 est/2", "it/1 is/2")
    return pair(f"{this} {article}/6 {french} {scope_fr} .", f"{that} the/6 {most(adjective)} {link(noun.english(plural), 5)} {scope_en} .",
                adjective.name, noun.fr)  # fmt: skip


SCOPES = {
    "building": ("de/7 la/8 ville/9", "in/7 the/8 city/9"), "town": ("de/7 le/8 pays/9", "in/7 the/8 country/9"),
    "animal": ("de/7 le/8 livre/9", "in/7 the/8 book/9"), "way": ("de/7 la/8 ville/9", "in/7 the/8 city/9"),
    "room": ("de/7 la/8 maison/9", "in/7 the/8 house/9"), "furniture": ("de/7 le/8 magasin/9", "in/7 the/8 store/9"),
    "clothes": ("de/7 le/8 magasin/9", "in/7 the/8 store/9"), "vehicle": ("de/7 le/8 village/9", "in/7 the/8 village/9"),
}  # fmt: skip


def gradable(classes: frozenset[str]) -> list[Adjective]:
    return [a for a in LEXICON.adjectives.values() if a.fits & classes and a.name not in ("vide", "nouveau", "bon", "mauvais")
            and not (a.has("color") or a.has("state") or a.has("predicate"))]  # fmt: skip


def most(adjective: Adjective) -> str:
    """biggest, most beautiful: mark 3 for the degree, 4 for the adjective."""
    words = adjective.superlative.split()
    return f"{words[0]}/34" if len(words) == 1 else f"most/3 {words[1]}/4"


def best_person(g: Builder) -> Phrase:
    """Marie est la plus timide de la classe."""
    s, adjective = g.name(), g.choice(gradable(frozenset({"person"})))
    french, english = g.choice((("classe", "class"), ("famille", "family")))
    article, form = "la" if s.fem else "le", adjective.form(s.fem, False)
    return pair(f"{{s}} {{v}} {article}/6 plus/3 {form}/4 de/7 la/8 {french}/9 .", f"{{s}} {{v}} the/6 {most(adjective)} in/7 the/8 {english}/9 .",
                adjective.name, s=s, v=be(s, g.choice(("present", "imperfect"))))  # fmt: skip


@construction()
def there_is(g: Builder) -> Phrase:
    """Il y a trois clés sur la table."""
    preposition, english, kinds = g.choice(PLACES)
    things = {"dans": ("little", "fruit", "clothes"), "sur": ("dish", "little", "fruit"), "sous": ("pet", "bag")}.get(preposition, ("pet", "person", "vehicle"))
    plural = g.chance(0.5)
    neg = g.chance(0.25)
    noun = g.noun(*things)
    kind = "none" if neg else g.choice(NUMBERS[:7])[0] if plural and g.chance(0.5) else "indef"
    o = g.modified(noun, kind, plural, 0.3)
    place = noun_phrase(g.noun(*kinds.split()), g.choice(("def", "def", "dem")))
    fr_prep, en_prep = (" ".join(f"{w}/4" for w in p.split()) for p in (preposition, english))
    is_are = "are" if plural else "is"
    words, verb = (f"il/1 ne/3 y/1 a/2 pas/3 {{o}} {fr_prep} {{p}} .", f"there/1 {is_are}n't/23 {{o}} {en_prep} {{p}} .") if neg else (
        f"il/1 y/1 a/2 {{o}} {fr_prep} {{p}} .", f"there/1 {is_are}/2 {{o}} {en_prep} {{p}} .")  # fmt: skip
    return pair(words, verb, o=o, p=place)


def related(g: Builder, plural_head: bool, plural_other: bool) -> NP:
    """A noun with another one inside: la clé des grandes portes, les fleurs devant la maison."""
    relation = g.choice(("of", "at"))
    row = g.choice(LEXICON.phrases["relations"][relation])
    head_name, *prepositions, others = row
    members = [n for word in others.split() for n in ([x.fr for x in LEXICON.nouns.values() if word[1:] in x.classes] if word[0] == "@" else [word])]
    head = noun_phrase(g.noun(keys=[head_name]), "def", plural_head)
    inner = g.noun(keys=[m for m in members if m != head_name])
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
        return pair(f"{{o}} {verb}/1 à/2 {{w}} .", f"{{o}} {'belong' if plural else 'belongs'}/1 to/2 {{w}} .", o=o, w=who)
    if roll < 0.6:
        is_are = ("sont", "are") if plural else ("est", "is")
        theirs = {"me": "mine", "us": "ours"}.get(owner_en, "yours")
        return pair(f"{{o}} {is_are[0]}/1 à/2 {owner_fr}/2 .", f"{{o}} {is_are[1]}/1 {theirs}/2 .", o=o)
    s = speaker(g.choice(("je", "tu", "nous", "vous", "on")))
    form = LEXICON.verbs["vouloir"].forms["present"][s.slot]
    neg = g.chance(0.4)
    words, verb = (f"ne/3 {form}/1 pas/3", f"{do(s.en_slot)}n't/3 want/1") if neg else (f"{form}/1", "want/1")
    return pair(f"{{s}} {words} {{o}} .", f"{{s}} {verb} {{o}} .", "vouloir", s=s, o=o)
