"""The Universal Transformer: its extremes, its steps by hand, and what thinking costs."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from crosslight.config.load import run_config
from crosslight.config.universal import UniversalConfig
from crosslight.data.batch import Batch, make_batch
from crosslight.errors import ConfigError
from crosslight.models.build import build_model
from crosslight.models.universal import Universal
from crosslight.nn.halting import HaltingUnit
from crosslight.nn.layers import DecoderLayer, EncoderLayer
from crosslight.nn.masks import causal_mask, padding_mask
from crosslight.nn.positions import sinusoids
from crosslight.train.objectives import label_smoothed, rdrop
from crosslight.train.pondering import mean_steps, priced, tireless
from crosslight.train.step import adam, training_step

VOCAB = 12


def small(**settings: Any) -> Universal:
    """Its tokens take 1 to 5 steps, as they decide."""
    shape = {"d_model": 16, "d_ff": 24, "n_heads": 2, "max_steps": 5, "dropout": 0.0}
    torch.manual_seed(2)
    model = build_model(UniversalConfig.model_validate({**shape, **settings}), VOCAB, VOCAB, 0).double()
    assert isinstance(model, Universal)
    chance = torch.Generator().manual_seed(7)  # one that makes both sides vary
    for unit in units(model):
        nn.init.normal_(unit.weight, generator=chance)
        nn.init.constant_(unit.bias, -1.0)
    return model.eval()


def units(model: nn.Module) -> list[HaltingUnit]:
    return [module for module in model.modules() if isinstance(module, HaltingUnit)]


def batch(seed: int = 0) -> Batch:
    """Sources and targets of 9, 5 and 2 tokens, their ends included."""
    drawn = torch.randint(4, VOCAB, (2, 3, 8), generator=torch.Generator().manual_seed(seed)).tolist()
    srcs, tgts = ([row[:n] for row, n in zip(side, (8, 4, 1), strict=True)] for side in drawn)
    return make_batch(srcs, tgts, pad_id=0, bos_id=2, eos_id=3)


def test_weights_of_every_position_sum_to_one() -> None:
    """Also of those that end at max_steps, and within a hair of 1; and there are positions of every kind."""
    model, pairs = small(), batch()
    _, *halting = model.features_and_halting(pairs.src, pairs.tgt_in)
    seen = set()
    for side, tokens in zip(halting, (pairs.src, pairs.tgt_in), strict=True):
        real = tokens != 0
        sums = side.weights.sum(-1)
        assert (sums[real] - 1).abs().max() < 1e-12
        assert (sums[~real] == 0).all()
        assert (side.weights >= 0).all()
        assert ((side.n_steps > 0) == real).all()
        seen |= set(side.n_steps[real].tolist())
    assert seen == {1, 2, 3, 4, 5}


def test_who_is_sure_takes_one_step_and_who_never_is_takes_all() -> None:
    model, pairs = small(), batch()
    real = pairs.src != 0
    for bias, n_steps, step in ((float("inf"), 1, 0), (float("-inf"), 5, 4)):
        for unit in units(model):
            nn.init.constant_(unit.bias, bias)
        x, read, written = model.features_and_halting(pairs.src, pairs.tgt_in)
        assert (read.n_steps[real] == n_steps).all()
        assert (read.weights[..., step] == real).all()
        assert set(written.n_steps.unique().tolist()) == {0, n_steps}
        assert x.isfinite().all()


def test_without_halting_it_is_the_same_layer_n_times() -> None:
    """Against the Transformer's own layers, applied by hand with the signals of section 2.1 of the paper."""
    model, pairs = small(halting="none", max_steps=3), batch()
    read, write = model.encoder_layer, model.decoder_layer
    signals, mask = sinusoids(20, 16).double(), padding_mask(pairs.src, 0)
    memory = model.src_embedding(pairs.src)
    for t in (1, 2, 3):
        memory = EncoderLayer.forward(read, memory + signals[: pairs.src.shape[1]] + signals[t], mask)
    keys_values = write.cross_attention.project(memory)
    n = pairs.tgt_in.shape[1]
    x = model.tgt_embedding(pairs.tgt_in)
    nothing = write.self_attention.project(x[:, :0])
    for t in (1, 2, 3):
        x, _ = DecoderLayer.forward(
            write, x + signals[:n] + signals[t], nothing, keys_values, causal_mask(n), mask
        )
    real = pairs.tgt_in != 0
    torch.testing.assert_close(model.features(pairs.src, pairs.tgt_in)[real], x[real], rtol=0, atol=1e-6)


