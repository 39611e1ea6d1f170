"""One update: Adam against torch's own, accumulation, clipping, and what happens when numbers break."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from crosslight.config.model import TransformerConfig
from crosslight.data.batch import Batch, make_batch
from crosslight.errors import TrainingError
from crosslight.models.build import build_model
from crosslight.train.objectives import Loss, label_smoothed
from crosslight.train.step import adam, training_step

PAIRS = [([4, 5, 6], [7, 8]), ([9], [4, 4, 5, 6]), ([5, 8], [6]), ([4, 4, 4, 4, 7], [8, 9, 7])]
OBJECTIVE = label_smoothed(0.1)


def batch(pairs: Sequence[tuple[list[int], list[int]]] = PAIRS) -> Batch:
    srcs, tgts = [src for src, _ in pairs], [tgt for _, tgt in pairs]
    return make_batch(srcs, tgts, pad_id=0, bos_id=2, eos_id=3)


def small(dropout: float = 0.0) -> Any:
    torch.manual_seed(0)
    config = TransformerConfig(
        d_model=16, d_ff=24, n_heads=2, n_encoder_layers=1, n_decoder_layers=1, dropout=dropout
    )
    return build_model(config, 10, 10).double().train()


def step(model: nn.Module, batches: Sequence[Batch], rate: float = 0.01, clip: float | None = None) -> Any:
    return training_step(model, batches, OBJECTIVE, adam(model, 0.9, 0.98, 1e-9), rate, clip_norm=clip)


def grads(model: nn.Module) -> list[Tensor]:
    return [parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None]


def close(ours: Sequence[Tensor], theirs: Sequence[Tensor], atol: float) -> None:
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=atol)


def test_three_steps_are_three_of_plain_adam() -> None:
    """torch.optim.Adam, a loop over parameters, on a gradient that is worked out beside."""
    ours, theirs = small(), small()
    fused = adam(ours, 0.9, 0.98, 1e-9)
    plain = torch.optim.Adam(theirs.parameters(), lr=1.0, betas=(0.9, 0.98), eps=1e-9, foreach=False)
    for rate in (1e-3, 2e-3, 3e-3):
        training_step(ours, [batch()], OBJECTIVE, fused, rate)
        plain.zero_grad()
        logits = theirs(batch().src, batch().tgt_in).transpose(1, 2)
        nn.functional.cross_entropy(logits, batch().tgt_out, ignore_index=0, label_smoothing=0.1).backward()  # type: ignore[no-untyped-call]
        plain.param_groups[0]["lr"] = rate
        plain.step()
        close(list(ours.parameters()), list(theirs.parameters()), 1e-7)
    start = small()
    moved = [(a - b).abs().max() for a, b in zip(ours.parameters(), start.parameters(), strict=True)]
    assert min(moved) > 1e-3


def test_the_first_step_of_adam_moves_every_weight_by_the_rate() -> None:
    """Kingma & Ba 2015, section 2.1: with both moments corrected, the first step is rate · sign(gradient)."""
    model = small()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    step(model, [batch()], rate=0.01)
    for old, new in zip(before, model.parameters(), strict=True):
        assert new.grad is not None
        felt = new.grad.abs() > 1e-5
        torch.testing.assert_close((new - old)[felt], -0.01 * new.grad[felt].sign(), rtol=1e-3, atol=0)


def test_result_is_the_mean_over_tokens_and_the_norm_of_its_gradient() -> None:
    model, other = small(), small()
    result = step(model, [batch()])
    loss = OBJECTIVE(other, batch())
    mean = loss.total / loss.n_tokens
    mean.backward()  # type: ignore[no-untyped-call]
    assert result.n_tokens == loss.n_tokens == 14
    assert result.loss == pytest.approx(float(mean.detach()), rel=1e-12)
    norm = sum(float(grad.square().sum()) for grad in grads(other)) ** 0.5
    assert result.grad_norm == pytest.approx(norm, rel=1e-9)


def test_two_half_batches_are_one() -> None:
    """Halves of unequal numbers of tokens: every token weighs alike."""
    whole, halves = small(), small()
    first, second = batch(PAIRS[:1]), batch(PAIRS[1:])
    assert first.n_tokens != second.n_tokens
    at_once, accumulated = step(whole, [batch()]), step(halves, [first, second])
    close(grads(halves), grads(whole), 1e-12)
    assert accumulated.loss == pytest.approx(at_once.loss, rel=1e-12)
    assert accumulated.n_tokens == at_once.n_tokens


@pytest.mark.parametrize("n_threads", [1, 3])
def test_threads_change_no_bit(n_threads: int) -> None:
    """Dropout included: what a shard drops is a matter of the seed and of its place alone."""
    shards = [batch(PAIRS[:1]), batch(PAIRS[1:3]), batch(PAIRS[3:]), batch(PAIRS[2:])]
    alone, shared = small(dropout=0.3), small(dropout=0.3)
    expected = training_step(alone, shards, OBJECTIVE, adam(alone, 0.9, 0.98, 1e-9), 0.01, seed=5)
    with ThreadPoolExecutor(n_threads) as pool:
        result = training_step(
            shared, shards, OBJECTIVE, adam(shared, 0.9, 0.98, 1e-9), 0.01, seed=5, pool=pool
        )
    assert result == expected
    close(list(shared.parameters()), list(alone.parameters()), 0)


def test_the_seed_decides_what_is_dropped_and_each_shard_drops_its_own() -> None:
    def loss(seed: int, n_shards: int = 1) -> float:
        model = small(dropout=0.3)
        torch.manual_seed(seed + n_shards)  # torch's own generator has no say
        optimizer = adam(model, 0.9, 0.98, 1e-9)
        return training_step(model, [batch()] * n_shards, OBJECTIVE, optimizer, 0.01, seed=seed).loss

    assert loss(1) == loss(1)
    assert loss(1) != loss(2)
    assert loss(1, n_shards=2) != pytest.approx(loss(1), rel=1e-9)


def test_no_gradient_is_left_from_the_step_before() -> None:
    once, twice = small(), small()
    step(once, [batch()], rate=0.0)
    for _ in range(2):
        step(twice, [batch()], rate=0.0)
    close(grads(twice), grads(once), 1e-12)


def test_clipping_scales_the_gradient_down_to_the_norm_and_never_up() -> None:
    free, clipped, loose = small(), small(), small()
    norm = step(free, [batch()]).grad_norm
    assert step(clipped, [batch()], clip=norm / 4).grad_norm == pytest.approx(norm)
    close(grads(clipped), [grad / 4 for grad in grads(free)], 1e-5)
    step(loose, [batch()], clip=4 * norm)
    close(grads(loose), grads(free), 0)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_leaves_the_weights_untouched(value: float) -> None:
    model = small()
    optimizer = adam(model, 0.9, 0.98, 1e-9)
    training_step(model, [batch()], OBJECTIVE, optimizer, 0.01)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    moments = [state["exp_avg"].clone() for state in optimizer.state.values()]

    def broken(model: nn.Module, batch: Batch) -> Loss:
        loss = OBJECTIVE(model, batch)
        return Loss(loss.total * value, loss.n_tokens)

    with pytest.raises(TrainingError, match=r"the loss is (nan|inf) .* at learning rate 1.00e-02") as caught:
        training_step(model, [batch()], broken, optimizer, 0.01, clip_norm=1.0)
    assert "first gradient that is not finite" in caught.value.message
    assert "the last good weights are kept" in caught.value.cure
    close(list(model.parameters()), before, 0)
    close([state["exp_avg"] for state in optimizer.state.values()], moments, 0)
    training_step(model, [batch()], OBJECTIVE, optimizer, 0.01)
    assert all(bool(parameter.isfinite().all()) for parameter in model.parameters())


def test_a_weight_that_is_no_number_is_named() -> None:
    model = small()
    with torch.no_grad():
        model.encoder_layers[0].feed_forward.up.bias[3] = float("nan")
    with pytest.raises(TrainingError, match="first weight that is not finite: encoder_layers"):
        step(model, [batch()])


def test_a_gradient_that_is_no_number_under_a_loss_that_is_one() -> None:
    model = small()
    before = [parameter.detach().clone() for parameter in model.parameters()]

    def steep(model: nn.Module, batch: Batch) -> Loss:
        loss = OBJECTIVE(model, batch)
        return Loss(loss.total + (loss.total * 0).sqrt(), loss.n_tokens)

    with pytest.raises(TrainingError, match="the gradient's norm nan"):
        training_step(model, [batch()], steep, adam(model, 0.9, 0.98, 1e-9), 0.01)
    close(list(model.parameters()), before, 0)


def test_a_norm_that_overflows_while_every_gradient_is_finite() -> None:
    model = small().float()

    def huge(model: nn.Module, batch: Batch) -> Loss:
        loss = OBJECTIVE(model, batch)
        return Loss(loss.total * 1e30, loss.n_tokens)

    with pytest.raises(TrainingError, match="all weights and gradients are finite one by one"):
        training_step(model, [batch()], huge, adam(model, 0.9, 0.98, 1e-9), 0.01, clip_norm=1.0)


def test_the_gradient_that_broke_is_named() -> None:
    model = small()
    model.decoder_layers[0].feed_forward.down.bias.register_hook(lambda grad: grad * float("nan"))
    with pytest.raises(TrainingError, match=r"decoder_layers\.0\.feed_forward\.down\.bias"):
        step(model, [batch()])
