"""The hand-written part: enough of it, no leakage, well formed, and shipped as the topics have it."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from crosslight.text.clean import sentence_key

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def handwritten() -> ModuleType:
    spec = importlib.util.spec_from_file_location("handwritten", ROOT / "corpus" / "handwritten.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows_of(name: str) -> list[tuple[str, ...]]:
    text = (ROOT / "src" / "crosslight" / "sample" / name).read_text(encoding="utf-8")
    return [tuple(line.split("\t")) for line in text.splitlines()]


def test_the_shipped_files_are_made_from_the_topics(handwritten: ModuleType) -> None:
    train, test = handwritten.split(handwritten.read_topics())
    assert rows_of("handwritten.train.tsv") == train
    assert rows_of("handwritten.test.tsv") == test


def test_there_are_enough_pairs_over_enough_topics(handwritten: ModuleType) -> None:
    rows = handwritten.read_topics()
    topics = {topic for _, _, topic in rows}
    assert len(rows) >= 2000
    assert len(topics) >= 40
    assert min(sum(row[2] == topic for row in rows) for topic in topics) >= 50
    assert len(rows_of("handwritten.test.tsv")) >= 200


def test_no_test_sentence_is_trained_on_on_either_side() -> None:
    from crosslight.text.corpus import read_tsv

    sample = ROOT / "src" / "crosslight" / "sample"
    trained = {sentence_key(side) for row in rows_of("handwritten.train.tsv") for side in row[:2]}
    trained |= {
        sentence_key(side)
        for pair in read_tsv(sample / "grammar.train.tsv.gz")
        for side in (pair.src, pair.tgt)
    }
    leaked = [
        row
        for row in rows_of("handwritten.test.tsv")
        if {sentence_key(row[0]), sentence_key(row[1])} & trained
    ]
    assert leaked == []


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ("Jane visite l'Afrique en septembre.", "Jane visits Africa in September."),
        (
            "J'ai grandi en France, mais maintenant j'habite à Boston. Je parle couramment français.",
            "I grew up in France, but now I live in Boston. I speak fluent French.",
        ),
        (
            "L'animal n'a pas traversé la rue parce qu'il était trop fatigué.",
            "The animal didn't cross the street because it was too tired.",
        ),
        (
            "L'animal n'a pas traversé la rue parce qu'elle était trop large.",
            "The animal didn't cross the street because it was too wide.",
        ),
    ],
)
def test_the_sentences_of_the_notes_are_there(french: str, english: str) -> None:
    assert (french, english) in {row[:2] for row in rows_of("handwritten.train.tsv")}


def test_every_pair_is_well_formed(handwritten: ModuleType) -> None:
    seen: set[str] = set()
    for french, english, topic in handwritten.read_topics():
        where = f"{topic}: {french} | {english}"
        assert french == french.strip(), where
        assert english == english.strip(), where
        assert french not in seen, where
        assert english not in seen, where
        seen |= {french, english}
        assert not re.search("[\u00a0\u202f\u2019\u201c\u201d]", french + english), where
        assert french[-1] in '.?!…"', where
        assert (french[-1] == english[-1]) or '"' in where, where
        assert not re.search(r"\S[?!;:](\s|$)", french), f"French has a blank before ? ! ; : in {where}"
        assert not re.search(r"\s[?!;:,.]", english), where
