"""Object pronouns whose antecedent stands in the clause before."""

from builder import Builder
from lexicon import LEXICON
from nominal import NP, clitic, named, noun_phrase, pronoun
from phrase import Phrase, pair
from reference import REFERENCE, clause, doer, quality
from registry import construction
from verbal import be, group, infinitive


def two_deeds(g: Builder, kind: str) -> tuple[str, str, NP, NP]:
    """Two verbs, who does both, and to what."""
    first, second, things = g.choice(REFERENCE[kind])
    s = g.name() if g.chance(0.5) else doer(g, "person")
    classes = things.split()
    if "person" in classes and (len(classes) == 1 or g.chance(0.3)):
        return first, second, s, doer(g, "person")
    noun = g.noun(*(c for c in classes if c != "person"))
    return first, second, s, noun_phrase(noun, g.choice(("def", "def", "dem")), g.chance(0.3))


@construction(1.5)
def taken_up(g: Builder) -> Phrase:
    """Paul prend le livre parce qu'il veut le lire: two pronouns."""
    first, second, s, o = two_deeds(g, "wanted")
    a, b = LEXICON.verbs[first], LEXICON.verbs[second]
    it = pronoun(s)
    tense, wish = g.choice((("present", "present"), ("past", "imperfect"), ("near", "present")))
    want = g.verb("vouloir", "devoir") if wish == "present" else LEXICON.verbs["vouloir"]
    c = clitic(o)
    wants = ("wanted" if wish == "imperfect" else "want" if it.plural else "wants") + "/1 to/1"
    wants = "must/1" if want.fr == "devoir" else wants
    return pair(
        f"{{said}} parce/2 que/2 {{it}} {want.forms[wish][s.slot]}/1 {{v}} .",
        f"{{said}} because/2 {{it}} {wants} {{v}} {{c}} .",
        want.fr,
        said=clause(s, group(a, s, tense), o),
        it=it,
        v=infinitive(b, s, c),
        c=c,
    )


@construction(1.5)
def but_not(g: Builder) -> Phrase:
    """Marie cherche les clés, mais elle ne les trouve pas."""
    first, second, s, o = two_deeds(g, "failed")
    a, b = LEXICON.verbs[first], LEXICON.verbs[second]
    it, c = pronoun(s), clitic(o)
    tense = g.choice(("present", "past", "future"))
    neg = g.choice(("pas", "pas", "jamais")) if tense != "past" else "pas"
    return pair(
        "{said} , mais/1 {it} {v} .",
        "{said} , but/1 {it} {v} {c} .",
        said=clause(s, group(a, s, tense), o),
        it=it,
        c=c,
        v=group(b, s, "present" if b.stative else tense, neg, c, o),
    )


@construction(1.2)
def gives_it(g: Builder) -> Phrase:
    """Paul aime sa sœur et il lui donne une fleur."""
    s = g.name() if g.chance(0.5) else doer(g, "person")
    first = LEXICON.verbs[
        g.choice(("rencontrer", "voir", "inviter", "aider", "attendre", "remercier", "saluer"))
    ]
    o = g.kin(s) if g.chance(0.4) else doer(g, "person")
    tense = g.choice(("present", "past", "future")) if not first.stative else "present"
    second = g.choice([v for v in LEXICON.verbs.values() if v.row.get("gift")])
    it, c = pronoun(s), clitic(o, indirect=True)
    gift = g.modified(
        g.noun(*second.objects & {"give"}), g.choice(("indef", "indef", "dem")), g.chance(0.2), 0.15
    )
    return pair(
        "{said} et/1 {it} {v} {gift} .",
        "{said} and/1 {it} {v} {c} {gift} .",
        said=clause(s, group(first, s, tense), o),
        it=it,
        c=c,
        v=group(second, s, tense, clitic=c),
        gift=gift,
    )


def street_sentences() -> list[tuple[str, Phrase]]:
    """The three sentences every reader of the project meets; always on the training side."""
    made = []
    for construction_name, of_doer, name in (
        ("street_doer", True, "fatigué"),
        ("street_place", False, "large"),
    ):
        s, o = (noun_phrase(LEXICON.nouns[n]) for n in ("animal", "rue"))
        said = clause(s, group(LEXICON.verbs["traverser"], s, "past", "pas"), o)
        about = s if of_doer else o
        it = pronoun(about)
        made.append(
            (
                construction_name,
                pair(
                    "{c} parce/1 que/1 {it} {v} trop/2 {a} .",
                    "{c} because/1 {it} {v} too/2 {a} .",
                    c=said,
                    it=it,
                    v=be(it, "imperfect"),
                    a=quality(name, about),
                ),
            )
        )
    jane = named("Jane", True)
    visits = group(LEXICON.verbs["visiter"], jane, "present")
    trip = pair(
        "{s} {v} l' Afrique/1 en/2 septembre/3 .", "{s} {v} Africa/1 in/2 September/3 .", s=jane, v=visits
    )
    return [*made, ("travel", trip)]
