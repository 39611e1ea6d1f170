"""Going on from a finished model: what is taken over, what is refused, and what is forgotten."""

import gzip
import re
import shutil
import signal

import pytest
import torch

from crosslight.bundle import load_bundle
from crosslight.config.choose import HIGHEST_DROPOUT
from crosslight.config.load import merge
from crosslight.tasks.plan import plan
from crosslight.text.corpus import read_tsv
from crosslight.train.checkpoints import weights
from crosslight.train.progress import Progress


@pytest.fixture
def new_pairs(toy, tmp_path):
    """Other sentences than the toy's."""
    sample = toy.pairs.read_text(encoding="utf-8").splitlines()
    file = tmp_path / "new.tsv"
    file.write_text(
        "".join(f"{line.split(chr(9))[0]} bis\t{line.split(chr(9))[1]} again\n" for line in sample)
    )
    return file


@pytest.fixture
def tune(command, new_pairs, tiny_run, tmp_path):
    def run(*more, steps=6):
        arguments = ["--pairs", new_pairs, "--from", tiny_run, "--steps", steps, "-o", tmp_path / "tuned"]
        return command("train", *arguments, "--set", "train.threads=1", *more)

    return run


def test_pieces_shape_and_weights_are_taken_over(tune, tiny_run, tmp_path):
    result = tune("--set", "train.learning_rate=1e-12")
    assert result.code == 0
    assert "285 pairs, 30 updates; its pieces and its shape stay" in result.err
    old, new = load_bundle(tiny_run), load_bundle(tmp_path / "tuned")
    assert new.config.model == old.config.model
    assert new.src_subword.to_bytes() == old.src_subword.to_bytes()
    before, after = weights(old.model), weights(new.model)
    for name in before:  # a step of nearly nothing leaves them nearly there
        torch.testing.assert_close(after[name], before[name], rtol=0, atol=1e-7)


def test_batch_and_dropout_suit_the_new_text_and_the_time(new_pairs, tiny_run, tmp_path):
    """What the old corpus took says nothing of a small one that is seen some hundred times."""
    few = tmp_path / "few.tsv"
    few.write_text("".join(new_pairs.read_text().splitlines(keepends=True)[:30]))
    given = {"data": {"pairs": [str(few)]}, "finetune": {"start": str(tiny_run)}}
    config, reasons = plan(merge(given, {"train": {"minutes": 0.5, "threads": 1}}), tmp_path, None, None)
    assert config.model.dropout == HIGHEST_DROPOUT
    assert any(reason.startswith("dropout 0.25") for reason in reasons)
    assert config.train.max_tokens_per_batch <= load_bundle(tiny_run).config.train.max_tokens_per_batch
    kept, _ = plan(merge(given, {"train": {"steps": 6}}), tmp_path, None, None)
    assert kept.model.dropout == load_bundle(tiny_run).config.model.dropout


def test_every_validation_shows_the_old_set_too(tune, tmp_path):
    result = tune("--set", "train.validations=2")
    assert re.search(r"before: loss [\d.]+, chrF [\d.]+ on the new validation set; loss [\d.]+", result.err)
    assert len(re.findall(r"valid at step \d: .* · old loss \d\.\d{3} · old chrF [\d.]+", result.err)) == 2
    assert re.search(r"old validation set: loss [\d.]+ → [\d.]+, chrF [\d.]+ → [\d.]+", result.err)
    scores = load_bundle(tmp_path / "tuned").facts.scores
    assert any(name.startswith("chrF (old validation, ") for name in scores)


def test_much_forgotten_comes_with_advice(tune, monkeypatch):
    monkeypatch.setattr("crosslight.tasks.finetune.MUCH", -1000.0)
    assert "mix old text in: give it with --pairs" in tune().err


