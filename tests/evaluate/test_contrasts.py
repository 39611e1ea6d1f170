"""Contrasts: what is changed, that nothing else is, and what is left alone."""

import difflib

import pytest

from crosslight.evaluate.contrasts import CLASSES, MAKERS, contrasts_of, explanation
from crosslight.evaluate.negation import LANGUAGES, known, with_negation, without_negation
from crosslight.text.corpus import Pair, read_tsv
from crosslight.text.literals import literals


@pytest.mark.parametrize(
    ("language", "negated", "plain"),
    [
        ("en", "The door is not open.", "The door is open."),
        ("en", "He cannot swim.", "He can swim."),
        ("en", "It won’t rain.", "It will rain."),
        ("en", "She doesn't know it.", "She does know it."),
        ("en", "I never sleep.", "I sleep."),
        ("de", "Die Tür ist nicht offen.", "Die Tür ist offen."),
        ("de", "Er hat keinen Hund.", "Er hat einen Hund."),
        ("fr", "Il n'est pas ici.", "Il est ici."),
        ("fr", "Elle ne dort jamais.", "Elle dort."),
        ("fr", "Il n’y a plus de pain.", "Il y a de pain."),
        ("sv", "Hon är inte här.", "Hon är här."),
        ("no", "Hun er ikke her.", "Hun er her."),
        ("no", "Ho er ikkje her.", "Ho er her."),
    ],
)
def test_negation_is_removed(language, negated, plain):
    assert without_negation(negated, language) == plain
    assert without_negation(plain, language) is None
    assert with_negation(negated, language) is None, "a second one would be another thing"


@pytest.mark.parametrize(
    ("language", "plain", "negated"),
    [
        ("en", "They can swim.", "They can not swim."),
        ("de", "Sie kann gut singen.", "Sie kann nicht gut singen."),
        ("de", "Ein Hund bellt.", "Kein Hund bellt."),
        ("fr", "C’est vrai.", "Ce n'est pas vrai."),
        ("fr", "Elle était malade.", "Elle n'était pas malade."),
        ("fr", "Il peut venir.", "Il ne peut pas venir."),
        ("sv", "Hon är här.", "Hon är inte här."),
        ("no", "Hun er her.", "Hun er ikke her."),
    ],
)
def test_negation_is_added(language, plain, negated):
    assert with_negation(plain, language) == negated
    assert without_negation(with_negation(plain, language), language) is not None, "and is found again"


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_no_rule_fits_there_is_no_contrast(language):
    assert with_negation("Oslo!", language) is None
    assert without_negation("Oslo!", language) is None


def test_several_negations_are_left_alone():
    assert without_negation("It is not that he does not know.", "en") is None
    assert without_negation("Not only he: they cannot, and won't.", "en") is None


def test_languages_by_their_tags():
    assert [known(tag) for tag in ("en", "en-GB", "EN_us", "nb", "nn", "fi", "")] == [
        *("en", "en", "en", "no", "no", None, None)
    ]


def made(kind: str, src: str, tgt: str, language: str = "en") -> str | None:
    return MAKERS[kind](Pair(src, tgt), language)


def test_a_number_differs_in_one_digit():
    for tgt in ("It was 1987.", "She has 7 cats.", "He paid 1,234.50 today.", "३ cats"):
        wrong = made("number changed", "x", tgt)
        assert len(wrong) == len(tgt)
        (place,) = [i for i, (x, y) in enumerate(zip(tgt, wrong, strict=True)) if x != y]
        assert wrong[place].isdecimal() and tgt[place].isdecimal() and int(wrong[place]) > 0
        assert [x.text for x in literals(wrong)] != [x.text for x in literals(tgt)]
    assert made("number changed", "7", "See https://a.org/7 for seven.") is None


def test_names_change_places():
    src = "Marie aime Pierre."
    assert made("names swapped", src, "Marie loves Pierre.") == "Pierre loves Marie."
    assert made("names swapped", "Marie et Pierre dorment.", "Marie and Pierre sleep.") is None
    assert made("names swapped", "Jane Austen dort.", "Jane Austen sleeps.") is None
    assert made("names swapped", "Le chat voit Pierre.", "The cat sees Pierre.") is None
    assert made("names swapped", "Paris, c'est Paris.", "Paris is still Paris.") is None


def test_a_clause_is_dropped():
    assert made("clause dropped", "", "When it rains, we stay at home.") == "When it rains."
    assert made("clause dropped", "", "He said: “I will go home, too.”") is None  # too little is left over
    assert made("clause dropped", "", "Yes, we stay at home.") is None
    assert made("clause dropped", "", "They were tired, so they all went home!") == "They were tired!"


def test_a_phrase_stands_twice():
    tgt = "Two men in blue jackets are walking home."
    wrong, words = made("phrase duplicated", "", tgt).split(" "), tgt.split(" ")
    added = [
        wrong[b0:b1]
        for op, _, _, b0, b1 in difflib.SequenceMatcher(None, words, wrong, autojunk=False).get_opcodes()
        if op != "equal"
    ]
    assert len(added) == 1 and len(added[0]) in (2, 3)
    n = len(added[0])
    assert any(wrong[i : i + n] == wrong[i + n : i + 2 * n] for i in range(len(wrong)))
    assert made("phrase duplicated", "", "He sleeps.") is None


def test_the_sample_gives_every_class_and_the_same_each_time():
    from importlib.resources import files

    pairs = list(read_tsv(files("crosslight") / "sample" / "handwritten.train.tsv"))
    found = [contrast for i, pair in enumerate(pairs, 1) for contrast in contrasts_of(pair, i, "en")]
    counts = {kind: sum(contrast.kind == kind for contrast in found) for kind in CLASSES}
    assert counts.pop("number changed") == 0, "nobody wrote digits there"
    assert min(counts.values()) > 0, counts
    assert found == [contrast for i, pair in enumerate(pairs, 1) for contrast in contrasts_of(pair, i, "en")]
    assert all(contrast.wrong != contrast.pair.tgt for contrast in found)


def test_an_unknown_language_has_all_but_negation():
    pair = Pair("7 x", "When it is 7, it is not easy to see the old road.")
    in_english = {c.kind for c in contrasts_of(pair, 1, "en")}
    assert in_english - {c.kind for c in contrasts_of(pair, 1, "fi")} == {"negation removed"}


def test_every_class_says_how_it_is_made():
    assert all(explanation(kind).endswith(".") for kind in CLASSES)
