"""Every architecture through every command: trained, killed, resumed, used, looked into, exported, served.

What one of them does not have (attention, another program that knows it) is refused in words, never by a
traceback, and never by something else in its place.
"""

import dataclasses
import json
import multiprocessing
import re
import runpy
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from crosslight.bundle import load_bundle
from crosslight.config.architecture import MODEL_CONFIGS
from crosslight.decode.translator import Translator
from crosslight.export.certificate import TOLERANCES
from crosslight.interpret.attention import record_attention
from crosslight.interpret.maps import look
from crosslight.tasks import inside
from crosslight.tasks.alignments import Passage, attended
from crosslight.tasks.confidence import COVERAGE, SIGNS, signs_of
from crosslight.text.corpus import Pair, read_tsv
from crosslight.text.links import blank_words
from crosslight.train.checkpoints import Checkpoints

MODELS = {
    "transformer": "d_model = 16\nd_ff = 32\nn_heads = 2\nn_encoder_layers = 2\nn_decoder_layers = 2",
    "rnn": "d_model = 16\nd_hidden = 16\nd_attention = 12",
    "rnn without attention": 'kind = "rnn"\nattention = "none"\nd_model = 16\nd_hidden = 16',
    "conv": "d_model = 16\nd_hidden = 16\nn_encoder_layers = 2\nn_decoder_layers = 2",
    "universal": "d_model = 16\nd_ff = 32\nn_heads = 2\nmax_steps = 3",
}
PLAIN = "rnn without attention"
N_CROSS = {"transformer": (2, 2), "rnn": (1, 1), "conv": (2, 1), "universal": (3, 2)}  # layers, heads
SETTINGS = """
[subword]
vocab_size = 420

[model]
{model}

[train]
max_tokens_per_batch = 256
learning_rate = 3e-3
schedule = "linear"
warmup_steps = 10
validations = 2
sample_size = 2
average_last = 2
threads = 1
precision = "fp32"

[decode]
max_extra = 8
"""
STEPS, KILLED_AT = 20, 13
HTML = b"<p>Un <b>chat</b> dort dans <a href='u'>le jardin</a>.</p>"


@dataclass(frozen=True)
class Grown:
    """A trained run of one architecture."""

    name: str
    run: Path

    @property
    def kind(self) -> str:
        return self.name.split()[0]

    @property
    def bundle(self):
        return load_bundle(self.run)


def program(*arguments: object) -> int:
    """The program in this process; its exit code."""
    from crosslight.cli.main import main

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["crosslight", *map(str, arguments)])
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0)
    return 0


def train(toy, config: Path, out: Path) -> list[object]:
    return ["train", "--pairs", toy.pairs, "--config", config, "-o", out, "--steps", STEPS]


@pytest.fixture(scope="module", params=list(MODELS))
def grown(request, toy, tmp_path_factory) -> Grown:
    folder = tmp_path_factory.mktemp("grown")
    model = MODELS[request.param]
    text = model if model.startswith("kind") else f'kind = "{request.param}"\n{model}'
    (folder / "own.toml").write_text(SETTINGS.format(model=text))
    assert program(*train(toy, folder / "own.toml", folder / "run")) == 0
    return Grown(request.param, folder / "run")


@pytest.fixture
def own(grown, tmp_path) -> Grown:
    """A copy that a test may write into."""
    return Grown(grown.name, shutil.copytree(grown.run, tmp_path / "own"))


def weights_of(run: Path) -> bytes:
    return (run / "bundle" / "model.safetensors").read_bytes()


def test_killed_and_resumed_it_ends_with_the_same_weights(grown, toy, tmp_path):
    out = tmp_path / "killed"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["crosslight.tasks.train"])
    told = {
        "ARGUMENTS": [str(word) for word in train(toy, grown.run.parent / "own.toml", out)],
        "KILLED_AT": KILLED_AT,
    }
    script = Path(__file__).with_name("trained_and_killed.py")
    process = context.Process(target=runpy.run_path, args=(str(script), told))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    assert not (out / "bundle").exists()
    assert Checkpoints(out / "checkpoints", keep=2).ledger().step <= KILLED_AT
    assert program("train", "--resume", out) == 0
    assert load_bundle(out).config.model.kind == grown.kind
    assert weights_of(out) == weights_of(grown.run)


