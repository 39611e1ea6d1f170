"""Main clauses with modals, reflexives, commands, states; giving, traveling."""

from builder import Builder
from lexicon import LEXICON
from nominal import NP, clitic, noun_phrase, speaker
from phrase import Phrase, link, pair
from registry import construction
from verbal import AVOIR, BE, be, contracted, do, group, infinitive

MODALS = {"pouvoir": ("can/1", "can"), "devoir": ("must/1", "must"), "vouloir": ("want/1 to/1", "")}


FEELINGS = (
    ("faim", "hungry"),
    ("soif", "thirsty"),
    ("froid", "cold"),
    ("peur", "afraid"),
    ("raison", "right"),
)


ADVERBS = (
    ("", ""),
    ("pas", ""),
    ("jamais", "never"),
    ("souvent", "often"),
    ("parfois", "sometimes"),
    ("très", "very"),
    ("plus", "no longer"),
)


@construction()
def modal(g: Builder) -> Phrase:
    s = g.subject(on=True)
    name = g.choice(tuple(MODALS))
    m, (_, bare) = LEXICON.verbs[name], MODALS[name]
    v = (
        g.transitive(stative=False, mishap=False)
        if g.chance(0.7)
        else g.verb("coucher lever reposer promener partir sortir rester nager aller monter rentrer")
    )
    neg = g.chance(0.3) and name != "devoir"
    form = m.forms["present"][s.slot]
    if bare:
        english = contracted(bare).replace("/23", "/13") if neg else f"{bare}/1"
    elif neg:
        english = f"{do(s.en_slot)}n't/3 want/1 to/1"
    else:
        english = ("wants/1" if s.en_slot == 2 else "want/1") + " to/1"
    o = g.object(v, s, neg) if v.objects else g.where(v)
    words = f"ne/3 {form}/1 pas/3" if neg else f"{form}/1"
    return pair(
        f"{{s}} {words} {{v}} {{o}} .", f"{{s}} {english} {{v}} {{o}} .", name, s=s, v=infinitive(v, s), o=o
    )


@construction()
def reflexive(g: Builder) -> Phrase:
    s, v = g.subject(on=False), g.acting("reflexive")
    tense = g.choice(("present", "past", "future"))
    if v.fr in ("lever", "coucher", "réveiller", "endormir"):
        t = g.phrase("time", "clock")
    else:
        t = g.phrase("time", "daily" if tense == "present" else tense)
    neg = g.choice(("", "", "", "pas", "jamais" if tense == "present" and v.fr != "endormir" else "pas"))
    if neg and tense == "present" and v.fr not in ("lever", "coucher", "réveiller", "endormir"):
        t = Phrase()  # hardly "never ... every morning"
    return pair("{s} {v} {t} .", "{s} {v} {t} .", s=s, v=group(v, s, tense, neg), t=t)


@construction()
def imperative(g: Builder) -> Phrase:
    slot = g.choice((1, 3, 4))
    s = speaker(("tu", "nous", "vous")[(1, 3, 4).index(slot)])
    v = g.verb(
        "manger acheter lire écrire regarder écouter chanter dessiner ouvrir fermer "
        "chercher prendre porter laver nettoyer réparer préparer couper attendre appeler "
        "inviter aider suivre visiter traverser choisir finir utiliser boire casser "
        "oublier perdre vendre cacher"
    )
    forms = v.forms["present"][slot]
    # "Mange !": the s of the second person goes after -e.
    form = forms.removesuffix("s") if slot == 1 and forms.endswith("es") else forms
    neg = v.fr in ("casser", "oublier", "perdre") or g.chance(0.25)
    base = " ".join(f"{w}/1" for w in v.base.split())
    let = "let's/1 " if slot == 3 else ""
    english = (f"{let}not/2 " if slot == 3 else "don't/2 ") + base if neg else let + base
    words = f"ne/2 {form}/1 pas/2" if neg else f"{form}/1"
    return pair(f"{words} {{o}} !", f"{english} {{o}} !", v.fr, o=g.object(v, s, neg, adjective=0.15))


@construction(0.8)
def imperative_clitic(g: Builder) -> Phrase:
    """Prends le livre et donne-le à Marie !"""
    slot, word = g.choice(((1, "tu"), (4, "vous")))
    s = speaker(word)
    first, second = g.choice(
        (
            ("prendre", "donner"),
            ("chercher", "apporter"),
            ("prendre", "montrer"),
            ("acheter", "envoyer"),
            ("choisir", "donner"),
            ("trouver", "envoyer"),
            ("prendre", "apporter"),
        )
    )
    a, b = LEXICON.verbs[first], LEXICON.verbs[second]
    forms = [v.forms["present"][slot] for v in (a, b)]
    forms = [f.removesuffix("s") if slot == 1 and f.endswith("es") else f for f in forms]
    noun = g.noun(*(a.objects & b.objects & LEXICON.verbs["donner"].objects or {"give"}))
    o = g.modified(noun, g.choice(("def", "dem")), g.chance(0.3))
    base = " ".join(f"{w}/1" for w in a.base.split())
    return pair(
        f"{forms[0]}/1 {{o}} et/2 {forms[1]}/3 {{c}} à/4 {{p}} !",
        f"{base} {{o}} and/2 {b.base}/3 {{c}} to/4 {{p}} !",
        first,
        second,
        o=o,
        c=clitic(o, hyphen="-"),
        p=g.other_person(s),
    )


