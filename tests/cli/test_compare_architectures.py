"""`crosslight compare-architectures` from end to end, with models that learn nothing in a few steps."""

import html.parser
import json
import re
import shutil
import signal

import pytest

from crosslight.report.architectures import architectures_page
from crosslight.tasks.architectures import gradients, speed
from crosslight.train.progress import Progress

ARMS = """
[all.train]
max_tokens_per_batch = 256
validations = 1
sample_size = 2
average_last = 1

[transformer]
label = "Transformer"
[transformer.model]
kind = "transformer"
d_model = 16
d_ff = 24
n_heads = 2
n_encoder_layers = 1
n_decoder_layers = 1

[rnn-plain]
label = "RNN <without> attention"
[rnn-plain.model]
kind = "rnn"
attention = "none"
d_model = 12
d_hidden = 12

[spare]
label = "Spare"
control = true
[spare.model]
kind = "transformer"
d_model = 8
d_ff = 8
n_heads = 1
n_encoder_layers = 1
n_decoder_layers = 1
"""
EVIL = "</p><script>alert(1)</script><img src=http://x.example/a onerror=\"alert('2')\">&amp; {{style}}"


class Outline(html.parser.HTMLParser):
    """Which tags and attributes a page has, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.text += data


SENTENCE = "Un chat dort."


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(speed, "LENGTHS", (4, 8))
    monkeypatch.setattr(speed, "TOKENS", 32)
    monkeypatch.setattr(speed, "ROUNDS", 1)
    monkeypatch.setattr(speed, "SECONDS", 0.01)
    monkeypatch.setattr(speed, "FEW", 2)
    monkeypatch.setattr(gradients, "N_SENTENCES", 2)


@pytest.fixture(scope="module")
def files(tmp_path_factory, toy):
    """The arms' file, and a test set of 14 pairs."""
    folder = tmp_path_factory.mktemp("arms")
    (folder / "arms.toml").write_text(ARMS, encoding="utf-8")
    lines = toy.pairs.read_text(encoding="utf-8").splitlines()[:14]
    (folder / "test.tsv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


@pytest.fixture
def compare(command, toy, files):
    def run(out, *more, steps=3, seeds="1"):
        return command(
            "compare-architectures", "--pairs", toy.pairs, "--test-pairs", files / "test.tsv",
            "--arms", files / "arms.toml", "--steps", steps, "--seeds", seeds,
            "--set", "subword.vocab_size=420", "--set", "train.threads=1", "--set", "train.precision=fp32",
            "--set", "decode.max_extra=3", "--sentence", SENTENCE, "-o", out, *more,
        )  # fmt: skip

    return run


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The directory of a finished comparison, made by the first test that asks for it."""
    return tmp_path_factory.mktemp("comparison") / "out"


@pytest.fixture
def done(compare, finished):
    if not (finished / "report.json").is_file():
        result = compare(finished, seeds="1,2")
        assert result.code == 0, result.err
        (finished / "first.txt").write_text(result.out, encoding="utf-8")
    return finished


def test_every_arm_has_its_figures(done):
    found = json.loads((done / "report.json").read_text(encoding="utf-8"))
    assert [arm["name"] for arm in found["arms"]] == ["transformer", "rnn-plain"], "no control unasked"
    assert [(run["arm"], run["seed"], run["steps"]) for run in found["runs"]] == [
        ("transformer", 1, 3), ("transformer", 2, 3), ("rnn-plain", 1, 3), ("rnn-plain", 2, 3),
    ]  # fmt: skip
    for metric in ("chrF", "BLEU"):
        for arm in found[metric]["arms"].values():
            assert len(arm["seeds"]) == 2
            assert arm["value"] == pytest.approx(sum(arm["seeds"]) / 2)
            assert arm["low"] <= arm["value"] <= arm["high"]
    assert found["attention"]["text"] == SENTENCE
    assert found["attention"]["arms"]["rnn-plain"]["weights"] is None
    seen = found["attention"]["arms"]["transformer"]
    assert [len(row) for row in seen["weights"]] == [len(seen["src"])] * len(seen["tgt"])
    assert all(sum(row) == pytest.approx(1, abs=0.02) for row in seen["weights"])
    text = (done / "first.txt").read_text(encoding="utf-8")
    for arm in found["arms"]:
        assert re.search(
            re.escape(arm["label"]) + rf" +\d\.\d\d M +{found['chrF']['arms'][arm['name']]['value']:.1f}",
            text,
        )
    assert "attention beats no attention by 5 chrF or more: it takes the arms rnn and rnn-plain" in text


def test_tokenizer_and_pairs_are_the_same_for_all(done):
    runs = [done / "runs" / name for name in ("transformer-1", "transformer-2", "rnn-plain-2")]
    for file in ("src.subword", "train/src-ids.values", "train/tgt-ids.values", "valid/src-text.values"):
        whole = (done / "data" / file).read_bytes()
        assert all((run / "data" / file).read_bytes() == whole for run in runs)
    first, second = (run / "bundle" / "model.safetensors" for run in runs[:2])
    assert first.read_bytes() != second.read_bytes(), "the seeds differ"


@pytest.mark.slow
def test_what_is_finished_is_passed_over_and_more_may_be_asked_for(done, compare, tmp_path):
    out = shutil.copytree(done, tmp_path / "out")
    weights = out / "runs" / "transformer-1" / "bundle" / "model.safetensors"
    before = weights.stat().st_mtime_ns
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    result = compare(out, "--controls", seeds="1,2")
    assert result.code == 0, result.err
    assert "4 of 6 trainings are there already" in result.err
    assert "translating with transformer-1" not in result.err
    assert weights.stat().st_mtime_ns == before
    found = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert [arm["name"] for arm in found["arms"]] == ["transformer", "rnn-plain", "spare"]
    assert found["chrF"]["arms"]["transformer"]["seeds"] == report["chrF"]["arms"]["transformer"]["seeds"]


def test_another_comparison_in_the_same_place_is_refused(done, compare):
    result = compare(done, "--set", "model.dropout=0.3", seeds="1,2")
    assert result.code == 2
    assert "holds another comparison:\n  - model.dropout: 0.2 before, 0.3 now" in result.err


def test_stopped_it_goes_on_to_the_same_weights(done, compare, tmp_path, monkeypatch):
    shown = Progress.step

    def step(self, ledger, *rest):
        shown(self, ledger, *rest)
        if ledger.step == 2:
            signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "step", step)
        result = compare(tmp_path / "out", "--only", "rnn-plain")
    assert result.code == 128 + signal.SIGTERM
    assert "The same command goes on." in result.err
    assert not (tmp_path / "out" / "report.json").exists()
    assert compare(tmp_path / "out", "--only", "rnn-plain").code == 0
    file = "runs/rnn-plain-1/bundle/model.safetensors"
    assert (tmp_path / "out" / file).read_bytes() == (done / file).read_bytes()


@pytest.mark.slow
def test_side_by_side_is_the_same(done, compare, tmp_path):
    result = compare(tmp_path / "out", "--parallel", "2")
    assert result.code == 0, result.err
    for run in ("transformer-1", "rnn-plain-1"):
        file = f"runs/{run}/bundle/model.safetensors"
        assert (tmp_path / "out" / file).read_bytes() == (done / file).read_bytes()


def test_the_page_asks_nobody_and_text_stays_text(done):
    page = (done / "report.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|url\(|@import", page)
    found = json.loads((done / "report.json").read_text(encoding="utf-8"))
    assert f"{found['chrF']['arms']['transformer']['value']:.1f}" in Outline(page).text
    assert "RNN <without> attention" in Outline(page).text
    found["attention"]["text"] = found["arms"][0]["label"] = found["about"]["license"] = EVIL
    found["attention"]["arms"]["transformer"]["src"][0] = EVIL
    outline = Outline(architectures_page(found))
    assert not {"script", "img", "link", "iframe"} & outline.tags
    assert not {"src", "href", "action", "onerror"} & outline.attributes
    assert EVIL in outline.text


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--only", "lstm"], "arms.toml has no arm called lstm"),
        (["--set", "model.d_model=15"], "d_model = 15 is not divisible by n_heads = 2"),
        (["--test-src", "a"], "a test set is --test-src with --test-tgt, or --test-pairs"),
    ],
)
def test_faults_come_before_any_training(compare, tmp_path, more, message):
    result = compare(tmp_path / "out", *more)
    assert result.code == 2
    assert message in result.err
    assert not (tmp_path / "out").exists()


def test_seeds_are_numbers(compare, tmp_path):
    result = compare(tmp_path / "out", seeds="1,x")
    assert (result.code, "--seeds '1,x' are no seeds" in result.err) == (2, True)