def test_translates_and_is_evaluated(command, grown, toy, tmp_path):
    pairs = list(read_tsv(toy.pairs))[:12]
    result = command("translate", grown.run, "--beam", 4, stdin="\n".join(p.src for p in pairs).encode())
    assert result.code == 0, result.err
    lines = result.out.split("\n")[:-1]
    assert len(lines) == 12
    # One by one is as all together: neighbors of a batch change nothing.
    translator = Translator(grown.bundle)
    alone = [translator.translate([p.src], beam=4)[0].text for p in pairs]
    assert lines == alone
    (tmp_path / "test.tsv").write_text("".join(f"{p.src}\t{p.tgt}\n" for p in pairs))
    (tmp_path / "src").write_text("".join(f"{p.src}\n" for p in pairs))
    (tmp_path / "ref").write_text("".join(f"{p.tgt}\n" for p in pairs))
    result = command("evaluate", grown.run, "--src", tmp_path / "src", "--ref", tmp_path / "ref", "--json")
    assert result.code == 0, result.err
    assert "loss" in result.out
    result = command("alternatives", grown.run, pairs[0].src)
    assert result.code == 0, result.err
    assert result.out.strip()
    if grown.kind != "transformer":  # whose page has tests of its own
        result = command("report", grown.run / "bundle", "-o", tmp_path / "site", "--text", "Un chat dort.")
        assert result.code == 0, result.err


def test_inspected(command, grown, tmp_path):
    page = tmp_path / "page.html"
    result = command("inspect", grown.run, "Un chat dort.", "-o", page)
    if grown.name == PLAIN:
        assert result.code == 2
        assert "this model has no attention" in result.err
        assert not page.exists()
        return
    assert result.code == 0, result.err
    n_layers, n_heads = N_CROSS[grown.name]
    assert f"Cross-attention, layer {n_layers} of {n_layers}, " in result.out
    block = re.search(r'<script[^>]*id="data"[^>]*>(.*?)</script>', page.read_text(), re.S)
    kinds = json.loads(block[1])["kinds"]
    has_all = grown.kind in ("transformer", "universal")
    assert list(kinds) == (["encoder", "decoder", "cross"] if has_all else ["cross"])
    assert (kinds["cross"]["words"]["layers"], kinds["cross"]["words"]["heads"]) == (n_layers, n_heads)
    result = command("inspect", grown.run, "Un chat dort.", "--kind", "encoder")
    assert (result.code == 0) == has_all
    if not has_all:
        assert "--kind encoder: a model of this architecture has no attention there" in result.err
        assert "choose cross" in result.err


def test_the_maps_are_those_that_were_recorded(grown):
    """Of one sentence alone, from the raw recording, token by token: another way to the same numbers."""
    if grown.name == PLAIN:
        pytest.skip("it has none")
    bundle = grown.bundle
    pairs = [Pair("Un chat dort.", "A cat is sleeping."), Pair("Elle lit un livre.", "She reads.")]
    for pair, seen in zip(pairs, attended(bundle, [Passage(p) for p in pairs]), strict=True):
        src = torch.tensor([[*bundle.src_subword.encode(pair.src), 3]])
        tgt_in = torch.tensor([[2, *bundle.tgt_subword.encode(pair.tgt)]])
        with torch.inference_mode(), record_attention(bundle.model) as recording:
            state = bundle.model.start(src)
            for t in range(tgt_in.shape[1]):
                _, state = bundle.model.decode(tgt_in[:, t : t + 1], state)
        names = [name for name in recording if re.search(r"^decoder.*(cross_|[a-z0-9]\.)attention$", name)]
        names = [name for name in names if "self" not in name]
        assert seen.weights.shape[:2] == N_CROSS[grown.name]
        for t in range(tgt_in.shape[1]):
            if grown.kind == "universal":
                continue  # how often it is called differs from token to token: tested below
            for layer, name in enumerate(names):
                row = recording[name][t][0, :, 0].numpy()
                np.testing.assert_allclose(seen.weights[layer][:, t], row, atol=1e-5)


