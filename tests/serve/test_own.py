"""Glossaries, confidence and words at a place: what the service says is what the library says."""

import httpx
import pytest

import crosslight
from crosslight.decode.terms import PROTECTED, Glossary
from crosslight.tasks.confidence import load_confidence, with_confidence
from crosslight.text.entries import Entry

TEXTS = ["Le chat dort.", "Jane visite l'Afrique en septembre."]


@pytest.fixture(scope="module")
def translator():
    return crosslight.load("fr-en")


def ask(site, path="translate", **fields):
    return httpx.post(
        f"{site.url}/api/v1/{path}", json={"source": "fr", "target": "en", **fields}, timeout=60
    )


def test_translations_are_the_librarys(real, translator):
    answer = ask(real, q=TEXTS, n_best=3, confidence=True).json()
    (expected,) = with_confidence(
        translator.bundle, load_confidence(translator.bundle), [translator.translate(TEXTS, n_best=3)]
    )
    for found, own in zip(answer["translations"], expected, strict=True):
        assert found["text"] == own.text
        assert found["score"] == pytest.approx(own.score, abs=1e-5)
        assert found["confidence"] == pytest.approx(own.confidence, abs=1e-5)
        assert [one["text"] for one in found["alternatives"]] == [one.text for one in own.alternatives]
        assert found["parts"] == [[pair.src, pair.tgt] for pair in own.parts]
    assert (answer["source"], answer["target"], answer["detected"]) == ("fr", "en", None)


def test_a_glossary_is_kept_to(real, translator):
    terms = [
        {"source": "chat", "target": "kitty|kitties"},
        {"source": "dort", "target": ["sleeping"], "forbidden": True},
    ]
    found = ask(real, q=TEXTS[0], glossary=terms).json()["translations"][0]
    glossary = Glossary((Entry("chat", ("kitty", "kitties")), Entry("dort", ("sleeping",), True)))
    assert found["text"] == translator.translate([TEXTS[0]], terms=glossary)[0].text
    assert "kitty" in found["text"]
    assert "sleeping" not in found["text"]
    assert found["unmet"] == []


def test_what_is_protected_is_carried_over(real, translator):
    text = "Monsieur Dupont a envoyé {name} à anna.b@example.org hier."
    found = ask(real, q=text, protect=["Dupont"], protect_literals=True).json()["translations"][0]
    glossary = Glossary((Entry("Dupont", ("Dupont",)),), PROTECTED)
    assert found["text"] == translator.translate([text], terms=glossary)[0].text
    assert all(kept in found["text"] for kept in ("Dupont", "{name}", "anna.b@example.org"))
    assert (found["unmet"], found["lost"]) == ([], [])
    assert ask(real, q=text, protect=[" "]).status_code == 400


def test_terms_that_contradict_each_other_are_refused(real):
    terms = [{"source": "chat", "target": "cat"}, {"source": "chat", "target": "cat", "forbidden": True}]
    answer = ask(real, q=TEXTS[0], glossary=terms)
    assert answer.status_code == 400
    assert "forbidden" in answer.json()["error"]


def test_words_at_a_place_are_the_librarys(real, translator):
    found = ask(real, "alternatives", q=TEXTS[0], prefix="The cat", n=4).json()["alternatives"]
    expected = translator.alternatives(TEXTS[0], "The cat", 4)
    assert [one["word"] for one in found] == [one.word for one in expected]
    assert [one["text"] for one in found] == [one.translation.text for one in expected]
    assert [one["probability"] for one in found] == pytest.approx(
        [one.probability for one in expected], abs=1e-5
    )


def test_words_at_a_place_of_several_sentences_are_refused(real):
    answer = ask(real, "alternatives", q="Un. Deux.", prefix="")
    assert answer.status_code == 400
    assert "2 sentences" in answer.json()["error"]


def test_what_is_less_sure_is_withheld(site):
    answer = ask(site, q=["un", "doubt"], min_confidence=0.5, n_best=2).json()["translations"]
    assert [one["text"] for one in answer] == ["UN", None]
    assert [one["confidence"] for one in answer] == [0.9, 0.2]
    assert answer[1]["alternatives"] == []
    assert "DOUBT" not in str(answer[1])


def test_what_is_served(site):
    answer = httpx.get(f"{site.url}/api/v1/pairs").json()
    assert [(one["source"], one["target"], one["calibrated"]) for one in answer["pairs"]] == [
        ("fr", "en", True),
        ("en", "fr", False),
    ]
    assert answer["limits"]["segments"] == 128


def test_a_bundle_without_calibration_says_so(serving, tiny_run):
    from crosslight.serve.loaded import LoadedBundle
    from crosslight.serve.models import served
    from crosslight.serve.settings import ServeSettings

    with serving.running(
        [served(f"fr-en={tiny_run}")], lambda one: LoadedBundle(one.path, "torch", 1), ServeSettings()
    ) as site:
        answer = ask(site, q="un", confidence=True)
        assert answer.status_code == 400
        assert "is not calibrated" in answer.json()["error"]
        assert ask(site, q="un").status_code == 200