def test_interrupted_and_resumed_it_ends_with_the_same_weights(tune, command, tmp_path, monkeypatch):
    def weights_file():
        return (tmp_path / "tuned" / "bundle" / "model.safetensors").read_bytes()

    assert tune().code == 0
    whole = weights_file()
    shutil.rmtree(tmp_path / "tuned")
    shown = Progress.step

    def step(self, ledger, *rest):
        shown(self, ledger, *rest)
        if ledger.step == 3:
            signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "step", step)
        assert tune().code == 128 + signal.SIGTERM
    result = command("train", "--resume", tmp_path / "tuned")
    assert result.code == 0
    assert "old validation set: loss" in result.err
    assert weights_file() == whole


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (["--preset", "small"], "--preset small cannot be given with --from"),
        (["--set", "model.d_ff=8"], "model.d_ff = 8, but "),
        (["--set", "subword.vocab_size=100"], "subword.vocab_size = 100, but "),
        (["--old-valid-src", "x.fr"], "old_valid_src and old_valid_tgt come together"),
    ],
)
def test_what_contradicts_the_bundle_is_refused(tune, tmp_path, wish, message):
    result = tune(*wish)
    assert result.code == 2
    assert message in result.err
    assert not (tmp_path / "tuned").exists()


def test_an_old_validation_set_needs_a_bundle(command, toy, tmp_path):
    arguments = toy.train(tmp_path / "run", "--old-valid-src", "a", "--old-valid-tgt", "b")
    assert "old_valid_src is for fine-tuning" in command(*arguments).err


def test_old_sentences_in_the_new_corpus_are_not_trained_on(command, toy, tiny_run, tmp_path):
    arguments = ["--pairs", toy.pairs, "--from", tiny_run, "--steps", 1, "-o", tmp_path / "tuned"]
    assert command("train", *arguments).code == 0
    old = {pair.src for pair in load_bundle(tiny_run).validation}
    text = (tmp_path / "tuned" / "data" / "train" / "src-text.values").read_text(encoding="utf-8")
    assert old and not any(sentence in text for sentence in old)


# ---- the sample of the validation set in a bundle


def test_a_bundle_carries_pairs_that_it_was_not_trained_on(tiny_run):
    bundle = load_bundle(tiny_run)
    assert len(bundle.validation) == 15
    assert list(read_tsv(tiny_run / "bundle" / "validation.tsv.gz")) == list(bundle.validation)
    assert "| text inside | 15 pairs" in (tiny_run / "bundle" / "README.md").read_text(encoding="utf-8")
    text = (tiny_run / "data" / "train" / "src-text.values").read_text(encoding="utf-8")
    assert not any(pair.src in text for pair in bundle.validation)


def test_private_text_stays_out(tune, command, toy, tiny_run, tmp_path):
    run = tmp_path / "private"
    done = command(*toy.train(run, "--steps", "1", "--set", "train.bundled_validation=0"))
    assert done.code == 0
    assert not (run / "bundle" / "validation.tsv.gz").exists()
    assert "| text inside | none |" in (run / "bundle" / "README.md").read_text(encoding="utf-8")
    assert load_bundle(run).validation == ()
    pairs = load_bundle(tiny_run).validation
    for side in ("src", "tgt"):
        (tmp_path / side).write_text("".join(f"{getattr(pair, side)}\n" for pair in pairs), encoding="utf-8")
    files = ["--old-valid-src", tmp_path / "src", "--old-valid-tgt", tmp_path / "tgt"]
    assert "old loss" not in tune("--from", run).err
    shutil.rmtree(tmp_path / "tuned")
    assert "old loss" in tune("--from", run, *files).err


def test_an_altered_sample_is_noticed(tiny_run, tmp_path, command):
    run = shutil.copytree(tiny_run, tmp_path / "run")
    (run / "bundle" / "validation.tsv.gz").write_bytes(gzip.compress(b"Autre.\tOther.\n"))
    result = command("translate", run, stdin=b"Bonjour.\n")
    assert result.code == 2
    assert "validation.tsv.gz is not what was saved" in result.err