def test_a_halted_position_keeps_its_last_map(grown):
    if grown.kind != "universal":
        pytest.skip("only a Universal Transformer halts")
    bundle = grown.bundle
    src, tgt_in = torch.randint(4, 400, (5, 7)), torch.randint(4, 400, (5, 6))
    n_steps = torch.zeros(5, 6)
    torch.manual_seed(3)
    while len(n_steps.unique()) == 1:  # until some positions take one step and others more
        with torch.inference_mode():
            for parameter in bundle.model.parameters():
                parameter.add_(0.3 * torch.randn_like(parameter))
            n_steps = bundle.model.features_and_halting(src, tgt_in)[2].n_steps
    with torch.inference_mode():
        seen = look(bundle.model, src, tgt_in)
        for row in range(5):
            alone = look(bundle.model, src[row : row + 1], tgt_in[row : row + 1])
            torch.testing.assert_close(alone.cross[0], seen.cross[row], atol=1e-6, rtol=0)
            for t in range(6):
                for step in range(int(n_steps[row, t]), 3):
                    assert torch.equal(seen.cross[row, step, :, t], seen.cross[row, step - 1, :, t])


def test_aligned(command, own, toy, tmp_path):
    result = command("align", own.run, "--src", toy.pairs)
    lines = b"Un chat dort.\nElle lit un livre.\n"
    if own.name == PLAIN:
        assert result.code == 2
        assert "this model has no attention" in result.err
        result = command("translate", own.run, "--alignments", tmp_path / "links", stdin=lines)
        assert (result.code, result.out) == (2, "")
        assert "this model has no attention" in result.err
        return
    assert result.code == 0, result.err
    assert "against an aligner that learned from 300 pairs" in result.out
    result = command("translate", own.run, "--alignments", tmp_path / "links", stdin=lines)
    assert result.code == 0, result.err
    for text, line in zip(
        result.out.splitlines(), (tmp_path / "links").read_text().splitlines(), strict=True
    ):
        assert {int(link.split("-")[1]) for link in line.split()} == set(range(len(blank_words(text))))


def test_a_document_keeps_its_tags(command, own, tmp_path):
    (tmp_path / "a.html").write_bytes(HTML)
    result = command("translate", own.run, "--input", tmp_path / "a.html", "-o", tmp_path / "b.html")
    assert result.code == 0, result.err
    text = (tmp_path / "b.html").read_text()
    for tag in ("<p>", "<b>", "</b>", "<a href='u'>", "</a>", "</p>"):
        assert text.count(tag) == 1, text


def test_signs_of_confidence(grown):
    (row,) = signs_of(grown.bundle, [Pair("Un chat dort.", "A cat is sleeping.")])
    expected = [sign for sign in SIGNS if grown.name != PLAIN or sign != COVERAGE]
    assert len(row) == len(expected)
    if grown.name != PLAIN:
        assert 0 < row[SIGNS.index(COVERAGE)] <= 1


def test_exported_or_refused(command, own, tmp_path, monkeypatch):
    # After 20 steps chrF is 1 and says nothing; what rounding did is measured below.
    mild = dataclasses.replace(TOLERANCES["int8"], chrf=100.0)
    monkeypatch.setitem(TOLERANCES, "int8", mild)
    said = "is made of a Transformer, and this bundle holds a model of kind"
    if own.kind != "transformer":  # those of a Transformer have tests of their own
        for target in ("ctranslate2", "huggingface"):
            result = command("export", own.run, "--to", target, "-o", tmp_path / target)
            assert result.code == 2
            assert said in result.err, target
            assert not (tmp_path / target).exists()
        for engine in ("ctranslate2", "int8"):
            result = command("translate", own.run, "--engine", engine, stdin=b"Un chat.\n")
            assert (result.code, result.out) == (2, "")
            assert said in result.err
        auto, torchs = (
            command("translate", own.run, "--engine", engine, stdin=b"Un chat dort.\n").out
            for engine in ("auto", "torch")
        )
        assert auto == torchs != ""
    result = command("export", own.run, "--to", "bundle", "-o", tmp_path / "small")
    assert result.code == 0, result.err
    small = load_bundle(tmp_path / "small")
    assert small.config.model.kind == own.kind
    for (name, ours), theirs in zip(
        own.bundle.model.named_parameters(), small.model.parameters(), strict=True
    ):
        # One byte a number: a step of the largest number of a row, or of the tensor.
        assert (ours - theirs).abs().max() <= ours.abs().max() / 127 + 1e-6, name


