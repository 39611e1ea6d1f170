"""A model of the other direction chooses: its formula by hand, and what it cannot choose from."""

from dataclasses import replace

import pytest

from crosslight.bundle import save_bundle
from crosslight.decode.hypothesis import length_penalty
from crosslight.decode.reverse import Reverse
from crosslight.decode.translator import Translator
from crosslight.errors import ConfigError
from crosslight.text.subword import EOS_ID, Subword

BEAM = 6


@pytest.fixture(scope="module")
def back(make_bundle, pairs):
    """From the target language to the source language, with pieces of its own."""
    pieces = Subword.train([side for pair in pairs for side in (pair.tgt, pair.src)], vocab_size=350)
    bundle = make_bundle(seed=11, own=pieces)
    bundle.facts = replace(bundle.facts, src_lang="en", tgt_lang="fr")
    return bundle


@pytest.fixture(scope="module")
def texts(pairs):
    return [pair.src for pair in pairs[:12]]


@pytest.mark.parametrize("penalty", ["gnmt", "average"])
@pytest.mark.parametrize("weight", [0.3, 2.0])
def test_the_formula_by_hand(make_bundle, back, texts, weight, penalty):
    """(log p(tgt | src) + w · log p(src | tgt)) / penalty, of all that the beam found."""
    settings = {"beam": BEAM, "alpha": 0.8, "penalty": penalty, "min_length": 3}
    forward = make_bundle(**settings)
    plain, judge = Translator(forward), Translator(back)
    changed = 0
    for text in texts:
        src = [*forward.src_subword.encode(text), EOS_ID]
        expected = []
        for found in plain.search([src], plain.settings_for(BEAM, {}), BEAM)[0]:
            output = forward.tgt_subword.decode(found.tokens)
            source = [*back.src_subword.encode(output), EOS_ID]
            ((*log_probs,),) = judge.score([source], [back.tgt_subword.encode(text)])
            divisor = length_penalty(len(found.tokens) + found.finished, 0.8, penalty)
            expected.append((found.finished, (found.logp + weight * sum(log_probs)) / divisor, output))
        expected.sort(key=lambda each: each[:2], reverse=True)
        choosing = Translator(forward, reverse=Reverse(back, weight))
        best = choosing.translate([text], n_best=len(expected))[0]
        all_found = (best, *best.alternatives)
        assert [t.text for t in all_found] == [output for _, _, output in expected]
        scores = [score for _, score, _ in expected]
        assert [t.score for t in all_found] == pytest.approx(scores, abs=1e-4)
        assert choosing.translate([text])[0].text == best.text
        changed += best.text != plain.translate([text])[0].text
    assert changed >= 3


def test_without_weight_nothing_changes(make_bundle, back, texts):
    bundle = make_bundle(beam=BEAM)
    choosing = Translator(bundle, reverse=Reverse(back, 0.0)).translate(texts)
    assert [t.text for t in choosing] == [t.text for t in Translator(bundle).translate(texts)]


def test_every_part_of_a_text_is_chosen_for_itself(make_bundle, back, texts):
    choosing = Translator(make_bundle(beam=BEAM), reverse=Reverse(back, 2.0))
    apart, together = choosing.translate(texts[:2]), choosing.translate(["\n".join(texts[:2])])
    assert together[0].text == "\n".join(t.text for t in apart)


def test_an_ensemble_and_a_beginning_are_chosen_from_too(make_bundle, back, texts):
    bundle, partner = make_bundle(beam=BEAM), make_bundle(seed=7)
    alone = Translator(bundle, partners=[partner])
    choosing = Translator(bundle, partners=[partner], reverse=Reverse(back, 2.0))
    outputs = choosing.translate(texts)
    candidates = alone.translate(texts, n_best=BEAM)
    for output, found in zip(outputs, candidates, strict=True):
        assert output.text in {found.text, *(t.text for t in found.alternatives)}
    assert [t.text for t in outputs] != [t.text for t in candidates]
    assert all(t.text.lstrip().startswith("Je") for t in choosing.translate(texts[:3], prefix="Je"))


def test_what_is_too_long_for_it_stays_as_it_was(make_bundle, back, texts, monkeypatch):
    reverse = Reverse(back, 2.0)
    monkeypatch.setattr(reverse._searcher, "most_tokens", 3)
    bundle = make_bundle(beam=BEAM)
    outputs = Translator(bundle, reverse=reverse).translate(texts)
    assert [t.text for t in outputs] == [t.text for t in Translator(bundle).translate(texts)]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({"beam": 1}, "a beam of 1"), ({"temperature": 1.0}, "drawn")],
)
def test_there_must_be_something_to_choose_from(make_bundle, back, texts, settings, expected):
    with pytest.raises(ConfigError, match=expected):
        Translator(make_bundle(), reverse=Reverse(back)).translate(texts, **settings)


def test_a_beam_that_is_widened_is_wide_enough(make_bundle, back, texts):
    assert Translator(make_bundle(beam=1), reverse=Reverse(back)).translate(texts[:2], n_best=3)


def test_it_must_be_of_the_other_direction(make_bundle, back):
    with pytest.raises(ConfigError, match="from fr to en, and the other direction is from en to fr"):
        Translator(make_bundle(), reverse=Reverse(make_bundle()))
    with pytest.raises(ConfigError, match="is -1"):
        Reverse(back, -1.0)


def test_at_the_command_line(make_bundle, back, texts, tmp_path, command):
    save_bundle(make_bundle(beam=BEAM), tmp_path / "there")
    save_bundle(back, tmp_path / "back")
    asked = ["translate", tmp_path / "there", *texts[:6]]
    plain, chosen = command(*asked), command(*asked, "--reverse", tmp_path / "back", "--reverse-weight", "2")
    assert plain.code == chosen.code == 0
    assert plain.out != chosen.out
    refused = command(*asked, "--reverse", tmp_path / "there")
    assert refused.code == 2
    assert "source and target exchanged" in refused.err
