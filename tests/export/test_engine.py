"""The fast engine in the place of torch: the same text; and what happens where it cannot be had."""

import dataclasses
import json
import os
import shutil

import pytest

import crosslight
from crosslight.bundle import load_bundle, save_bundle
from crosslight.decode.translator import Translator
from crosslight.errors import ConfigError, ExportError
from crosslight.export import ctranslate2 as fast
from crosslight.export.certificate import TOLERANCES, Tolerance
from crosslight.export.shortlist import KEPT
from crosslight.tasks import foreign, shortlist
from crosslight.tasks.engine import fast_search


@pytest.fixture(scope="module")
def saved(make_bundle, tmp_path_factory):
    folder = tmp_path_factory.mktemp("engine") / "bundle"
    save_bundle(make_bundle(norm="pre"), folder)
    return folder


@pytest.fixture(scope="module")
def both(saved):
    bundle, said = load_bundle(saved), []
    search = fast_search(bundle, "auto", say=said.append)
    assert said == ["engine: ctranslate2"]
    return Translator(bundle), Translator(bundle, fast_search=search)


@pytest.mark.parametrize("settings", [{"beam": 1}, {"beam": 4}, {"beam": 4, "alpha": 1.2}])
def test_the_same_text(both, pairs, settings):
    """Its beam search stops by another rule: a better output that ends late may be missed."""
    torch, fast = (t.translate([pair.src for pair in pairs], **settings) for t in both)
    assert [t.text for t in fast] == [t.text for t in torch] or settings["beam"] > 1
    same = [(a, b) for a, b in zip(torch, fast, strict=True) if a.text == b.text]
    assert len(same) >= 0.95 * len(pairs)
    for a, b in same:
        assert b.score == pytest.approx(a.score, abs=1e-4)


def test_what_it_cannot_do_is_left_to_torch(both, pairs):
    """Outputs cut off at their limit, sources and outputs of more than its positions."""
    torch, fast = both
    texts = [pair.src for pair in pairs[:2]]
    for settings in ({"beam": 1, "max_extra": 1}, {"beam": 1, "max_extra": 1020}):
        expected = [t.text for t in torch.translate(texts, **settings)]
        assert [t.text for t in fast.translate(texts, **settings)] == expected


def test_settings_that_it_does_not_know_are_left_to_torch(saved, monkeypatch):
    bundle = load_bundle(saved)
    search = fast_search(bundle, "ctranslate2")
    config = bundle.config.decode.model_copy(update={"alpha": 1.2})
    assert search([[5, 3]], config, 1)() != [None]
    monkeypatch.setattr(foreign, "KNOWN", {"beam"})
    assert search([[5, 3]], config, 1)() == [None]


def test_the_converted_model_is_kept_in_the_bundle(both, saved):
    (place,) = (saved / ".cache").glob("*float32*")
    certificate = json.loads((place / "certificate.json").read_text(encoding="utf-8"))
    assert certificate["greedy"]["tokens_equal"] == 1
    assert certificate["sample"] == "the bundle's validation pairs"
    before = (place / "model.bin").stat().st_mtime_ns
    crosslight.load(saved)  # and the bundle's checksums are as they were
    fast_search(load_bundle(saved), "ctranslate2")
    assert (place / "model.bin").stat().st_mtime_ns == before


def test_int8_is_another_copy_with_a_certificate_of_its_own(saved, tmp_path, pairs, monkeypatch):
    """Of weights of chance, which need a tolerance of their own."""
    mild = Tolerance(99, 99, 99, 99, 100)
    monkeypatch.setitem(TOLERANCES, "int8", mild)
    shutil.copytree(saved, tmp_path / "bundle", ignore=shutil.ignore_patterns(".cache"))
    bundle, said = load_bundle(tmp_path / "bundle"), []
    search = fast_search(bundle, "int8", say=said.append)
    assert said == ["engine: ctranslate2, int8"]
    (place,) = (tmp_path / "bundle" / ".cache").iterdir()
    certificate = json.loads((place / "certificate.json").read_text(encoding="utf-8"))
    assert "int8" in place.name
    assert certificate["numbers"] == "int8"
    assert certificate["tolerance"] == dataclasses.asdict(mild)
    assert certificate["given_outputs"]["mean"] > 1e-3  # far more than float32 would be off
    texts = [pair.src for pair in pairs[:8]]
    found = Translator(bundle, fast_search=search).translate(texts, beam=1)
    exact = Translator(bundle).translate(texts, beam=1)
    assert [t.score for t in found] != pytest.approx([t.score for t in exact], abs=1e-4)


