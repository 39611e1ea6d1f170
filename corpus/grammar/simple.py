"""Main clauses: tenses, negation, modals, reflexives, imperatives."""

from builder import DURING, Builder
from lexicon import LEXICON
from nominal import NP, clitic, noun_phrase, speaker
from phrase import Phrase, link, pair
from registry import construction
from verbal import AVOIR, BE, be, contracted, do, french, group, infinitive

MODALS = {"pouvoir": ("can/1", "can"), "devoir": ("must/1", "must"), "vouloir": ("want/1 to/1", "")}
FEELINGS = (("faim", "hungry"), ("soif", "thirsty"), ("froid", "cold"), ("peur", "afraid"), ("raison", "right"))
ADVERBS = (("", ""), ("pas", ""), ("jamais", "never"), ("souvent", "often"), ("parfois", "sometimes"), ("très", "very"), ("plus", "no longer"))


@construction()
def present(g: Builder) -> Phrase:
    s, v = g.subject(), g.transitive()
    return pair("{s} {v} {o} .", "{s} {v} {o} .", s=s, v=group(v, s, "present"), o=g.object(v, s))


@construction()
def present_continuous(g: Builder) -> Phrase:
    s = g.subject()
    v = g.verb(*DURING) if g.chance(0.6) else g.activity()
    o = g.object(v, s, adjective=0.15) if v.objects else g.where(v)
    return pair("{s} {v} {o} {t} .", "{s} {v} {o} {t} .", s=s, v=group(v, s, "now", "pas" if g.chance(0.15) and not v.objects else ""),
                o=o, t=g.phrase("time", "now"))  # fmt: skip


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
        o = g.modified(noun, g.choice(("def", "indef", "dem")) if "visit" not in objects else "def", g.chance(0.2), 0.15)
    return pair("{s} {v} {o} {t} .", "{s} {v} {o} {t} .", s=s, v=group(v, s, "present"), o=o, t=g.phrase("time", times))


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
    return pair("{s} {v} {p} {t} .", "{s} {v} {p} {t} .", s=s, v=group(v, s, "past", neg), p=g.where(v), t=g.time(v, "past"))


@construction()
def used_to(g: Builder) -> Phrase:
    s = g.subject()
    v = g.activity() if g.chance(0.5) else g.verb("lire", "écouter", "chanter", "dessiner", "visiter", "prendre", "boire", "inviter")
    o = g.object(v, s, definite=v.fr not in ("dessiner", "lire"), adjective=0.1) if v.objects else g.where(v)
    rare = v.fr in ("visiter", "voyager", "inviter")
    t = pair("autrefois/1", "in/1 the/1 past/1") if g.chance(0.4) else g.phrase("time", "yearly" if rare else "daily")
    return pair("{t} , {s} {v} {o} .", "{t} , {s} {v} {o} .", s=s, v=group(v, s, "used"), o=o, t=t)


@construction()
def future(g: Builder) -> Phrase:
    s, v = g.subject(), g.transitive(stative=False)
    neg = "pas" if g.chance(0.25) else ""
    slots = {"s": s, "v": group(v, s, "future", neg), "o": g.object(v, s, bool(neg)), "t": g.time(v, "future")}
    if g.chance(0.3):
        return pair("{t} , {s} {v} {o} .", "{t} , {s} {v} {o} .", **slots)
    return pair("{s} {v} {o} {t} .", "{s} {v} {o} {t} .", **slots)


@construction()
def near_future(g: Builder) -> Phrase:
    s = g.subject()
    neg = "pas" if g.chance(0.25) else ""
    v = g.transitive(stative=False) if g.chance(0.6) else g.acting("moves", "goes", "reflexive", "outdoors", "water")
    o = g.object(v, s, bool(neg)) if v.objects else g.where(v)
    return pair("{s} {v} {o} .", "{s} {v} {o} .", s=s, v=group(v, s, "near", neg), o=o)


@construction()
def not_present(g: Builder) -> Phrase:
    s, v = g.subject(), g.transitive()
    return pair("{s} {v} {o} .", "{s} {v} {o} .", s=s, v=group(v, s, "present", "pas"), o=g.object(v, s, True))


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
    v = g.verb("manger", "lire", "écouter", "chanter", "voir", "aimer", "porter", "boire", "utiliser", "dessiner", "aider", "inviter", "vendre")
    return pair("{s} {v} {o} .", "{s} {v} {o} .", s=s, v=group(v, s, "present", "plus"), o=g.object(v, s, True, True))


@construction()
def never(g: Builder) -> Phrase:
    s, v = g.subject(), g.transitive(stative=False)
    tense = g.choice(("present", "present", "past", "future"))
    return pair("{s} {v} {o} .", "{s} {v} {o} .", s=s, v=group(v, s, tense, "jamais"), o=g.object(v, s, True))


