"""`crosslight contrast` from end to end, and with a model whose preference is known."""

import dataclasses
import json
import math

import pytest

from crosslight.bundle import load_bundle
from crosslight.tasks import contrast as task
from crosslight.text.corpus import Pair, read_tsv


@pytest.fixture
def files(tmp_path, toy):
    pairs = [
        *list(read_tsv(toy.pairs))[:60],
        Pair("Il a payé 27 €.", "He paid 27 euros."),
        Pair("x\u2028", "No."),
    ]
    for name, lines in (("test.fr", [p.src for p in pairs]), ("test.en", [p.tgt for p in pairs])):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return tmp_path / "test.fr", tmp_path / "test.en"


def test_contrasts_of_a_test_set(command, tiny_run, files, tmp_path):
    src, ref = files
    result = command(
        "contrast", tiny_run, "--src", src, "--ref", ref, "--json", tmp_path / "x.json", "--mistakes"
    )
    assert result.code == 0, result.err
    found = {r["name"]: r for r in json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))}
    assert found["number changed"]["n"] == 1
    for one in found.values():
        assert 0 <= one["right"] <= one["n"]
        if one["n"]:
            low, high = one["interval"]
            assert low <= one["accuracy"] <= high
            assert f"{one['accuracy']:.1%}" in result.out
        assert all(m["logp"] <= m["logp_wrong"] for m in one["mistakes"])
        assert all(m["wrong"] in result.out for m in one["mistakes"])


def test_a_language_whose_negation_is_not_known(command, tiny_run, files, monkeypatch):
    src, ref = files
    bundle = load_bundle(tiny_run)
    bundle.facts = dataclasses.replace(bundle.facts, tgt_lang="fi")
    monkeypatch.setattr(task, "load_bundle", lambda path: bundle)
    result = command("contrast", tiny_run, "--src", src, "--ref", ref)
    assert result.code == 0
    assert "negation added: skipped: its words are known for en, de, fr, sv, no, the target" in result.err
    assert "language is fi\nnegation removed: skipped" in result.err


def test_accuracy_counts_what_is_less_probable_than_the_reference(monkeypatch, tiny_run):
    """A stand-in that knows only lengths: it finds longer texts less probable, so drops are preferred."""
    monkeypatch.setattr(task, "mean_logps", lambda bundle, pairs: [-float(len(p.tgt)) for p in pairs])
    made = [
        c
        for line in range(3)
        for c in task.contrasts_of(Pair("", "When it rains hard, we all stay at home."), line, "en")
    ]
    found = {r.name: r for r in task.class_results(load_bundle(tiny_run), made)}
    assert (found["clause dropped"].n, found["clause dropped"].right) == (3, 0)
    assert (found["phrase duplicated"].n, found["phrase duplicated"].accuracy) == (3, 1.0)
    assert found["number changed"].accuracy is None
    assert found["number changed"].note == "no sentence of the test set gives one"


@pytest.mark.parametrize(("right", "n"), [(0, 5), (3, 9), (90, 100), (5, 5)])
def test_the_interval_is_wilson_s(right, n):
    """Its ends are the shares p that are just 1.96 of their own standard deviations from the one seen."""
    low, high = task.ClassResult("x", "", n, right, ()).interval
    for end in {low, high} - {0.0, 1.0}:
        if 1e-12 < end < 1 - 1e-12:
            assert abs(right / n - end) == pytest.approx(1.959964 * math.sqrt(end * (1 - end) / n))


def test_a_test_set_without_contrasts(command, tiny_run, tmp_path):
    (tmp_path / "a").write_text("Oui.\n")
    (tmp_path / "b").write_text("Yes.\n")
    result = command("contrast", tiny_run, "--src", tmp_path / "a", "--ref", tmp_path / "b")
    assert (result.code, result.out) == (2, "")
    assert "no contrast can be made of the 1 pairs" in result.err