def test_served_with_its_views(grown):
    from starlette.testclient import TestClient

    from crosslight.serve.app import make_app, make_service
    from crosslight.serve.inside import PARAMETERS
    from crosslight.serve.loaded import LoadedBundle
    from crosslight.serve.models import Served
    from crosslight.serve.settings import Limits, ServeSettings

    service = make_service(
        [Served(grown.run / "bundle", "fr", "en", "m", False)],
        lambda one: LoadedBundle(one.path, "torch", 1),
        ServeSettings(Limits()),
    )
    text = "Un chat dort."
    fields = {"q": text, "source": "fr", "target": "en"}
    with TestClient(make_app(service), base_url="http://localhost") as client:
        answer = client.post("/translate", json=fields)
        assert answer.status_code == 200, answer.text
        assert answer.json()["translatedText"] == Translator(grown.bundle).translate([text])[0].text
        frame = client.post("/api/v1/inside/sentence", json=fields).json()
        assert frame["model"]["kind"] == grown.kind
        for view in PARAMETERS:
            answer = client.post(f"/api/v1/inside/{view}", json=fields)
            if view in frame["views"]:
                assert answer.status_code == 200, (view, answer.text)
                continue
            assert answer.status_code == 400, view
            reason = answer.json()["error"]
            refusals = {"attention": "has no attention", "ponder": "takes as many steps for every piece"}
            assert refusals.get(view, "is made of a Transformer") in reason
    of_all, of_transformers = {"sentence", "search", "beside"}, set(PARAMETERS) - {"ponder"}
    attention = set() if grown.name == PLAIN else {"attention"}
    ponder = {"ponder"} if grown.kind == "universal" else set()
    expected = of_transformers if grown.kind == "transformer" else of_all | attention | ponder
    assert set(frame["views"]) == expected
    views = inside.everything(inside.open_sentence(grown.bundle, text))
    assert set(views) == set(frame["views"])


def test_fine_tuned_it_keeps_its_kind(command, grown, toy, tmp_path):
    if grown.kind == "transformer":
        pytest.skip("it has tests of its own")
    out = tmp_path / "more"
    result = command("train", "--from", grown.run, "--pairs", toy.pairs, "-o", out, "--steps", 2)
    assert result.code == 0, result.err
    assert load_bundle(out).config.model == grown.bundle.config.model


def test_together_with_another_kind(command, grown, tiny_run, toy, tmp_path):
    """An ensemble needs the same pieces; a comparison does not."""
    result = command("translate", grown.run, "--with", tiny_run, stdin=b"Un chat dort.\n")
    assert (
        result.code == 2
        or grown.bundle.tgt_subword.to_bytes() == load_bundle(tiny_run).tgt_subword.to_bytes()
    )
    from crosslight.bundle import Bundle, save_bundle
    from crosslight.config.run import RunConfig
    from crosslight.models.build import build_model

    bundle = grown.bundle
    n = bundle.src_subword.vocab_size
    for kind, shape in (("rnn", {"d_hidden": 16}), ("conv", {"d_hidden": 16}), ("universal", {"n_heads": 2})):
        config = RunConfig(model=MODEL_CONFIGS[kind](d_model=16, **shape))
        other = Bundle(
            config, bundle.src_subword, bundle.tgt_subword, build_model(config.model, n, n), bundle.facts
        )
        save_bundle(other, tmp_path / kind)
        result = command(
            "translate", grown.run, "--with", tmp_path / kind, "--beam", 3, stdin=b"Un chat dort.\n"
        )
        assert result.code == 0, result.err
        assert result.out.count("\n") == 1


def test_a_student_of_another_kind(command, grown, toy, tmp_path):
    """It has its teacher's pieces and nothing of its layers; what no engine knows is said, and no error."""
    if grown.kind != "rnn" or grown.name == PLAIN:
        pytest.skip("once is enough")
    (tmp_path / "text.fr").write_text("".join(f"{pair.src}\n" for pair in list(read_tsv(toy.pairs))[:40]))
    out = tmp_path / "out"
    result = command(
        "distill", "fr-en", "--src", tmp_path / "text.fr", "-o", out, "--steps", 2,
        "--set", "model.kind=rnn", "--set", "model.d_hidden=16", "--set", "model.d_model=16",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert "no int8 package: a package for CTranslate2 is made of a Transformer" in result.err + result.out
    student = load_bundle(out / "student")
    assert student.config.model.kind == "rnn"
    assert student.src_subword.to_bytes() == load_bundle("fr-en").src_subword.to_bytes()
    test = tmp_path / "text.fr"
    result = command("compare", "fr-en", out / "student", "--test", test, test)
    assert result.code == 0, result.err
    assert "chrF" in result.out
