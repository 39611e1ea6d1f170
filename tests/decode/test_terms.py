"""Terms are met in the text, or reported: over a thousand random cases."""

import random
import re

import pytest

from crosslight.decode.terms import PROTECTED, Glossary, Terms, occurs
from crosslight.decode.translator import Translator
from crosslight.errors import ConfigError, TermError
from crosslight.text.entries import Entry, protected


def stands_in(form: str, text: str) -> bool:
    """Independent of ours: word boundaries of regular expressions, which do for alphabets."""
    return bool(re.search(rf"(?<!\w){re.escape(form)}(?!\w)", text))


def some_terms(chance: random.Random, words: list[str], src: str) -> list[Entry]:
    """One or two terms of a source that do not contradict each other; a second one is forbidden."""
    while True:
        entries = [
            Entry(
                src,
                tuple(" ".join(chance.sample(words, chance.choice((1, 1, 2)))) for _ in range(2)),
                is_forbidden=n == 1,
            )
            for n in range(chance.choice((1, 1, 2)))
        ]
        try:
            Glossary(tuple(entries))
        except TermError:
            continue
        return entries


def test_a_thousand_random_cases_are_met_or_reported(make_bundle, pairs) -> None:
    translator = Translator(make_bundle())
    chance = random.Random(2)
    words = sorted({word for pair in pairs for word in re.findall(r"\w+", pair.tgt)})
    texts = [" ".join(re.findall(r"\w+", pair.src)[:5]) for pair in pairs]
    n_met = n_cases = 0
    for block in range(50):
        sources = [f"{text} {block}-{i}" for i, text in enumerate(chance.choices(texts, k=20))]
        owned = [some_terms(chance, words, f"{block}-{i}") for i in range(20)]
        glossary = Glossary(tuple(entry for own in owned for entry in own))
        found = translator.translate(sources, terms=glossary, beam=2, max_length=6)
        for own, translation in zip(owned, found, strict=True):
            failures = [
                "|".join(entry.forms)
                for entry in own
                if not entry.is_forbidden and not any(stands_in(f, translation.text) for f in entry.forms)
            ]
            failures += [
                f"!{f}" for e in own if e.is_forbidden for f in e.forms if stands_in(f, translation.text)
            ]
            assert sorted(translation.unmet) == sorted(failures)
            n_met += not failures
            n_cases += 1
    assert n_cases == 1000
    assert n_met >= 950, n_met  # and nearly all are met, by a model that knows nothing


def test_terms_change_nothing_for_other_sentences(translator, pairs) -> None:
    texts = [pair.src for pair in pairs[:6]]
    word = re.findall(r"\w+", texts[2])[0]
    plain = translator.translate(texts)
    under = translator.translate(texts, terms=Glossary((Entry(word, ("zebra", "zebras")),)))
    for text, before, after in zip(texts, plain, under, strict=True):
        if occurs(word.casefold(), text.casefold()):
            assert stands_in("zebra", after.text) or stands_in("zebras", after.text)
        else:
            assert before.tokens == after.tokens
            assert before.score == pytest.approx(after.score, abs=1e-5)


def test_scores_under_terms_are_those_of_forced_decoding(translator, pairs) -> None:
    text = pairs[0].src
    word = re.findall(r"\w+", text)[0]
    (found,) = translator.translate([text], terms=Glossary((Entry(word, ("zebra",)),)), log_probs=True)
    bundle = translator.bundle
    src = [*bundle.src_subword.encode(text), 3]
    ids = {
        piece: i for i, piece in enumerate(bundle.tgt_subword.pieces(range(bundle.tgt_subword.vocab_size)))
    }
    (expected,) = translator.score([src], [[ids[piece] for piece in found.tokens]])
    assert found.log_probs == pytest.approx(expected[: len(found.log_probs)], abs=1e-5)


@pytest.mark.parametrize(
    ("required", "forbidden"),
    [((("cat",),), ("cat",)), ((("red cat", "cat"),), ("cat",)), (((" ",),), ()), ((("a",),), ("",))],
)
def test_contradictory_terms(required, forbidden) -> None:
    with pytest.raises(TermError):
        Terms(required, forbidden)


def test_terms_and_drawing(translator) -> None:
    with pytest.raises(ConfigError, match="terms are for a search"):
        translator.translate(["un"], terms=Glossary((Entry("un", ("a",)),)), temperature=1.0)


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("cat", "cats", False),
        ("cat", "(cat)", True),
        ("cat", "l'cat", True),
        ("고양이", "고양이가 잔다", True),
        ("e\u0301t\u00e9", "l'\u00e9t\u00e9.", True),
        ("cat", "category cat", True),
    ],
)
def test_where_a_form_occurs(form: str, text: str, expected: bool) -> None:
    assert occurs(form, text) == expected


def test_what_is_protected_in_a_sentence() -> None:
    """Numbers are not: every language writes them its own way."""
    glossary = Glossary((protected("Dr. Kim"),), PROTECTED)
    text = "Dr. Kim owes <b>{n}</b> 12,50 at https://a.org/?q=1 or a@b.org, %s."
    terms = glossary.terms_for(text)
    assert terms is not None
    assert {form for (form,) in terms.required} == {
        *("Dr. Kim", "<b>", "</b>", "{n}", "https://a.org/?q=1", "a@b.org", "%s")
    }
    assert terms.failures("Dr. Kim: <b>{n}</b> https://a.org/?q=1 a@b.org %s") == ()
    assert terms.failures(text.replace("{n}", "{N}")) == ("{n}",)
    assert glossary.terms_for("Nothing of the kind.") is None


def test_what_comes_twice_is_protected_twice() -> None:
    glossary = Glossary((protected("{n}"), protected("Kim")), PROTECTED)
    terms = glossary.terms_for("Kim: {n} of {n} for Kim, %s")
    assert terms is not None
    assert sorted(terms.required) == [("%s",), ("Kim",), ("{n}",), ("{n}",)]
    assert terms.failures("%s {n} Kim {n}") == ()
    assert terms.failures("%s {n} Kim") == ("{n}",)
    assert terms.failures("%s Kim") == ("{n}", "{n}")


def test_a_translation_carries_over_what_comes_twice(translator) -> None:
    (found,) = translator.translate(["{n} cats %s see {n} dogs"], terms=Glossary((), PROTECTED))
    assert found.text.count("{n}") == 2
    assert found.text.count("%s") == 1
    assert found.unmet == ()


def test_a_translation_carries_over_what_is_protected(translator) -> None:
    (found,) = translator.translate(["the cat {n} sees %s the dog"], terms=Glossary((), PROTECTED))
    assert "{n}" in found.text
    assert "%s" in found.text
    assert found.unmet == ()
