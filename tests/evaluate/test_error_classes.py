"""Each class of errors on sentences that have it, and on sentences that only look as if."""

import pytest

from crosslight.evaluate.error_classes import ERROR_CLASSES, Translated, explanation, rare_words

SRC, REF = "Marie a payé 1 234,5 € à Lyon pour {name} .", "Marie paid €1,234.5 in Lyon for {name}."

HAS = {
    "too short": [
        ("Il fait très beau aujourd'hui.", "Nice.", "The weather is very nice today."),
        ("a", "", "ten letters"),
    ],
    "too long": [("Oui.", "Yes, of course, whenever you like to.", "Yes, indeed.")],
    "number lost": [
        (SRC, "Marie paid €1,243.5 in Lyon for {name}.", REF),
        ("7 et 7", "7 and", "7 and 7"),
    ],
    "number added": [("Il est tard.", "It is 10 o'clock.", "It is late.")],
    "address, placeholder or tag lost": [
        (SRC, "Marie paid €1,234.5 in Lyon for {nom}.", REF),
        ("Voir https://a.org/b.", "See https://a.org/.", "See https://a.org/b."),
    ],
    "name lost": [(SRC, "Mary paid €1,234.5 in Lyon for {name}.", REF)],
    "repetition": [
        ("Le chat dort.", "The cat cat cat sleeps.", "The cat sleeps."),
        ("Le chat dort.", "The cat sleeps the cat sleeps.", "The cat sleeps."),
        ("non, non, non", "no, no, no, no, no", "no, no, no"),
    ],
    "untranslated": [
        ("Le chat mange du poisson cru.", "The cat eats poisson cru.", "The cat eats raw fish.")
    ],
    "copied": [("Le chat mange du poisson.", "Le chat mange du fish.", "The cat eats fish.")],
    "rare word lost": [("Le chat dort.", "The animal sleeps.", "The panther sleeps.")],
}
HAS_NOT = {
    "too short": [("Oui.", "Yes.", "Yes, sir."), (SRC, REF, REF)],
    "too long": [("Oui.", "Yes, sir.", "Yes."), (SRC, REF, REF)],
    "number lost": [
        ("Il a 10 ans.", "He is ten.", "He is ten."),  # the reference spells it out, too
        (SRC, "Marie paid 1234.5 euros in Lyon.", REF),
    ],
    "number added": [
        ("Il a dix ans.", "He is 10.", "He is 10."),
        ("Il a 10 ans.", "He is 10.", "He is ten."),
    ],
    "address, placeholder or tag lost": [(SRC, "{name} and 3", REF)],
    "name lost": [
        ("Il vit à Londres.", "He lives in Paris.", "He lives in London."),  # its letters differ anyway
        ("Der Hund schläft.", "A dog sleeps.", "The dog sleeps."),
    ],
    "repetition": [
        ("non, non, non", "no, no, no", "no, no, no"),
        ("Il dit que cela est vrai.", "He says that that is true.", "He says it is true."),
    ],
    "untranslated": [
        ("Jane Austen est née ici.", "Jane Austen was born here.", "Jane Austen was born here."),
        ("Une table.", "A table.", "A desk."),
        ("Le chat mange du poisson.", "Le chat mange du poisson.", "The cat eats fish."),  # copied instead
    ],
    "copied": [("New York, USA 2024", "New York, USA 2024", "New York, USA 2024"), (SRC, REF, REF)],
    "rare word lost": [("Le chat dort.", "A Panther slept.", "The panther slept.")],
}


def sentence(src: str, text: str, *refs: str) -> Translated:
    return Translated(src, text, refs, rare_words(refs[:1]))


def test_every_class_has_examples():
    assert set(HAS) == set(HAS_NOT) == set(ERROR_CLASSES)


@pytest.mark.parametrize(("name", "texts"), [(name, texts) for name in HAS for texts in HAS[name]])
def test_found(name, texts):
    assert ERROR_CLASSES[name](sentence(*texts))


@pytest.mark.parametrize(("name", "texts"), [(name, texts) for name in HAS_NOT for texts in HAS_NOT[name]])
def test_not_found(name, texts):
    assert not ERROR_CLASSES[name](sentence(*texts))


@pytest.mark.parametrize("name", ERROR_CLASSES)
def test_a_reference_has_no_errors(name):
    for texts in [texts for kind in HAS.values() for texts in kind]:
        src, _, ref = texts
        assert not ERROR_CLASSES[name](sentence(src, ref, ref)), texts


@pytest.mark.parametrize("name", ERROR_CLASSES)
def test_another_reference_can_only_excuse(name):
    for src, text, ref in [texts for kind in HAS.values() for texts in kind]:
        if name not in ("rare word lost",):  # the first reference says what is rare
            with_two = ERROR_CLASSES[name](sentence(src, text, ref, text))
            assert not with_two or ERROR_CLASSES[name](sentence(src, text, ref)), (src, text)


def test_every_class_says_how_it_is_found():
    assert all(explanation(name).endswith(".") and "\n" not in explanation(name) for name in ERROR_CLASSES)