@pytest.mark.parametrize("kernel", [1, 3])
def test_leaving_steps_out_changes_no_bit(kernel: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """When all have halted, only what later tokens look at is computed: the same as computing it all."""
    model, pairs = small(kernel=kernel), batch()
    for unit in units(model):
        nn.init.zeros_(unit.weight)
        nn.init.constant_(unit.bias, 1.0)  # all halt after the second step
    begun, state = model.decode(pairs.tgt_in, model.start(pairs.src))
    assert {int(side.n_steps.max()) for side in model.features_and_halting(pairs.src, pairs.tgt_in)[1:]} == {
        2
    }
    always = property(lambda _: True, lambda *_: None)
    monkeypatch.setattr("crosslight.models.universal.Pondering.goes_on", always, raising=False)
    whole, grown = model.decode(pairs.tgt_in, model.start(pairs.src))
    assert torch.equal(begun, whole)
    for ours, theirs in zip(state.past, grown.past, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_the_number_of_parameters_does_not_depend_on_the_steps() -> None:
    sizes = {sum(p.numel() for p in small(max_steps=n).parameters()) for n in (1, 2, 9)}
    assert len(sizes) == 1


def test_a_convolution_sees_its_neighbors_and_only_back_when_writing() -> None:
    """With attention silenced, a step carries a token one place to both sides, or two places on."""
    model = small(kernel=3, max_steps=1, norm="pre")
    for attention in (
        model.encoder_layer.self_attention,
        model.decoder_layer.self_attention,
        model.decoder_layer.cross_attention,
    ):
        nn.init.zeros_(attention.out_proj.weight)
    tokens = torch.full((1, 9), 5)
    changed = tokens.clone()
    changed[0, 4] = 6
    mask = padding_mask(tokens, 0)
    read = [model.encode(each, mask)[0] for each in (tokens, changed)]
    assert (read[0] != read[1]).any(-1)[0].nonzero().flatten().tolist() == [3, 4, 5]
    written = [model.features(tokens, each) for each in (tokens, changed)]
    assert (written[0] != written[1]).any(-1)[0].nonzero().flatten().tolist() == [4, 5, 6]


# ---- the price of thinking


def by_hand(model: Universal, pairs: Batch) -> float:
    """What thinking costs a target token on average, pair by pair and token by token."""
    with torch.no_grad():
        _, read, written = model.features_and_halting(pairs.src, pairs.tgt_in)
    total = 0.0
    for row, n in enumerate((9, 5, 2)):
        costs = [
            float(side.n_steps[row, t]) + float(side.weights[row, t, int(side.n_steps[row, t]) - 1])
            for side in (read, written)
            for t in range(n)
        ]
        total += n * sum(costs) / len(costs)
    return total / 16


def test_the_cost_is_steps_and_remainder_of_real_tokens() -> None:
    model, pairs = small(ponder_weight=0.3), batch()
    plain = label_smoothed(0.1)
    for objective in (plain, rdrop(0.1, 5.0)):  # whose two views are alike here: there is no dropout
        before, after = objective(model, pairs), priced(objective, model)(model, pairs)
        assert after.n_tokens == before.n_tokens == 16
        added = float((after.total - before.total).detach())
        assert added == pytest.approx(0.3 * 16 * by_hand(model, pairs), rel=1e-9)


def test_it_does_not_matter_how_a_batch_is_cut() -> None:
    model, pairs = small(ponder_weight=0.3), batch()
    objective = priced(label_smoothed(0.1), model)
    whole = objective(model, pairs)
    parts = [objective(model, part) for part in pairs.shards(3)]
    assert sum(part.n_tokens for part in parts) == whole.n_tokens
    assert float(sum(part.total.detach() for part in parts)) == pytest.approx(
        float(whole.total.detach()), rel=1e-12
    )


@pytest.mark.parametrize("settings", [{"halting": "none"}, {"ponder_weight": 0}])
def test_where_nothing_is_decided_or_priced_the_objective_stays(settings: dict[str, Any]) -> None:
    objective = label_smoothed(0.1)
    assert priced(objective, small(**settings)) is objective
    assert priced(objective, nn.Linear(1, 1)) is objective


def test_its_gradient_says_to_halt_sooner() -> None:
    """The loss apart: a step along it makes halting likelier, in numbers that are finite everywhere."""
    model, pairs = small(ponder_weight=1.0), batch()
    model.zero_grad()
    (
        priced(label_smoothed(0.1), model)(model, pairs).total - label_smoothed(0.1)(model, pairs).total
    ).backward()
    for unit in units(model):
        assert unit.bias.grad is not None
        assert unit.bias.grad < 0
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_where_thinking_is_dear_nobody_thinks_twice() -> None:
    """The control: at ponder_weight 10 every token soon takes one step; without a price they do not."""

    def trained(ponder_weight: float) -> float:
        model = small(ponder_weight=ponder_weight, max_steps=4).float().train()
        objective, optimizer = priced(label_smoothed(0.1), model), adam(model, 0.9, 0.98, 1e-9)
        for seed in range(80):
            training_step(model, [batch(seed)], objective, optimizer, 1e-2, clip_norm=1.0)
        n_steps, n_tokens = mean_steps(model.eval(), batch(999))
        return n_steps / n_tokens

    assert trained(10.0) == 1.0
    assert trained(0.0) > 1.3


def test_a_rehearsal_takes_all_steps_and_leaves_no_trace() -> None:
    model, pairs = small(), batch()
    before = [p.detach().clone() for p in model.parameters()]
    with tireless(model):
        assert mean_steps(model, pairs) == (5 * 32, 32)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), before, strict=True))
    assert mean_steps(model, pairs)[0] < 5 * 32


def test_steps_are_counted_alike_in_one_call_and_token_by_token() -> None:
    """That is what makes beam search and training one model: nobody waits for who comes later."""
    model, pairs = small(), batch()

    def features(tokens: Tensor) -> Tensor:
        return model.features_and_halting(pairs.src, tokens)[2].n_steps

    whole = features(pairs.tgt_in)
    for n in range(1, pairs.tgt_in.shape[1]):
        assert torch.equal(features(pairs.tgt_in[:, :n]), whole[:, :n])


@pytest.mark.parametrize(
    ("settings", "what"),
    [({"kernel": 4}, "kernel = 4 has no middle"), ({"d_model": 10, "n_heads": 4}, "divisible by n_heads")],
)
def test_settings_that_cannot_be(settings: dict[str, Any], what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        run_config({"model": {"kind": "universal", **settings}}, "the test")
