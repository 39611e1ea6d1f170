"""The views as data: what docs/inside.md says, for every preset and for the model in the box."""

import base64
import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from crosslight.bundle import Bundle, load_bundle
from crosslight.config.load import preset_names, preset_text, read_toml
from crosslight.config.universal import UniversalConfig
from crosslight.decode.translator import Translator
from crosslight.errors import ConfigError
from crosslight.interpret.page import attention_content
from crosslight.interpret.record import whole_words
from crosslight.models.build import build_model
from crosslight.tasks import inside
from crosslight.tasks.explain import look_inside
from crosslight.text.subword import EOS_ID, PAD_ID, UNK_ID

PAGE = Path(__file__).resolve().parents[2] / "docs" / "inside.md"
TEXT = "Le chat dort encore."
TWELVE_WORDS = "Le petit chat noir de ma voisine dort souvent sur le canapé."
NEW = ["all", "post-rms", "relative", "rotary", "additive", "no positions"]
ARRAY = {"shape", "float32"}


def array(packed: dict[str, Any]) -> np.ndarray:
    assert set(packed) == ARRAY
    return np.frombuffer(base64.b64decode(packed["float32"]), "<f4").reshape(packed["shape"])


def promised() -> dict[str, Any]:
    """The first block of JSON under each heading of the page; the second of `causal`."""
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    found = {}
    for section in sections:
        name = re.search(r"`(\w+)", section.split("\n")[0])
        blocks = re.findall(r"^```json\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
        if name and blocks:
            found[name[1]] = json.loads(blocks[-1])
    return found


def differences(expected: Any, found: Any, place: str = "") -> list[str]:
    """Where what was found has other keys or types than the example; empty examples say nothing."""
    if expected is None or found is None or place.endswith(".excerpt"):  # a vector or a matrix
        return []
    if isinstance(expected, dict):
        if not expected:
            return []
        if not isinstance(found, dict) or set(found) != set(expected):
            keys = set(found) ^ set(expected) if isinstance(found, dict) else found
            return [f"{place}: {keys}"]
        return [line for key in expected for line in differences(expected[key], found[key], f"{place}.{key}")]
    if isinstance(expected, list):
        if not isinstance(found, list):
            return [f"{place}: {found!r} is no list"]
        return [line for each in found for line in differences(expected[0], each, place)] if expected else []
    kinds = [(int, float) if type(each) in (int, float) else type(each) for each in (expected, found)]
    return [] if kinds[0] == kinds[1] else [f"{place}: {found!r} is not like {expected!r}"]


def test_the_page_has_all_views() -> None:
    assert set(promised()) == {
        *("sentence", "attention", "search", "path", "causal", "positions", "tour", "beside", "ponder"),
    }


def test_differences_are_found() -> None:
    assert differences({"a": [1], "b": "x"}, {"a": [1, 2.5], "b": "y"}) == []
    assert differences({"a": [1]}, {"a": ["x"]})
    assert differences({"a": 1}, {"a": 1, "b": 2})
    assert differences({"a": [[1]]}, {"a": [1]})


def presets() -> dict[str, dict[str, Any]]:
    """How each preset of a Transformer differs in shape, without its sizes."""
    sizes = {"d_model", "d_ff", "n_heads", "n_encoder_layers", "n_decoder_layers", "max_positions", "d_key"}
    import tomllib

    models = {name: tomllib.loads(preset_text(name))["model"] for name in preset_names()}
    return {
        name: {k: v for k, v in model.items() if k not in sizes}
        for name, model in models.items()
        if model["kind"] == "transformer"
    }


@pytest.mark.parametrize("shape", [*NEW, *presets()])
def test_every_view_is_as_the_page_says(shaped_bundle, shape: str) -> None:
    bundle = shaped_bundle(presets().get(shape, shape))
    opened = inside.open_sentence(bundle, TEXT, beam=3, n_best=2)
    views = json.loads(json.dumps(inside.everything(opened), allow_nan=False))
    survey = views.pop("head_survey")
    assert {stack: array(each).shape for stack, each in survey.items()} == dict.fromkeys(
        ("encoder", "decoder", "cross"), (2, 2)
    )
    causal = views.pop("causal")
    assert len(causal) == (1 if shape == "no positions" else 3)
    for name, expected in promised().items():
        if name == "ponder":  # of another architecture
            continue
        for found in causal if name == "causal" else [views[name]]:
            assert differences(expected, found, name) == []
    for packed in arrays(views):
        assert np.isfinite(array(packed)).all()


@pytest.fixture
def universal(shaped_bundle) -> Callable[..., Bundle]:
    """A Universal Transformer in a bundle, of these settings."""

    def make(**settings: Any) -> Bundle:
        like = shaped_bundle("pre")
        shape = UniversalConfig(d_model=16, d_ff=24, n_heads=2, max_steps=5, **settings)
        vocab_size = like.src_subword.vocab_size
        model = build_model(shape, vocab_size, vocab_size, PAD_ID).eval()
        return replace(like, config=like.config.model_copy(update={"model": shape}), model=model)

    return make


def test_steps_that_nobody_decides_on_are_no_view(universal) -> None:
    opened = inside.open_sentence(universal(halting="none"), TEXT)
    assert "ponder" not in inside.everything(opened)
    assert "ponder" not in inside.sentence(opened)["views"]
    assert opened.inspection.steps is None
    with pytest.raises(ConfigError, match="as many steps for every piece"):
        inside.ponder(opened)


def test_steps_are_as_the_page_says(shaped_bundle, universal) -> None:
    with pytest.raises(ConfigError, match="as many steps for every piece"):
        inside.ponder(inside.open_sentence(shaped_bundle("pre"), TEXT))
    opened = inside.open_sentence(universal(), TEXT)
    views = json.loads(json.dumps(inside.everything(opened), allow_nan=False))
    assert differences(promised()["ponder"], views["ponder"], "ponder") == []
    steps = opened.inspection.steps
    assert steps is not None
    for side, tokens in (("src", steps.src), ("tgt", steps.tgt)):
        assert [token.piece for token in tokens] == views["sentence"][side]["pieces"]
        assert [token.n_steps for token in tokens] == views["ponder"][side]["n_steps"]
        weights = array(views["ponder"][side]["weights"])
        np.testing.assert_allclose(weights, [token.weights for token in tokens], rtol=1e-6)
        np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-6)


