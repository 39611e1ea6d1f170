"""`crosslight calibrate`, and `crosslight translate --min-confidence` after it."""

import json
import re
import shutil

import numpy as np
import pytest
import torch

from crosslight.bundle import load_bundle
from crosslight.data.batch import make_batch
from crosslight.evaluate.sentence_counts import sentence_chrf
from crosslight.interpret.attention import record_attention
from crosslight.tasks.confidence import FILE, load_confidence, signs_of
from crosslight.text.corpus import Pair, read_tsv
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID


@pytest.fixture(scope="module")
def files(toy, tmp_path_factory):
    folder = tmp_path_factory.mktemp("calibrate")
    pairs = list(read_tsv(toy.pairs))[:80]
    for name, lines in (("v.fr", [p.src for p in pairs]), ("v.en", [p.tgt for p in pairs])):
        (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder / "v.fr", folder / "v.en"


@pytest.fixture
def run(tiny_run, tmp_path):
    return shutil.copytree(tiny_run, tmp_path / "run")


@pytest.fixture
def threshold(command, run, files, tmp_path) -> float:
    """chrF that some of the model's translations reach; it writes nothing sensible."""
    src, ref = files
    assert command("translate", run, "-i", src, "-o", tmp_path / "out").code == 0
    texts = (tmp_path / "out").read_text(encoding="utf-8").split("\n")[:-1]
    scores = sentence_chrf(texts, [ref.read_text(encoding="utf-8").split("\n")[:-1]])
    different = sorted(set(scores))
    assert len(different) > 1
    return different[len(different) // 2]


def test_calibrate_then_mark_then_withhold(command, run, files, threshold):
    src, ref = files
    result = command("calibrate", run, "--src", src, "--ref", ref, "--acceptable", threshold)
    assert result.code == 0, result.err
    tree = json.loads((run / "bundle" / FILE).read_text(encoding="utf-8"))
    assert f"expected calibration error {tree['ece']:.4f}, held out" in result.out
    assert tree["acceptable_chrf"] == pytest.approx(threshold)
    assert tree["n"] == 80
    assert 0 < tree["n_acceptable"] < 80

    text = src.read_bytes().split(b"\n")[:20]
    text[3] = b""
    plain = command("translate", run, stdin=b"\n".join(text) + b"\n")
    lines = plain.out.split("\n")
    bundle = load_bundle(run)
    pairs = [Pair(t.decode(), line) for t, line in zip(text, lines, strict=False)]
    sure = load_confidence(bundle).of(bundle, pairs)
    assert sure[3] is None, "an empty line is nothing to be sure of"
    limit = sorted(p for p in sure if p is not None)[10] + 1e-6
    unsure = {i for i, p in enumerate(sure, start=1) if p is not None and p < limit}
    assert 0 < len(unsure) < 20

    marked = command("translate", run, "--min-confidence", limit, stdin=b"\n".join(text) + b"\n")
    assert marked.out == plain.out
    named = re.findall(r"^line (\d+): confidence (\d\.\d\d): (.*)$", marked.err, re.MULTILINE)
    assert {int(number) for number, _, _ in named} == unsure
    for number, p, translation in named:
        assert float(p) == pytest.approx(sure[int(number) - 1], abs=0.0051)
        assert translation == lines[int(number) - 1]

    text_in = b"\n".join(text) + b"\n"
    kept = command("translate", run, "--min-confidence", limit, "--withhold", stdin=text_in)
    assert kept.out.split("\n") == ["" if i in unsure else line for i, line in enumerate(lines, start=1)]
    everything = command("translate", run, "--min-confidence", "0", "--withhold", stdin=b"Un chat.\n")
    assert everything.out == command("translate", run, stdin=b"Un chat.\n").out


def test_without_a_calibration_it_says_what_to_do(command, run):
    result = command("translate", run, "--min-confidence", "0.5", stdin=b"Un chat.\n")
    assert (result.code, result.out) == (2, "")
    assert f"{run / 'bundle'} is not calibrated" in result.err
    assert f"run: crosslight calibrate {run / 'bundle'} --src" in result.err


def test_withhold_alone(command, run):
    result = command("translate", run, "--withhold", stdin=b"Un chat.\n")
    assert result.code == 2
    assert "--withhold has no limit" in result.err


def test_a_calibration_of_another_model_and_a_broken_one(command, run, files, threshold):
    src, ref = files
    assert command("calibrate", run, "--src", src, "--ref", ref, "--acceptable", threshold).code == 0
    file = run / "bundle" / FILE
    tree = json.loads(file.read_text(encoding="utf-8"))
    for broken, said in (
        ({**tree, "model": "0" * 64}, "belongs to another model"),
        ({**tree, "format": 99}, "cannot be read: ValueError('format 99')"),
        ({**tree, "weights": [1]}, "cannot be read"),
        ({**tree, "signs": list("abcd")}, "cannot be read"),
    ):
        file.write_text(json.dumps(broken), encoding="utf-8")
        result = command("translate", run, "--min-confidence", "0.5", stdin=b"Un chat.\n")
        assert (result.code, result.out) == (2, "")
        assert said in result.err


def test_too_few_sentences_leave_the_bundle_as_it_was(command, run, tmp_path):
    (tmp_path / "a").write_text("Oui.\n")
    (tmp_path / "b").write_text("Yes.\n")
    result = command("calibrate", run, "--src", tmp_path / "a", "--ref", tmp_path / "b")
    assert result.code == 2
    assert "there are 1 sentences, expected at least 50" in result.err
    assert not (run / "bundle" / FILE).exists()


def test_signs_are_those_of_one_sentence_alone(tiny_run, toy):
    """Written out for each pair without padding: softmax, entropy, and attention summed by hand."""
    bundle = load_bundle(tiny_run)
    pairs = [*list(read_tsv(toy.pairs))[:12], Pair("Jane dort.", "Jane Jane sleeps."), Pair("", "x")]
    for pair, found in zip(pairs, signs_of(bundle, pairs), strict=True):
        src, tgt = bundle.src_subword.encode(pair.src), bundle.tgt_subword.encode(pair.tgt)
        batch = make_batch([src], [tgt], pad_id=PAD_ID, bos_id=BOS_ID, eos_id=EOS_ID)
        with torch.inference_mode(), record_attention(bundle.model) as recording:
            p = bundle.model(batch.src, batch.tgt_in).softmax(-1)[0].double().numpy()
        logps = [np.log(row[token]) for row, token in zip(p, [*tgt, EOS_ID], strict=True)]
        entropies = [-(row * np.log(row)).sum() for row in p]
        cross = [w[-1][0].numpy() for name, w in recording.items() if name.endswith("cross_attention")]
        received = np.mean([layer.mean(axis=0) for layer in cross], axis=0).sum(axis=0)[: len(src)]
        coverage = np.minimum(1, received).mean() if src else 1.0
        assert found[:3] == pytest.approx((np.mean(logps), np.mean(entropies), coverage), abs=1e-4)
    assert signs_of(bundle, pairs)[-2][3] == pytest.approx(2 / 3)


def test_it_is_the_same_after_loading(command, run, files, threshold):
    src, ref = files
    assert command("calibrate", run, "--src", src, "--ref", ref, "--acceptable", threshold).code == 0
    bundle = load_bundle(run)
    pairs = [Pair("Un chat.", "A cat."), Pair("", ""), Pair("Un chien.", "")]
    first, blank, empty = load_confidence(bundle).of(bundle, pairs)
    assert 0 <= first <= 1
    assert 0 <= empty <= 1
    assert blank is None
    assert load_confidence(load_bundle(run)).of(bundle, pairs[:1]) == pytest.approx([first], abs=1e-4)