def test_int8_searches_among_the_pieces_of_the_bundle(saved, tmp_path, pairs, monkeypatch):
    """With a shortlist of three pieces nothing else comes out; float32 knows nothing of it."""
    monkeypatch.setitem(TOLERANCES, "int8", Tolerance(99, 99, 99, 99, 100))
    monkeypatch.setattr(shortlist, "MAY_LOSE", 100)
    place = tmp_path / "bundle"
    shutil.copytree(saved, place, ignore=shutil.ignore_patterns(".cache"))
    bundle = load_bundle(place)
    pieces = bundle.tgt_subword.pieces([20, 21, 22])
    (place / KEPT).write_text("\t" + " ".join(pieces) + "\n", encoding="utf-8")
    free, bound = (fast_search(bundle, name) for name in ("ctranslate2", "int8"))
    texts = [pair.src for pair in pairs[:8]]
    written = [
        {piece for t in Translator(bundle, fast_search=search).translate(texts, beam=1) for piece in t.tokens}
        for search in (free, bound)
    ]
    assert written[1] <= set(pieces)
    assert not written[0] <= set(pieces)


def test_int8_that_is_another_model_is_refused(saved):
    """Weights of chance are too far apart in int8; who asks for it by name is not given torch instead."""
    with pytest.raises(ExportError, match="is not the same model"):
        fast_search(load_bundle(saved), "int8")
    assert not list((saved / ".cache").glob("*int8*"))


def test_several_models_search_in_torch(saved):
    with pytest.raises(ConfigError, match="int8 searches with one model"):
        crosslight.load(saved, engine="int8", partners=[saved])


def test_a_bundle_that_cannot_be_written(saved, tmp_path, monkeypatch):
    folder = tmp_path / "bundle"
    shutil.copytree(saved, folder, ignore=shutil.ignore_patterns(".cache"))
    monkeypatch.setattr(os, "access", lambda *arguments: False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert fast_search(load_bundle(folder), "ctranslate2")
    assert not (folder / ".cache").exists()
    assert len(list((tmp_path / "home" / "crosslight").iterdir())) == 1


def test_an_engine_that_is_not_installed(saved, monkeypatch):
    monkeypatch.setattr(fast, "is_installed", lambda: False)
    with pytest.raises(ConfigError, match="ctranslate2 is not installed") as error:
        fast_search(load_bundle(saved), "ctranslate2")
    assert "crosslight[fast]" in error.value.cure
    said = []
    assert fast_search(load_bundle(saved), "auto", say=said.append) is None
    assert said == ["engine: torch (a faster one: pip install 'crosslight[fast]')"]


def test_a_shape_that_it_does_not_know(make_bundle, tmp_path):
    save_bundle(make_bundle(qk_norm=True), tmp_path / "bundle")
    bundle, said = load_bundle(tmp_path / "bundle"), []
    assert fast_search(bundle, "auto", say=said.append) is None
    assert said[0].startswith("engine: torch (model.qk_norm = true")
    with pytest.raises(ConfigError, match="qk_norm"):
        fast_search(bundle, "ctranslate2")


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ({"positions": "none"}, 'positions = "none"'),
        ({"positions": "relative"}, 'positions = "relative"'),
        ({"scoring": "additive"}, 'scoring = "additive"'),
    ],
)
def test_models_that_only_torch_knows_are_saved_and_searched(make_bundle, pairs, tmp_path, setting, name):
    bundle = make_bundle(**setting)
    save_bundle(bundle, tmp_path / "bundle")
    again, said = load_bundle(tmp_path / "bundle"), []
    assert fast_search(again, "auto", say=said.append) is None
    assert said[0].startswith(f"engine: torch (model.{name}")
    texts = [pair.src for pair in pairs[:3]]
    expected, found = (Translator(each).translate(texts, beam=2) for each in (bundle, again))
    assert [t.text for t in found] == [t.text for t in expected]


def test_an_unknown_engine(saved):
    with pytest.raises(ConfigError, match="engine is 'onnx', expected one of auto, torch, ctranslate2"):
        fast_search(load_bundle(saved), "onnx")


def test_a_bundle_without_a_directory(make_bundle):
    with pytest.raises(ExportError, match="has no cache"):
        fast_search(make_bundle(), "ctranslate2")


def test_the_command(command, saved, both, pairs):
    texts = [pair.src for pair in pairs[:5]]
    expected = "".join(f"{t.text}\n" for t in both[0].translate(texts))
    stdin = "\n".join(texts).encode()
    for engine, said in (("auto", "engine: ctranslate2\n"), ("torch", "")):
        result = command("translate", saved, "--engine", engine, stdin=stdin)
        assert (result.code, result.out, result.err) == (0, expected, said)
    result = command("translate", saved, "--engine", "none", stdin=stdin)
    assert result.code == 2
    assert "expected one of auto" in result.err
