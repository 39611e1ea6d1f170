"""`crosslight export`: what it writes and prints, what it refuses, and that nothing half-written is left."""

import dataclasses
import json

import pytest

from crosslight.bundle import load_bundle, save_bundle
from crosslight.export import ctranslate2 as fast
from crosslight.export.certificate import TOLERANCES


@pytest.fixture(scope="module")
def saved(tiny_run):
    return tiny_run / "bundle"


@pytest.mark.parametrize("options", [[], ["--quantize", "int8"]])
def test_a_package(command, saved, tmp_path, options, monkeypatch):
    """Its chrF is 2 and says nothing: that much may be lost here (for the limit see test_certificate)."""
    untrained = dataclasses.replace(TOLERANCES["int8"], chrf=100.0)
    monkeypatch.setitem(TOLERANCES, "int8", untrained)
    result = command("export", saved, "--to", "ctranslate2", *options, "-o", tmp_path / "out")
    assert result.code == 0, result.err
    kind = "int8" if options else "float32"
    certificate = json.loads((tmp_path / "out" / "certificate.json").read_text(encoding="utf-8"))
    assert certificate["numbers"] == kind
    assert certificate["sentences"] == len(load_bundle(saved).validation) > 1
    assert certificate["sample"] == "the bundle's validation pairs"
    assert certificate["settings"] == {"epsilon": pytest.approx(1e-5), "start": "<s>"}
    assert certificate["tolerance"]["chrf"] == (100.0 if options else 1.0)
    rate = certificate["source_tokens_per_second"]
    assert rate["ratio"] == pytest.approx(rate["export"] / rate["torch"])
    assert abs(certificate["given_outputs"]["epsilon_share"]) < 0.5 or options
    files = [file for file in (tmp_path / "out").iterdir() if file.name != "certificate.json"]
    assert certificate["bytes"]["export"] == sum(file.stat().st_size for file in files)
    for word in ("greedy tokens equal", "sentences: the bundle's", kind, "times torch", "MB"):
        assert word in result.out


def test_a_sample_of_ones_own(command, saved, tmp_path):
    (tmp_path / "lines.txt").write_text("Le chat dort.\n\nBonjour !\n", encoding="utf-8")
    (tmp_path / "pairs.tsv").write_text("Le chat dort.\tThe cat sleeps.\n", encoding="utf-8")
    for name, sentences in (("lines.txt", 2), ("pairs.tsv", 1)):
        result = command("export", saved, "-o", tmp_path / "out", "--sample", tmp_path / name)
        assert result.code == 0, result.err
        certificate = json.loads((tmp_path / "out" / "certificate.json").read_text(encoding="utf-8"))
        assert (certificate["sentences"], certificate["sample"]) == (sentences, "given")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--to", "onnx"], "to is 'onnx', expected one of ctranslate2"),
        (["--quantize", "int4"], "quantize is 'int4', expected int8"),
        (["--sample", "EMPTY"], "has no sentence"),
        (["--sample", "LONG"], "none of 1 sample sentences"),
    ],
)
def test_what_cannot_be(command, saved, tmp_path, options, message):
    (tmp_path / "EMPTY").write_text("\n \n")
    (tmp_path / "LONG").write_text("chat " * 3000)
    result = command("export", saved, "-o", tmp_path / "out", *[
        tmp_path / word if word.isupper() else word for word in options
    ])  # fmt: skip
    assert result.code == 2
    assert message in result.err
    assert not (tmp_path / "out").exists()


def test_a_shape_that_cannot_be_exported_is_named(command, make_bundle, tmp_path):
    save_bundle(make_bundle(qk_norm=True), tmp_path / "bundle")
    result = command("export", tmp_path / "bundle", "-o", tmp_path / "out")
    assert (result.code, result.out) == (2, "")
    assert "model.qk_norm = true" in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_refused_export_leaves_the_earlier_one(command, saved, tmp_path, monkeypatch):
    assert command("export", saved, "-o", tmp_path / "out").code == 0
    before = (tmp_path / "out" / "certificate.json").read_bytes()
    monkeypatch.setattr(fast, "SCALED", False)
    result = command("export", saved, "-o", tmp_path / "out")
    assert result.code == 2
    assert "not the same model, and was not kept: sentence 0, step 0" in result.err
    assert (tmp_path / "out" / "certificate.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