@construction(0.5)
def feelings(g: Builder) -> Phrase:
    """Paul a faim / Paul is hungry."""
    s, (noun, english) = g.subject(), g.choice(FEELINGS)
    form, be_form = AVOIR.forms["present"][s.slot], BE[s.en_slot]
    french_adverb, english_adverb = g.choice(ADVERBS if noun != "raison" else ADVERBS[:4])
    if french_adverb in ("pas", "plus", "jamais"):
        words = f"ne/3 {form}/1 {french_adverb}/3"
        verb = (
            contracted(be_form).replace("2", "1")
            if french_adverb == "pas"
            else f"{be_form}/1 {link(english_adverb, 3)}"
        )
    else:
        words, verb = f"{form}/1 " + link(french_adverb, 3), f"{be_form}/1 " + link(english_adverb, 3)
    place = g.phrase("where", "outdoors") if noun in ("froid", "peur") and g.chance(0.5) else Phrase()
    return pair(f"{{s}} {words} {noun}/2 {{p}} .", f"{{s}} {verb} {english}/2 {{p}} .", s=s, p=place)


@construction(0.5)
def age(g: Builder) -> Phrase:
    young = (
        ("deux", "two"),
        ("trois", "three"),
        ("cinq", "five"),
        ("sept", "seven"),
        ("dix", "ten"),
        ("douze", "twelve"),
    )
    grown = (("trente", "thirty"), ("quarante", "forty"), ("cinquante", "fifty"), ("soixante", "sixty"))
    s, years = g.choice(
        (
            (g.name(), young + grown),
            (noun_phrase(g.noun(keys=("garçon", "fille", "enfant")), "dem"), young),
            (noun_phrase(g.noun("adult"), "dem"), grown),
            (g.kin_adult(), grown),
            (noun_phrase(g.noun("pet"), "dem"), young[:3]),
        )
    )
    french_years, english_years = g.choice(years)
    return pair(
        f"{{s}} {AVOIR.forms['present'][s.slot]}/1 {french_years}/2 ans/3 .",
        f"{{s}} {BE[s.en_slot]}/1 {english_years}/2 years/3 old/3 .",
        s=s,
    )


@construction()
def gift(g: Builder) -> Phrase:
    """donner quelque chose à quelqu'un / give something to somebody."""
    s, v = g.subject(), g.choice([v for v in LEXICON.verbs.values() if v.row.get("gift")])
    tense = g.choice(("present", "past", "future", "near"))
    return pair(
        "{s} {v} {o} à/1 {p} .",
        "{s} {v} {o} to/1 {p} .",
        s=s,
        v=group(v, s, tense),
        o=g.object(v, s),
        p=g.other_person(s),
    )


@construction(0.7)
def travel(g: Builder) -> Phrase:
    """Jane visite l'Afrique en septembre."""
    s: NP = g.name() if g.chance(0.7) else g.kin()
    v = LEXICON.verbs["visiter"]
    french_month, english_month = g.choice(LEXICON.phrases["travel"]["months"])
    tense = g.choice(("present", "present", "past", "future"))
    return pair(
        f"{{s}} {{v}} {{l}} en/1 {french_month}/2 .",
        f"{{s}} {{v}} {{l}} in/1 {english_month}/2 .",
        s=s,
        v=group(v, s, tense),
        l=g.phrase("travel", "lands"),
    )


@construction(0.7)
def since(g: Builder) -> Phrase:
    """Paul travaille ici depuis deux ans / Paul has been working here for two years."""
    s = g.subject()
    v = g.verb("travailler dormir habiter voyager danser marcher jouer parler")
    have = "has" if s.en_slot == 2 else "have"
    span = g.phrase("time", "years" if v.fr in ("travailler", "habiter", "voyager") else "hours")
    ing = v.ing
    return pair(
        f"{{s}} {v.forms['present'][s.slot]}/1 {{p}} depuis/2 {{t}} .",
        f"{{s}} {have}/1 been/1 {ing}/1 {{p}} for/2 {{t}} .",
        v.fr,
        s=s,
        p=g.where(v),
        t=span,
    )


@construction(0.8)
def mood(g: Builder) -> Phrase:
    """être with a state, in several tenses."""
    s = g.subject()
    adjective = LEXICON.adjectives[g.choice(("fatigué", "malade", "content", "triste", "inquiet", "occupé"))]
    tense, time = g.choice((("present", "now"), ("imperfect", "past"), ("future", "future")))
    adverb = (
        pair("très/1", "very/1")
        if g.chance(0.35)
        else pair("un peu/1", "a/1 little/1")
        if g.chance(0.2)
        else Phrase()
    )
    neg = "pas" if not adverb.fr and g.chance(0.5) else ""
    a = pair(f"{adjective.form(s.fem, s.plural)}/1", f"{adjective.english}/1", adjective.name)
    return pair(
        "{s} {v} {d} {a} {t} .",
        "{s} {v} {d} {a} {t} .",
        s=s,
        v=be(s, tense, neg),
        d=adverb,
        a=a,
        t=g.phrase("time", time),
    )