@construction(0.8)
def nothing(g: Builder) -> Phrase:
    """ne ... rien / not ... anything."""
    s = g.subject()
    v = g.verb("manger", "acheter", "vendre", "lire", "écrire", "voir", "boire", "trouver", "comprendre", "perdre", "oublier",
               "choisir", "casser", "préparer", "apprendre", "prendre", "apporter", "donner", "montrer")  # fmt: skip
    tense = g.choice(("present", "past", "future"))
    words = french(v, s, tense, "pas").replace("pas/3", "rien/4")
    english = {"present": f"{do(s.en_slot)}n't/3", "past": "didn't/23", "future": "won't/23"}[tense]
    time = g.time(v, tense) if g.chance(0.6) and tense != "present" else Phrase()
    return pair(f"{{s}} {words} {{t}} .", f"{{s}} {english} {v.base}/1 anything/4 {{t}} .", v.fr, s=s, t=time)


@construction(0.8)
def nobody(g: Builder) -> Phrase:
    """ne ... personne, and Personne ne ..."""
    if g.chance(0.5):
        s, v = speaker("il"), g.transitive()
        tense = g.choice(("present", "past")) if v.stative else "past"
        words = french(v, s, tense, "pas").replace(" pas/3", "").replace("/2", "/1")
        verb = {"present": v.third, "past": v.past}[tense]
        return pair(f"personne/3 {words} {{o}} .", f"nobody/3 {link(verb, 1)} {{o}} .", v.fr, o=g.without_owner(v))
    s = g.subject()
    v = g.verb("voir", "connaître", "aider", "inviter", "attendre", "appeler", "suivre", "écouter", "rencontrer", "regarder", "chercher")
    past_tense = g.chance(0.4)
    words = french(v, s, "past" if past_tense else "present", "pas").replace(" pas/3", "")
    auxiliary = "didn't/23" if past_tense else f"{do(s.en_slot)}n't/3"
    seen = v.fr in ("voir", "attendre", "rencontrer", "regarder", "suivre", "chercher", "aider")
    place = g.phrase("where", "outdoors") if seen and g.chance(0.7) else Phrase()
    return pair(f"{{s}} {words} personne/4 {{p}} .", f"{{s}} {auxiliary} {link(v.base, 1)} anyone/4 {{p}} .", v.fr, s=s, p=place)


@construction()
def modal(g: Builder) -> Phrase:
    s = g.subject(on=True)
    name = g.choice(tuple(MODALS))
    m, (_, bare) = LEXICON.verbs[name], MODALS[name]
    v = g.transitive(stative=False, mishap=False) if g.chance(0.7) else g.verb("coucher", "lever", "reposer", "promener", "partir", "sortir", "rester", "nager", "aller", "monter", "rentrer")
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
    return pair(f"{{s}} {words} {{v}} {{o}} .", f"{{s}} {english} {{v}} {{o}} .", name, s=s, v=infinitive(v, s), o=o)


@construction()
def reflexive(g: Builder) -> Phrase:
    s, v = g.subject(on=False), g.acting("reflexive")
    tense = g.choice(("present", "past", "future"))
    if v.fr in ("lever", "coucher", "réveiller", "endormir"):
        t = g.phrase("time", "clock")
    else:
        t = g.phrase("time", "daily" if tense == "present" else tense)
    neg = g.choice(("", "", "", "pas", "jamais" if tense == "present" and v.fr != "endormir" else "pas"))
    return pair("{s} {v} {t} .", "{s} {v} {t} .", s=s, v=group(v, s, tense, neg), t=t)


@construction()
def imperative(g: Builder) -> Phrase:
    slot = g.choice((1, 3, 4))
    s = speaker(("tu", "nous", "vous")[(1, 3, 4).index(slot)])
    v = g.verb("manger", "acheter", "lire", "écrire", "regarder", "écouter", "chanter", "dessiner", "ouvrir", "fermer", "chercher", "prendre",
               "porter", "laver", "nettoyer", "réparer", "préparer", "couper", "attendre", "appeler", "inviter", "aider", "suivre", "visiter",
               "traverser", "choisir", "finir", "utiliser", "boire", "casser", "oublier", "perdre", "vendre", "cacher")  # fmt: skip
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
    first, second = g.choice((("prendre", "donner"), ("chercher", "apporter"), ("prendre", "montrer"), ("acheter", "envoyer"), ("choisir", "donner"),
                              ("trouver", "envoyer"), ("prendre", "apporter")))  # fmt: skip
    a, b = LEXICON.verbs[first], LEXICON.verbs[second]
    forms = [v.forms["present"][slot] for v in (a, b)]
    forms = [f.removesuffix("s") if slot == 1 and f.endswith("es") else f for f in forms]
    noun = g.noun(*(a.objects & b.objects & LEXICON.verbs["donner"].objects or {"give"}))
    o = g.modified(noun, g.choice(("def", "dem")), g.chance(0.3))
    base = " ".join(f"{w}/1" for w in a.base.split())
    return pair(f"{forms[0]}/1 {{o}} et/2 {forms[1]}/3 {{c}} à/4 {{p}} !", f"{base} {{o}} and/2 {b.base}/3 {{c}} to/4 {{p}} !",
                first, second, o=o, c=clitic(o, hyphen="-"), p=g.other_person(s))  # fmt: skip


