"""Interventions: none changes nothing, a head off is its columns of W_O at zero, even looking is a mean."""

from typing import Any

import numpy as np
import pytest
import torch

from crosslight.errors import ConfigError
from crosslight.interpret.interventions import (
    STACKS,
    Intervention,
    attentions,
    even_weights,
    intervened,
    intervention,
)
from crosslight.interpret.packed import unpacked
from crosslight.interpret.trace import traced
from crosslight.interpret.twin import twin
from crosslight.tasks import inside
from crosslight.text.subword import BOS_ID, EOS_ID

TEXT = "Le chat dort encore."
SRC, TGT_IN = [[20, 31, 42, 53, 3], [9, 8, 3, 0, 0]], [[2, 70, 81, 92], [2, 11, 12, 13]]


def logits(model: Any) -> torch.Tensor:
    """Of two sentences, one of them padded."""
    with torch.no_grad():
        result: torch.Tensor = model(torch.tensor(SRC), torch.tensor(TGT_IN))
    return result


def stepwise(model: Any) -> torch.Tensor:
    """The same, token by token, as a search asks."""
    with torch.no_grad():
        state, rows = model.start(torch.tensor(SRC)), []
        for t in range(len(TGT_IN[0])):
            row, state = model.decode(torch.tensor(TGT_IN)[:, t : t + 1], state)
            rows.append(row)
    return torch.cat(rows, dim=1)


def test_nothing_changes_nothing_and_nothing_remains(exact_bundle) -> None:
    model = exact_bundle.model
    before = logits(model)
    with intervened(model, []):
        assert torch.equal(logits(model), before)
    for what in ("zero", "uniform"):
        with intervened(model, [Intervention(what, stack) for stack in STACKS]):
            assert not torch.allclose(logits(model), before)
    with intervened(
        model, [Intervention("no_positions", "encoder"), Intervention("no_positions", "decoder")]
    ):
        assert not torch.allclose(logits(model), before)
    with pytest.raises(ZeroDivisionError), intervened(model, [Intervention("zero", "cross")]):
        raise ZeroDivisionError
    assert torch.equal(logits(model), before)


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("head", [0, 1, None])
def test_a_head_off_is_its_columns_of_w_o_at_zero(exact_bundle, stack: Any, head: int | None) -> None:
    model = exact_bundle.model
    for layer in (0, 1, None):
        with intervened(model, [Intervention("zero", stack, layer, head)]):
            found, in_steps = logits(model), stepwise(model)
        changed = twin(model)
        for number, attention in enumerate(attentions(changed, stack).values()):
            if layer in (number, None):
                width = 16 // attention.n_heads
                columns = slice(None) if head is None else slice(head * width, (head + 1) * width)
                weight = attention.out_proj.weight.detach().clone()
                weight[:, columns] = 0
                attention.out_proj.weight = torch.nn.Parameter(weight)
        torch.testing.assert_close(found, logits(changed), rtol=0, atol=1e-12)
        torch.testing.assert_close(in_steps, found, rtol=0, atol=1e-12)


