"""The model that comes with the program: found by its name, small, with its origin said."""

import json

import pytest

from crosslight import facts
from crosslight.bundle import BOX, boxed, load_bundle
from crosslight.decode.translator import Translator
from crosslight.export.shortlist import FILE, KEPT
from crosslight.tasks.engine import _places, fast_search

SIZE = 12e6  # bytes at most
GREETED = "Jane visite l'Afrique en septembre."


def test_answers_right_after_installation(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = command("translate", "fr-en", GREETED, "Bonjour !")
    assert result.code == 0, result.err
    assert result.out.splitlines()[0] == "Jane visits Africa in September."
    assert len(result.out.splitlines()) == 2
    assert not list(tmp_path.iterdir())


def test_can_be_looked_into(command, tmp_path):
    page = tmp_path / "page.html"
    result = command("inspect", "fr-en", GREETED, "-o", page)
    assert result.code == 0, result.err
    assert "September." in result.out
    assert "Afrique" in page.read_text(encoding="utf-8")


def test_can_be_compared(command, tmp_path, tiny_run):
    src, ref = tmp_path / "a.fr", tmp_path / "a.en"
    src.write_text(f"{GREETED}\nBonjour !\n", encoding="utf-8")
    ref.write_text("Jane visits Africa in September.\nHello!\n", encoding="utf-8")
    result = command("compare", tiny_run, "fr-en", "--test", src, ref)
    assert result.code == 0, result.err
    assert "fr-en" in result.out


def test_is_sure_where_it_should_be(command):
    result = command("translate", "fr-en", GREETED, "Zxq grmblf wpt.", "--min-confidence", "0.5")
    assert result.code == 0, result.err
    assert "line 2: confidence" in result.err
    assert "line 1: confidence" not in result.err


def test_int8_searches_with_its_shortlist(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    search = fast_search(load_bundle("fr-en"), "int8")
    (place,) = (tmp_path / "crosslight").iterdir()
    assert (place / FILE).read_bytes() == (BOX / "fr-en" / KEPT).read_bytes()
    translator = Translator(load_bundle("fr-en"), fast_search=search)
    assert [t.text for t in translator.translate([GREETED], beam=1)] == ["Jane visits Africa in September."]


def test_small_and_without_the_corpus():
    assert boxed() == ["fr-en"]
    files = [file for file in (BOX / "fr-en").rglob("*") if file.is_file()]
    assert all(file.parent == BOX / "fr-en" for file in files), "nobody's cache"
    assert sum(file.stat().st_size for file in files) <= SIZE
    assert not list((BOX / "fr-en").glob("validation*"))
    assert load_bundle("fr-en").validation == ()


def test_the_card_says_where_it_is_from():
    card = (BOX / "fr-en" / "README.md").read_text(encoding="utf-8")
    for said in ("https://tatoeba.org", "manythings.org/anki", "CC BY 2.0 FR", "Changes:", "BLEU"):
        assert said in card
    certificate = json.loads((BOX / "fr-en" / "certificate.json").read_text(encoding="utf-8"))
    assert certificate["delta_chrf"] >= -0.3


def test_a_place_of_that_name_comes_first(tiny_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fr-en").symlink_to(tiny_run / "bundle")
    assert load_bundle("fr-en").facts == load_bundle(tiny_run).facts
    assert load_bundle("fr-en").facts != load_bundle(BOX / "fr-en").facts


def test_what_is_converted_is_kept_elsewhere():
    assert not any(BOX in place.parents for place in _places(load_bundle("fr-en"), "float32"))


def test_nothing_is_kept_in_it_however_it_is_named(monkeypatch):
    monkeypatch.chdir(BOX)
    for path in ("./fr-en", BOX / ".." / "box" / "fr-en"):
        places = _places(load_bundle(path), "float32")
        assert not any(BOX in place.resolve().parents for place in places)


@pytest.mark.parametrize(
    "change",
    [
        ("tune", "--src", "a", "--ref", "a"),
        ("calibrate", "--src", "a", "--ref", "a"),
        ("align", "--src", "a", "--tgt", "a"),
    ],
)
def test_it_is_not_changed(command, tmp_path, monkeypatch, change):
    """It is a part of the program: the next version would take back what was written into it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").write_text("Bonjour !\n" * 30, encoding="utf-8")
    before = {file.name: file.read_bytes() for file in (BOX / "fr-en").iterdir() if file.is_file()}
    result = command(change[0], "fr-en", *change[1:])
    assert result.code == 2
    assert "comes with the program" in result.err
    assert "export fr-en --to bundle" in result.err
    assert before == {file.name: file.read_bytes() for file in (BOX / "fr-en").iterdir() if file.is_file()}


def test_an_unknown_name_names_what_there_is(command, monkeypatch, tmp_path):
    monkeypatch.setattr(facts, "BOX", tmp_path)
    (tmp_path / "xx-yy").mkdir()
    (tmp_path / "xx-yy" / "bundle.json").touch()
    result = command("translate", "fr-xx", "Bonjour !")
    assert result.code == 2
    assert "xx-yy" in result.err


@pytest.mark.parametrize("name", ["new.fr", "./new.fr"])
def test_a_file_is_not_a_text(command, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "new.fr").write_text("Bonjour !\n", encoding="utf-8")
    result = command("translate", "fr-en", name)
    assert result.code == 2
    assert f"--input {name}" in result.err
