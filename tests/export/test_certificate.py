"""Every export is certified: six faults, each of which someone has made before, are all refused."""

import dataclasses

import pytest

from crosslight.decode.translator import Translator
from crosslight.errors import ExportError
from crosslight.export import certificate
from crosslight.export import ctranslate2 as fast
from crosslight.nn.positions import sinusoids
from crosslight.tasks import foreign
from crosslight.tasks.export import export_ctranslate2
from crosslight.text.subword import EOS_ID, PAD_ID

STEP = r"sentence \d+, step \d+ \('.+'\): log-probability -[\d.]+, expected -[\d.]+"


def without_bias(convert):
    def faulty(bundle, directory, quantization):
        bias, bundle.model.output.bias = bundle.model.output.bias, None
        try:
            convert(bundle, directory, quantization)
        finally:
            bundle.model.output.bias = bias

    return faulty


FAULTS = {
    "interleaved for half-split sinusoids": (
        fast, "position_table", lambda real: lambda embedding, n: sinusoids(n, 32), STEP
    ),
    "√d forgotten": (fast, "SCALED", lambda real: False, STEP),
    "a tied bias dropped": (fast, "convert", without_bias, STEP),
    "wrong start token": (fast, "START_ID", lambda real: PAD_ID, "the package says start = '<pad>'"),
    "another epsilon (Keras: 1e-3)": (fast, "epsilon", lambda real: lambda model: 1e-3, "says epsilon"),
    "another epsilon (1e-12)": (
        fast, "epsilon", lambda real: lambda model: 1e-12, "says epsilon = 1e-12, the bundle 1e-05"
    ),
    "another length penalty (n^α)": (
        foreign, "Ranking", lambda real: lambda alpha, penalty: real(alpha, "average"),
        r"sentence \d+: the score of a beam output is -[\d.]+, expected -[\d.]+",
    ),
    "another length penalty (none)": (
        foreign, "Ranking", lambda real: lambda alpha, penalty: real(0.0), "or length penalty differ"
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def translator(make_bundle):
    bundle = make_bundle(norm="pre", positions="sinusoidal-half", output_bias=True)
    short = bundle.config.decode.model_copy(update={"max_extra": 10})
    config = bundle.config.model_copy(update={"decode": short})
    return Translator(dataclasses.replace(bundle, config=config, validation=bundle.validation[:6]))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused_and_leaves_nothing_behind(translator, tmp_path, monkeypatch, fault):
    module, name, broken, message = FAULTS[fault]
    monkeypatch.setattr(module, name, broken(getattr(module, name)))
    with pytest.raises(ExportError, match=message):
        export_ctranslate2(translator, tmp_path / "package", "float32")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("wrong start token", STEP),
        ("another epsilon (Keras: 1e-3)", STEP),
        ("another epsilon (1e-12)", f"another ε|{STEP}"),
    ],
)
@pytest.mark.parametrize("shape", [{"norm": "pre"}, {"norm": "post"}, {"norm": "pre", "d_model": 64}])
def test_a_fault_is_seen_in_the_numbers_too(make_bundle, tmp_path, monkeypatch, fault, message, shape):
    """A package that says one thing and does another."""
    module, name, broken, _ = FAULTS[fault]
    monkeypatch.setattr(module, name, broken(getattr(module, name)))
    monkeypatch.setattr(certificate, "_judge_settings", lambda trial: None)
    bundle = make_bundle(**shape)
    short = bundle.config.decode.model_copy(update={"max_extra": 10})
    bundle.config = bundle.config.model_copy(update={"decode": short})
    with pytest.raises(ExportError, match=message):
        export_ctranslate2(Translator(bundle), tmp_path / "package", "float32")


@pytest.mark.parametrize("kind", ["float32", "int8"])
def test_without_a_fault_it_is_certified(translator, tmp_path, kind):
    export_ctranslate2(translator, tmp_path / "package", kind)
    written = (tmp_path / "package" / "certificate.json").read_text(encoding="utf-8")
    for word in ("tokens_equal", "delta_chrf", "source_tokens_per_second", "ctranslate2 ", kind):
        assert word in written


