"""Which language: on sentences nobody has trained on, and unsure where there is nothing to be sure of."""

import pytest

from crosslight.corpora.sample import sample_file
from crosslight.serve.detect import Detector, detector_for
from crosslight.serve.models import served
from crosslight.text.corpus import read_tsv


def test_sentences_of_the_test_set_are_known_apart():
    detector = Detector(["fr", "en", "de", "sv", "no"])
    pairs = list(read_tsv(sample_file("handwritten.test.tsv")))
    for language, texts in (("fr", [p.src for p in pairs]), ("en", [p.tgt for p in pairs])):
        guesses = [detector.guesses(text)[0] for text in texts]
        sure = [guess.language == language for guess in guesses if guess.probability >= 0.5]
        assert sum(sure) / len(sure) > 0.95
        assert len(sure) > 0.8 * len(texts)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Jag har ingen tid i dag.", "sv"),
        ("Jeg har ikke tid til det nå.", "no"),
        ("Ich habe keine Zeit.", "de"),
        ("Bonjour !", "fr"),
        ("Hello!", "en"),
    ],
)
def test_short_sentences(text, language):
    guess = Detector(["fr", "en", "de", "sv", "no"]).guesses(text)[0]
    assert guess.language == language
    assert guess.probability > 0.5


@pytest.mark.parametrize(
    "text", ["", " \n", "12345", "!!!", "\x00", "你好吗", "Ich habe keine Zeit.", "\ud800"]
)
def test_what_is_in_none_of_them_is_unsure(text):
    """With one language served it is the answer, but not a sure one."""
    (guess,) = Detector(["fr"]).guesses(text)
    assert guess.language == "fr"
    assert guess.probability < 0.3


def test_probabilities_sum_to_no_more_than_one():
    for text in ("le chat", "the cat", "xyz", ""):
        total = sum(guess.probability for guess in Detector(["fr", "en", "sv"]).guesses(text))
        assert 0 <= total <= 1 + 1e-9


def test_a_language_without_a_list_is_learned_from_sentences():
    words = "tlhIngan maH nuqneH Qapla batlh jatlh wo taHjaj".split()
    detector = Detector(["tlh", "en"], {"tlh": [(word.lower(), 50.0) for word in words]})
    assert detector.guesses("nuqneH tlhIngan")[0].language == "tlh"
    assert detector.guesses("the cat is here")[0].language == "en"


def test_from_bundles(tiny_run):
    assert detector_for([served("fr-en")]).guesses("Où est le chat ?")[0].probability > 0.5
    assert detector_for([served(f"fr-en={tiny_run}")]).guesses("Où est le chat ?")[0].probability > 0.5