@pytest.mark.parametrize("stack", STACKS)
def test_even_looking_by_hand(exact_bundle, by_hand, stack: Any) -> None:
    model, hand = exact_bundle.model, by_hand(exact_bundle.model, exact_bundle.config.model)
    for layer, head in ((0, 1), (1, 0)):
        (name,) = [name for name in attentions(model, stack) if f".{layer}." in name]

        def even(attention: str, h: int, weights: Any, mask: Any, name: str = name, head: int = head) -> Any:
            return mask / mask.sum(axis=1, keepdims=True) if (attention, h) == (name, head) else weights

        with intervened(model, [Intervention("uniform", stack, layer, head)]):
            found, in_steps = logits(model), stepwise(model)
        torch.testing.assert_close(in_steps, found, rtol=0, atol=1e-12)
        for row, (src, tgt_in) in enumerate(zip(SRC, TGT_IN, strict=True)):
            expected = hand.run([token for token in src if token], tgt_in, change=even)
            np.testing.assert_allclose(found[row], expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("stacks", [["encoder"], ["decoder"], ["encoder", "decoder"]])
def test_without_positions_by_hand(exact_bundle, by_hand, stacks: list[Any]) -> None:
    model, hand = exact_bundle.model, by_hand(exact_bundle.model, exact_bundle.config.model)
    with intervened(model, [Intervention("no_positions", stack) for stack in stacks]):
        found, in_steps = logits(model), stepwise(model)
    torch.testing.assert_close(in_steps, found, rtol=0, atol=1e-12)
    expected = hand.run(SRC[0], TGT_IN[0], positions=("encoder" not in stacks, "decoder" not in stacks))
    np.testing.assert_allclose(found[0], expected, rtol=0, atol=1e-9)


def test_without_positions_the_encoder_forgets_the_order(exact_bundle) -> None:
    model, shuffled = exact_bundle.model, [42, 20, 3, 53, 31]
    with torch.no_grad():
        told_apart = model(torch.tensor([shuffled]), torch.tensor(TGT_IN[:1]))
        assert not torch.allclose(told_apart, model(torch.tensor(SRC[:1]), torch.tensor(TGT_IN[:1])))
        with intervened(model, [Intervention("no_positions", "encoder")]):
            one, other = (model(torch.tensor([src]), torch.tensor(TGT_IN[:1])) for src in (SRC[0], shuffled))
    torch.testing.assert_close(one, other, rtol=0, atol=1e-10)


def test_off_and_even_together(exact_bundle) -> None:
    """Where both are asked of one head, it is off; of two heads, each has its own."""
    model = exact_bundle.model
    off, even = Intervention("zero", "cross", 0, 1), Intervention("uniform", "cross", 0, 1)
    with intervened(model, [off]):
        expected = logits(model)
    with intervened(model, [even, off]):
        assert torch.equal(logits(model), expected)
    with intervened(model, [off, Intervention("uniform", "cross", 0, 0)]):
        assert not torch.allclose(logits(model), expected)


def test_even_weights_are_shared_by_what_may_be_seen() -> None:
    q, k = torch.randn(2, 3, 1, 4), torch.randn(2, 3, 3, 4)
    mask = torch.tensor([[[[True, True, False]]]])
    assert torch.equal(even_weights(q, k, mask), torch.tensor([0.5, 0.5, 0.0]).expand(2, 3, 1, 3))
    assert torch.equal(even_weights(q, k, None), torch.full((2, 3, 1, 3), 1 / 3))


def test_a_twin_is_watched_and_the_first_is_not(exact_bundle) -> None:
    model = exact_bundle.model
    before, second = logits(model), twin(model)
    assert {id(p) for p in model.parameters()} == {id(p) for p in second.parameters()}
    with intervened(second, [Intervention("zero", "cross")]), traced(second) as trace:
        assert torch.equal(logits(model), before)
        assert not trace.calls
        assert not torch.allclose(logits(second), before)
        assert trace.calls


def test_tracing_changes_nothing(exact_bundle) -> None:
    model = exact_bundle.model
    before = logits(model)
    with traced(model) as trace:
        assert torch.equal(logits(model), before)
    assert torch.equal(logits(model), before)
    assert len(trace.heads) == 6
    for call in trace.heads.values():
        torch.testing.assert_close(call.weights @ call.v, call.context)


def test_causal_as_data(exact_bundle, by_hand) -> None:
    opened = inside.open_sentence(exact_bundle, TEXT, beam=2)
    hand = by_hand(exact_bundle.model, exact_bundle.config.model)
    same = inside.causal(opened, [])
    assert same["same"]
    assert same["new"]["translation"] == inside.sentence(opened)["translation"]
    assert same["new"]["log_probs"] == same["old"]["log_probs"] == inside.sentence(opened)["log_probs"]
    assert same["old"]["change"] == [0.0] * len(opened.ids)

    def off(name: str, h: int, weights: Any, mask: Any) -> Any:
        return weights * (name != "decoder_layers.1.cross_attention" or h != 1)

    wish = {"what": "zero", "stack": "cross", "layer": 1, "head": 1}
    found = inside.causal(opened, [wish])
    more: Any = {"bos": BOS_ID, "eos": EOS_ID, "banned": opened.searcher.banned}
    before = hand.log_probs(opened.src, opened.best.tokens, **more)
    after = hand.log_probs(opened.src, opened.best.tokens, change=off, **more)
    assert found["interventions"] == [wish]
    np.testing.assert_allclose(found["old"]["log_probs"], after, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found["old"]["change"], np.subtract(after, before), rtol=1e-5, atol=1e-6)
    n = len(opened.best.tokens) + opened.best.finished
    assert found["old"]["total_change"] == pytest.approx(sum(after[:n]) - sum(before[:n]), abs=1e-5)
    new = found["new"]["tgt"]["ids"][:-1]
    again = hand.log_probs(opened.src, new, change=off, **more)
    np.testing.assert_allclose(found["new"]["log_probs"], again, rtol=1e-6, atol=1e-6)
    survey = inside.head_survey(opened)
    assert {stack: unpacked(array).shape for stack, array in survey.items()} == dict.fromkeys(STACKS, (2, 2))
    assert unpacked(survey["cross"])[1, 1] == pytest.approx(found["old"]["total_change"], abs=1e-5)


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"what": "zero", "stack": "cross", "layer": 2}, "cross layer 2 does not exist"),
        ({"what": "zero", "stack": "encoder", "head": 2}, "encoder head 2 does not exist"),
        ({"what": "uniform", "stack": "decoder", "layer": -1}, "layer -1 does not exist"),
        ({"what": "off", "stack": "cross"}, "what is 'off'"),
        ({"what": "zero", "stack": "memory"}, "stack is 'memory'"),
        ({"what": "zero"}, "stack is None"),
        ({"what": "zero", "stack": "cross", "layer": "1"}, "layer and head are '1'"),
        ({"what": "zero", "stack": "cross", "head": True}, "layer and head are None and True"),
        ({"what": "zero", "stack": "cross", "place": 1}, "no 'place'"),
        ({"what": "no_positions", "stack": "cross"}, "positions belong to"),
        ({"what": "no_positions", "stack": "encoder", "layer": 0}, "positions belong to"),
    ],
)
def test_what_cannot_be_is_refused(shaped_bundle, wish: dict[str, Any], message: str) -> None:
    with (
        pytest.raises(ConfigError, match=message),
        intervened(shaped_bundle("pre").model, [intervention(wish)]),
    ):
        pass