def arrays(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        return [tree] if set(tree) == ARRAY else [a for each in tree.values() for a in arrays(each)]
    return [a for each in tree for a in arrays(each)] if isinstance(tree, list) else []


@pytest.mark.parametrize(
    "settings", [{}, {"beam": 4}, {"beam": 4, "n_best": 3}, {"beam": 3, "prefix": "The c"}]
)
def test_it_is_the_translation_that_everybody_gets(shaped_bundle, settings: dict[str, Any]) -> None:
    bundle = shaped_bundle("pre")
    (plain,) = Translator(bundle).translate([TEXT], **settings)
    opened = inside.open_sentence(bundle, TEXT, **settings)
    frame, search = inside.sentence(opened), inside.search(opened)
    assert frame["translation"] == plain.text
    assert frame["tgt"]["pieces"][:-1] == plain.tokens
    assert frame["score"] == pytest.approx(plain.score, rel=1e-6)
    assert [r["text"] for r in search["results"]] == [plain.text, *(a.text for a in plain.alternatives)]
    for result, hypothesis in zip(search["results"], (plain, *plain.alternatives), strict=True):
        node = search["nodes"][result["node"]]
        assert result["score"] == pytest.approx(hypothesis.score, rel=1e-6)
        assert node["logp"] == pytest.approx(result["logp"], abs=1e-5)
        pieces = []
        while node["parent"] is not None:
            pieces.append(node["piece"])
            node = search["nodes"][node["parent"]]
        end = ["</s>"] if result["finished"] else []
        assert pieces[::-1] == [*hypothesis.tokens, *end]
    n = len(plain.tokens) + frame["finished"]
    assert frame["logp"] == pytest.approx(sum(frame["log_probs"][:n]), abs=1e-5)
    if not settings.get("prefix"):
        assert frame["logp"] == pytest.approx(search["results"][0]["logp"], abs=1e-4)


def test_probabilities_of_the_path_are_those_of_the_search(shaped_bundle) -> None:
    opened = inside.open_sentence(shaped_bundle("pre"), TEXT, beam=4)
    path, frame = inside.path(opened), inside.sentence(opened)
    p = array(path["chosen"]["p"])[-1]
    np.testing.assert_allclose(np.log(p), frame["log_probs"], atol=1e-5)
    tour = inside.tour(opened, tgt_position=1)
    values = {value["name"]: value for value in tour["steps"][-1]["values"]}
    assert values["chosen"]["excerpt"] == [pytest.approx(p[1], rel=1e-5)]
    assert values["chosen"]["labels"] == [frame["tgt"]["pieces"][1]]
    assert values["score"]["excerpt"] == [pytest.approx(frame["score"], rel=1e-6)]


def test_attention_is_the_block_of_the_page(shaped_bundle) -> None:
    bundle = shaped_bundle("post")
    opened = inside.open_sentence(bundle, TEXT)
    assert inside.attention(opened) == attention_content(look_inside(bundle, opened.src, opened.best))


def test_a_given_translation_is_looked_into(shaped_bundle) -> None:
    bundle = shaped_bundle("pre")
    tgt = bundle.tgt_subword.encode("The cat sleeps.")
    opened = inside.open_sentence(bundle, TEXT, tgt=tgt, alpha=1.0)
    frame = inside.sentence(opened)
    assert (frame["given"], frame["translation"], frame["finished"]) == (True, "The cat sleeps.", True)
    expected = Translator(bundle).score([opened.src], [tgt])[0]
    assert frame["log_probs"] == pytest.approx(expected, abs=1e-5)
    assert frame["score"] == pytest.approx(sum(expected) / ((5 + len(expected)) / 6), rel=1e-5)
    assert not inside.causal(opened, [])["same"]
    assert inside.search(opened)["results"][0]["text"] != "The cat sleeps."


def test_an_empty_translation_and_a_single_word(shaped_bundle) -> None:
    opened = inside.open_sentence(shaped_bundle("pre"), "chat", tgt=[])
    views = json.loads(json.dumps(inside.everything(opened), allow_nan=False))
    assert views["sentence"]["tgt"]["texts"] == ["</s>"]
    assert array(views["beside"]["occlusion"]["removed"]).shape == (1, 1)


@pytest.mark.parametrize(
    ("text", "more", "message"),
    [
        ("", {}, "has 0 sentences"),
        ("Le chat dort. Le chien aussi.", {}, "has 2 sentences"),
        (TEXT, {"temperature": 1.0}, "drawn"),
        (TEXT, {"tgt": [9, 380]}, "380 is no piece"),
        (TEXT, {"tgt": [EOS_ID]}, "3 is no piece"),
        (TEXT, {"beam": 0}, "beam"),
    ],
)
def test_what_cannot_be_opened(shaped_bundle, text: str, more: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        inside.open_sentence(shaped_bundle("pre"), text, **more)


@pytest.mark.parametrize(
    "place",
    [{"head": 2}, {"encoder_layer": 2}, {"decoder_layer": -1}, {"src_position": 99}, {"tgt_position": 99}],
)
def test_a_place_that_is_not_there(shaped_bundle, place: dict[str, int]) -> None:
    opened = inside.open_sentence(shaped_bundle("pre"), TEXT)
    with pytest.raises(ConfigError, match=f"{next(iter(place))} -?\\d+ does not exist"):
        inside.tour(opened, **place)


def test_an_unknown_piece_belongs_to_a_word(shaped_bundle) -> None:
    bundle = shaped_bundle("pre")
    opened = inside.open_sentence(bundle, TEXT)
    opened.src.insert(1, UNK_ID)
    words = inside.sentence(opened)["src"]["words"]
    assert [place for word in words for place in word] == list(range(len(opened.src)))
    assert look_inside(bundle, opened.src, opened.best).src_words == words
    assert whole_words([], 2) == [[0, 1]]


def test_others_translate_meanwhile(shaped_bundle) -> None:
    """While one thread looks inside, what another gets from the same bundle does not change."""
    bundle = shaped_bundle("pre")
    src = torch.tensor([[20, 31, 42, EOS_ID]])
    with torch.inference_mode():
        expected = bundle.model(src, src)
    done, differ = threading.Event(), []

    def ask() -> None:
        while not done.is_set():
            with torch.inference_mode():
                differ.append(not torch.equal(bundle.model(src, src), expected))

    other = threading.Thread(target=ask)
    other.start()
    inside.everything(inside.open_sentence(bundle, TEXT, beam=3))
    done.set()
    other.join()
    assert differ
    assert not any(differ)
    assert not any(module._forward_hooks for module in bundle.model.modules())


def test_the_model_in_the_box() -> None:
    """All views of a sentence of twelve words say what people see."""
    bundle = load_bundle("fr-en")
    opened = inside.open_sentence(bundle, TWELVE_WORDS, beam=4)
    views = inside.everything(opened)
    assert len(json.dumps(views, allow_nan=False)) < 1_000_000
    assert views["sentence"]["translation"] == Translator(bundle).translate([TWELVE_WORDS], beam=4)[0].text
    occlusion = views["beside"]["occlusion"]
    removed = array(occlusion["removed"])
    row, column = occlusion["rows"].index("cat"), occlusion["columns"].index("chat")
    assert removed[row].argmin() == column, "without `chat` there is no `cat`"
    without_positions = views["causal"][0]
    assert without_positions["old"]["total_change"] < -1
    for table in views["positions"]["tables"]:
        assert all(each["rotation_error"] < 1e-5 < 0.9 < each["control_error"] for each in table["shifts"])


def test_the_box_is_greedy_unless_asked() -> None:
    opened = inside.open_sentence(load_bundle("fr-en"), TEXT)
    search = inside.search(opened)
    assert search["beam"] == read_toml(load_bundle("fr-en").path / "config.toml")["decode"]["beam"] == 1  # type: ignore[operator]
    assert all(len(step["nodes"]) == 2 for step in search["steps"])
    assert search["stopped"] == "settled"