@construction(0.5)
def feelings(g: Builder) -> Phrase:
    """Paul a faim / Paul is hungry."""
    s, (noun, english) = g.subject(), g.choice(FEELINGS)
    form, be_form = AVOIR.forms["present"][s.slot], BE[s.en_slot]
    french_adverb, english_adverb = g.choice(ADVERBS if noun != "raison" else ADVERBS[:4])
    if french_adverb in ("pas", "plus", "jamais"):
        words = f"ne/3 {form}/1 {french_adverb}/3"
        verb = contracted(be_form).replace("2", "1") if french_adverb == "pas" else f"{be_form}/1 {link(english_adverb, 3)}"
    else:
        words, verb = f"{form}/1 " + link(french_adverb, 3), f"{be_form}/1 " + link(english_adverb, 3)
    place = g.phrase("where", "outdoors") if noun in ("froid", "peur") and g.chance(0.5) else Phrase()
    return pair(f"{{s}} {words} {noun}/2 {{p}} .", f"{{s}} {verb} {english}/2 {{p}} .", s=s, p=place)


@construction(0.5)
def age(g: Builder) -> Phrase:
    young = (("deux", "two"), ("trois", "three"), ("cinq", "five"), ("sept", "seven"), ("dix", "ten"), ("douze", "twelve"))
    grown = (("trente", "thirty"), ("quarante", "forty"), ("cinquante", "fifty"), ("soixante", "sixty"))
    s, years = g.choice(((g.name(), young + grown), (noun_phrase(g.noun(keys=("garçon", "fille", "enfant")), "dem"), young),
                         (noun_phrase(g.noun("adult"), "dem"), grown), (g.kin_adult(), grown),
                         (noun_phrase(g.noun("pet"), "dem"), young[:3])))  # fmt: skip
    french_years, english_years = g.choice(years)
    return pair(f"{{s}} {AVOIR.forms['present'][s.slot]}/1 {french_years}/2 ans/3 .", f"{{s}} {BE[s.en_slot]}/1 {english_years}/2 years/3 old/3 .", s=s)


@construction()
def gift(g: Builder) -> Phrase:
    """donner quelque chose à quelqu'un / give something to somebody."""
    s, v = g.subject(), g.choice([v for v in LEXICON.verbs.values() if v.row.get("gift")])
    tense = g.choice(("present", "past", "future", "near"))
    return pair("{s} {v} {o} à/1 {p} .", "{s} {v} {o} to/1 {p} .", s=s, v=group(v, s, tense), o=g.object(v, s), p=g.other_person(s))


@construction(0.7)
def travel(g: Builder) -> Phrase:
    """Jane visite l'Afrique en septembre."""
    s: NP = g.name() if g.chance(0.7) else g.kin()
    v = LEXICON.verbs["visiter"]
    french_month, english_month = g.choice(LEXICON.phrases["travel"]["months"])
    tense = g.choice(("present", "present", "past", "future"))
    return pair(f"{{s}} {{v}} {{l}} en/1 {french_month}/2 .", f"{{s}} {{v}} {{l}} in/1 {english_month}/2 .",
                s=s, v=group(v, s, tense), l=g.phrase("travel", "lands"))  # fmt: skip


@construction(0.7)
def since(g: Builder) -> Phrase:
    """Paul travaille ici depuis deux ans / Paul has been working here for two years."""
    s = g.subject()
    v = g.verb("travailler", "dormir", "habiter", "voyager", "danser", "marcher", "jouer", "parler")
    have = "has" if s.en_slot == 2 else "have"
    span = g.phrase("time", "years" if v.fr in ("travailler", "habiter", "voyager") else "hours")
    ing = v.ing
    return pair(f"{{s}} {v.forms['present'][s.slot]}/1 {{p}} depuis/2 {{t}} .", f"{{s}} {have}/1 been/1 {ing}/1 {{p}} for/2 {{t}} .",
                v.fr, s=s, p=g.where(v), t=span)  # fmt: skip


@construction(0.8)
def mood(g: Builder) -> Phrase:
    """être with a state, in several tenses."""
    s = g.subject()
    adjective = LEXICON.adjectives[g.choice(("fatigué", "malade", "content", "triste", "inquiet", "occupé"))]
    tense, time = g.choice((("present", "now"), ("imperfect", "past"), ("future", "future")))
    adverb = pair("très/1", "very/1") if g.chance(0.35) else pair("un peu/1", "a/1 little/1") if g.chance(0.2) else Phrase()
    neg = "pas" if not adverb.fr and g.chance(0.5) else ""
    a = pair(f"{adjective.form(s.fem, s.plural)}/1", f"{adjective.english}/1", adjective.name)
    return pair("{s} {v} {d} {a} {t} .", "{s} {v} {d} {a} {t} .", s=s, v=be(s, tense, neg), d=adverb, a=a, t=g.phrase("time", time))
