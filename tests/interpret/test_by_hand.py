"""What is shown of the inside equals the formulas worked out by hand, in every shape of model, in float64."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from crosslight.interpret.stages import ranks, read_out, stage_logp, stage_vectors, stages
from crosslight.tasks import inside
from crosslight.text.subword import BOS_ID, EOS_ID, UNK_ID

TEXT = "Le chat dort encore."
EXACT = {"rtol": 0, "atol": 1e-9}
ADDED = {"sinusoidal", "sinusoidal-half", "learned"}
SHORT = {"rtol": 1e-6, "atol": 1e-6}  # what a page gets is float32


def numbers(packed: dict[str, Any]) -> np.ndarray:
    import base64

    return np.frombuffer(base64.b64decode(packed["float32"]), "<f4").reshape(packed["shape"])


@pytest.fixture(autouse=True)
def _without_gradients() -> Any:
    with torch.inference_mode():
        yield


@pytest.fixture
def opened(exact_bundle) -> Any:
    return inside.open_sentence(exact_bundle, TEXT, beam=2)


@pytest.fixture
def hand(exact_bundle, opened, by_hand) -> Any:
    """The same sentence pair by hand; `logits` are what came out."""
    hand = by_hand(exact_bundle.model, exact_bundle.config.model)
    hand.logits = hand.run(opened.src, [BOS_ID, *opened.best.tokens])
    return hand


def test_the_model_is_the_formulas(opened, hand) -> None:
    _, logits = opened.traced
    np.testing.assert_allclose(logits, hand.logits, **EXACT)


def test_every_stage_is_on_the_path(opened, hand) -> None:
    trace, _ = opened.traced
    model = opened.bundle.model
    names = stages(model)
    assert [(stage.layer, stage.after) for stage in names[:4]] == [
        (None, "embedding"),
        (0, "self"),
        (0, "cross"),
        (0, "feed-forward"),
    ]
    assert len(names) == 1 + 3 * 2
    for vectors, expected in zip(stage_vectors(model, trace), hand.seen["path"], strict=True):
        np.testing.assert_allclose(vectors[0], expected, **EXACT)
    for rows, expected in zip(stage_logp(model, trace), hand.seen["path"], strict=True):
        logits = hand.read_out(expected)
        np.testing.assert_allclose(rows.exp().sum(-1), 1, rtol=1e-12)
        np.testing.assert_allclose(rows - rows[:, :1], logits - logits[:, :1], **EXACT)


def test_the_last_stage_is_the_model_to_the_bit(opened) -> None:
    trace, logits = opened.traced
    model = opened.bundle.model
    assert torch.equal(stage_logp(model, trace)[-1], logits.log_softmax(-1))
    banned = opened.searcher.banned
    never = logits.index_fill(1, torch.tensor(banned), -math.inf)
    assert torch.equal(stage_logp(model, trace, banned)[-1], never.log_softmax(-1))
    assert torch.equal(read_out(model, stage_vectors(model, trace)[-1][0]), logits.log_softmax(-1))


def test_ranks_count_what_is_more_probable() -> None:
    logp = torch.tensor([[[0.1, 0.7, 0.2], [0.5, 0.2, 0.3]], [[0.6, 0.3, 0.1], [0.1, 0.1, 0.8]]]).log()
    assert ranks(logp, torch.tensor([2, 0])).tolist() == [[1, 0], [2, 1]]


def test_the_path_as_data(opened, hand) -> None:
    found = inside.path(opened)
    chosen = numbers(found["chosen"]["p"])
    for stage, vectors in enumerate(hand.seen["path"]):
        logits = hand.read_out(vectors)
        logits[:, list(opened.searcher.banned)] = -np.inf
        p = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
        for t, token in enumerate(opened.ids):
            assert chosen[stage, t] == pytest.approx(p[t, token], rel=1e-5)
            assert found["chosen"]["rank"][stage][t] == (p[t] > p[t, token]).sum()
            best = np.argsort(-p[t], kind="stable")[:5]
            assert [each["id"] for each in found["candidates"][stage][t]] == best.tolist()
            np.testing.assert_allclose(
                [each["p"] for each in found["candidates"][stage][t]], p[t, best], **SHORT
            )
    assert [row[:5] for row in found["steps"]] == found["candidates"][-1]
    assert all(len(row) == 10 for row in found["steps"])


def expected_tour(hand: Any, opened: Any, at: dict[str, int]) -> dict[str, dict[str, Any]]:
    """The values of every step from the numbers by hand."""
    i, t, h = at["src_position"], at["tgt_position"], at["head"]
    layer, writer = f"encoder_layers.{at['encoder_layer']}", f"decoder_layers.{at['decoder_layer']}"
    seen, is_pre = hand.seen, hand.config.norm == "pre"
    head = {key: seen[f"{layer}.self_attention.{h}.{key}"] for key in ("query", "keys", "values", "scores")}
    back, across = (
        {
            key: seen[f"{writer}.{kind}_attention.{h}.{key}"]
            for key in ("query", "keys", "values", "scores", "weights", "context")
        }
        for kind in ("self", "cross")
    )
    attention = f"{layer}.self_attention"
    vector = hand.norm(seen["path"][-1], "decoder_norm")[t] if is_pre else seen["path"][-1][t]
    logits = hand.logits[t]
    allowed = logits.copy()
    allowed[list(opened.searcher.banned)] = -np.inf
    p = np.exp(allowed - np.logaddexp.reduce(allowed))
    best = np.argsort(-allowed)[:8]
    log_probs = hand.log_probs(opened.src, opened.best.tokens, BOS_ID, EOS_ID, opened.searcher.banned)
    log_probs = log_probs[: len(opened.best.tokens) + opened.best.finished]
    penalty = ((5 + len(log_probs)) / 6) ** opened.config.alpha
    middle, before = seen[f"{layer}.middle"][i], seen[f"{layer}.before"][i]
    return {
        "pieces": {"ids": np.array(opened.src)},
        "embedding": {
            **{key: seen[f"src.{key}"][i] for key in ("row", "scaled", "sum")},
            **({"position": seen["src.position"][i]} if hand.config.positions in ADDED else {}),
            "factor": np.array([math.sqrt(hand.config.d_model)]),
        },
        "queries": {
            "read": seen[f"{attention}.read"][i],
            "query": head["query"][i],
            "keys": head["keys"],
            "values": head["values"],
        },
        "weights": {"scores": head["scores"][i], "weights": seen[f"{attention}.{h}.weights"][i]},
        "heads": {
            "context": seen[f"{attention}.{h}.context"][i],
            "concatenated": seen[f"{attention}.concatenated"][i],
            "output": seen[f"{attention}.output"][i],
        },
        "residual": {
            "before": before,
            "added": before + seen[f"{attention}.output"][i],
            "after": seen[f"{layer}.ff.read"][i] if is_pre else middle,
        },
        "feed-forward": {
            **{key: seen[f"{layer}.feed_forward.{key}"][i] for key in ("read", "inner", "active", "output")},
            "after": seen[f"{layer}.after"][i],
        },
        "masks": {
            "may_see": (np.arange(len(opened.ids)) <= t).astype(int),
            "scores": back["scores"][t],
            "weights": back["weights"][t],
        },
        "cross": {
            **{key: across[key][t] for key in ("query", "scores", "weights", "context")},
            "keys": across["keys"],
            "values": across["values"],
        },
        "output": {
            "vector": vector,
            "logits": logits[best],
            "probabilities": p[best],
            "chosen": p[[opened.ids[t]]],
            "log_probs": np.array(log_probs),
            "logp": np.array([sum(log_probs)]),
            "penalty": np.array([penalty]),
            "score": np.array([sum(log_probs) / penalty]),
        },
    }


@pytest.mark.parametrize("place", [(0, 0, 0, 0, 0), (1, 1, 1, 2, 1), (1, 0, 1, -1, -1)])
def test_the_tour_by_hand(opened, hand, place: tuple[int, ...]) -> None:
    names = ("encoder_layer", "decoder_layer", "head", "src_position", "tgt_position")
    at = dict(zip(names, place, strict=True))
    at["src_position"] %= len(opened.src)
    at["tgt_position"] %= len(opened.ids)
    tour = inside.tour(opened, **at)
    assert tour["chosen"] == at
    expected = expected_tour(hand, opened, at)
    assert [step["key"] for step in tour["steps"]] == list(expected)
    assert [step["number"] for step in tour["steps"]] == list(range(1, 11))
    for step in tour["steps"]:
        values = {value["name"]: value for value in step["values"]}
        assert set(values) == set(expected[step["key"]]), step["key"]
        for name, numbers_by_hand in expected[step["key"]].items():
            value, whole = values[name], np.atleast_1d(numbers_by_hand)
            assert value["shape"] == (
                [] if name in {"factor", "logp", "penalty", "score"} else list(whole.shape)
            )
            cut = whole if value["labels"] else whole[(slice(8),) * whole.ndim]
            np.testing.assert_allclose(value["excerpt"], cut, **SHORT, err_msg=f"{step['key']}.{name}")
            if value["norm"] is not None:
                assert value["norm"] == pytest.approx(np.sqrt((whole**2).sum()), rel=1e-5), name
            if value["labels"] is not None:
                assert len(value["labels"]) == len(value["excerpt"])


def test_value_weighted_attention_by_hand(opened, hand) -> None:
    """‖α v W_O‖ for every pair of positions, one vector after the other."""
    found = inside.beside(opened)["value_weighted"]
    for stack, layers, sublayer in (
        ("encoder", "encoder_layers", "self_attention"),
        ("decoder", "decoder_layers", "self_attention"),
        ("cross", "decoder_layers", "cross_attention"),
    ):
        norms = numbers(found[stack]["pieces"]["norms"])
        together = numbers(found[stack]["pieces"]["together"])
        for layer in range(2):
            name = f"{layers}.{layer}.{sublayer}"
            w_o, total = hand.w[f"{name}.out_proj.weight"], 0.0
            for head in range(2):
                weights, values = (hand.seen[f"{name}.{head}.{key}"] for key in ("weights", "values"))
                width = values.shape[1]
                columns = w_o[:, head * width : (head + 1) * width]
                brought = hand.brought(weights, values, name)
                vectors = np.array([[columns @ vector for vector in row] for row in brought])
                np.testing.assert_allclose(norms[layer, head], np.linalg.norm(vectors, axis=-1), **SHORT)
                total = total + vectors
            np.testing.assert_allclose(together[layer], np.linalg.norm(total, axis=-1), **SHORT)
            bias = hand.w.get(f"{name}.out_proj.bias", 0.0)
            np.testing.assert_allclose(total.sum(axis=1) + bias, hand.seen[f"{name}.output"], **EXACT)


def test_occlusion_by_hand(opened, hand) -> None:
    found, frame = inside.beside(opened)["occlusion"], inside.sentence(opened)
    assert found["columns"] == TEXT.split()
    score = lambda src: hand.log_probs(src, opened.best.tokens, BOS_ID, EOS_ID, opened.searcher.banned)  # noqa: E731
    before = score(opened.src)
    for column, word in enumerate(frame["src"]["words"][:-1]):
        shorter = [token for place, token in enumerate(opened.src) if place not in word]
        hidden = [UNK_ID if place in word else token for place, token in enumerate(opened.src)]
        for name, src in (("removed", shorter), ("unknown", hidden)):
            after = score(src)
            for row, pieces in enumerate(frame["tgt"]["words"]):
                change = sum(after[t] - before[t] for t in pieces)
                assert numbers(found[name])[row, column] == pytest.approx(change, rel=1e-5, abs=1e-5)