def test_built_in_lines_where_there_are_none(translator, tmp_path):
    bare = Translator(dataclasses.replace(translator.bundle, validation=()))
    export_ctranslate2(bare, tmp_path / "package", "float32")
    assert "built-in lines" in (tmp_path / "package" / "certificate.json").read_text(encoding="utf-8")


TRIAL = certificate.Trial(
    pieces=[["a", "</s>"]], ours=[[-1.0, -2.0]], theirs=[[-1.0, -2.0]], greedy_ours=[[5, EOS_ID]],
    greedy_theirs=[[5, EOS_ID]], margins=[0.0], scores_ours=[[-3.0]], scores_theirs=[[-3.0]], noise=0.0,
    epsilon_share=0.0, epsilon_error=0.0, is_referenced=True,
    settings_ours={"epsilon": 1e-5, "start": "<s>"}, settings_theirs={"epsilon": 1e-5, "start": "<s>"},
    beams_equal=1, chrf_ours=50.0, chrf_theirs=50.0, seconds_ours=1.0, seconds_theirs=1.0, n_tokens=2,
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"theirs": [[-1.0, -2.1]]}, r"sentence 0, step 1 \('</s>'\): log-probability -2.1"),
        ({"theirs": [[float("nan"), -2.0]]}, "sentence 0, step 0"),
        ({"margins": [0.1], "greedy_theirs": [[5, 9]]}, "step 1: greedy search takes a token"),
        ({"theirs": [[-1.00001, -2.0]]}, r"sentence 0, step 0 \('a'\)"),
        ({"scores_theirs": [[-3.1]]}, "the score of a beam output is -3.1"),
        ({"chrf_theirs": 48.0}, "chrF is 48.0, expected 50.0"),
        ({"epsilon_share": -0.8, "epsilon_error": 0.1}, r"another ε .* moved by -0.80"),
        ({"settings_theirs": {"epsilon": 1e-5}}, "the package says start = None"),
    ],
)
def test_what_is_refused(tmp_path, change, message):
    with pytest.raises(ExportError, match=message):
        certificate.certify(dataclasses.replace(TRIAL, **change), "float32", {}, tmp_path)
    assert not list(tmp_path.iterdir())
    assert certificate.certify(TRIAL, "float32", {}, tmp_path)["greedy"]["tokens_equal"] == 1


@pytest.mark.parametrize(
    ("kind", "chrf", "cure"), [("float32", 49.1, "report this"), ("int8", 49.75, "can be too coarse")]
)
def test_how_much_chrf_may_be_lost(tmp_path, kind, chrf, cure):
    """1 in float32, where beams may differ in what is equally good; 0.3 in int8, which nobody need report."""
    assert certificate.certify(dataclasses.replace(TRIAL, chrf_theirs=chrf), kind, {}, tmp_path)
    worse = dataclasses.replace(TRIAL, chrf_theirs=chrf - 0.15)
    with pytest.raises(ExportError, match=r"expected 50\.0") as refused:
        certificate.certify(worse, kind, {}, tmp_path / "none")
    assert cure in refused.value.cure


def test_in_int8_a_score_may_be_far_off_but_not_all_of_them(tmp_path):
    """One byte moves a score now and then by a tenth; another length penalty moves every one."""
    sentences = {
        name: getattr(TRIAL, name) * 10
        for name in ("pieces", "ours", "theirs", "greedy_ours", "greedy_theirs", "margins", "scores_ours")
    }
    one = dataclasses.replace(TRIAL, **sentences, scores_theirs=[[-3.4]] + 9 * [[-3.02]])
    assert certificate.certify(one, "int8", {}, tmp_path)
    every = dataclasses.replace(one, scores_theirs=10 * [[-3.5]])
    with pytest.raises(ExportError, match=r"sentence 0: the score of a beam output is -3\.5"):
        certificate.certify(every, "int8", {}, tmp_path / "none")


def test_a_place_that_is_taken(translator, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(ExportError, match="is no earlier export"):
        export_ctranslate2(translator, tmp_path / "mine", "float32")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_a_place_that_cannot_be_written(translator, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="could not be written"):
        export_ctranslate2(translator, tmp_path / "file" / "package", "float32")
