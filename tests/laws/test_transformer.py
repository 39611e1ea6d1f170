"""What the Transformer promises beyond the laws of every model: dropout, gradients, order."""

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from crosslight.config.model import TransformerConfig
from crosslight.models.build import build_model
from crosslight.models.transformer import Transformer
from crosslight.nn.dropout import Dropout
from crosslight.nn.masks import padding_mask

N_ENCODER, N_DECODER = 2, 3
SRC = torch.tensor([[4, 5, 6, 7, 8], [6, 9, 4, 0, 0]])
TGT = torch.tensor([[5, 4, 9, 8], [7, 6, 10, 4]])


def small(**settings: Any) -> Transformer:
    torch.manual_seed(3)
    shape = {"d_model": 16, "d_ff": 24, "n_heads": 2}
    layers = {"n_encoder_layers": N_ENCODER, "n_decoder_layers": N_DECODER}
    config = TransformerConfig.model_validate({**shape, **layers, **settings})
    return build_model(config, 11, 11, pad_id=0).double()


def places(model: Transformer) -> list[Dropout]:
    return [module for module in model.modules() if isinstance(module, Dropout)]


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_every_dropout_place_changes_the_training_output_and_none_acts_in_eval(norm: str) -> None:
    """Section 5.4: after every sublayer (2 in an encoder layer, 3 in a decoder layer) and both embeddings."""
    model = small(norm=norm, dropout=0.4)
    assert len(places(model)) == 2 + 2 * N_ENCODER + 3 * N_DECODER
    rates = [place.n_dropped for place in places(model)]
    assert all(rate == round(0.4 * 256) for rate in rates)
    expected = model.eval()(SRC, TGT)
    for only in places(model):
        for place, rate in zip(places(model), rates, strict=True):
            place.n_dropped = rate if place is only else 0
        assert torch.equal(model.eval()(SRC, TGT), expected)
        model.train()
        outputs = [model(SRC, TGT) for _ in range(2)]
        assert not torch.allclose(outputs[0], expected)
        assert not torch.allclose(outputs[0], outputs[1])
    for place in places(model):
        place.n_dropped = 0
    assert torch.equal(model.train()(SRC, TGT), expected)


def test_dropout_is_the_same_for_the_same_seed() -> None:
    model = small(dropout=0.4).train()
    outputs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        outputs.append(model(SRC, TGT))
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_the_gradient_of_a_logit_by_a_later_token_is_exactly_zero(norm: str) -> None:
    model = small(norm=norm).eval()
    embedded: list[Tensor] = []
    model.tgt_embedding.register_forward_hook(lambda module, args, out: embedded.append(out))
    logits = model(SRC, TGT)
    # Not the plain sum: what comes out of a norm sums to nearly the same whatever goes in.
    weights = torch.randn(logits.shape[2], dtype=torch.float64)
    for t in range(TGT.shape[1]):
        (grad,) = torch.autograd.grad((logits[:, t] @ weights).sum(), embedded[0], retain_graph=True)
        assert (grad[:, t + 1 :] == 0).all()
        assert (grad[:, : t + 1].abs().amax(dim=2) > 0).all()


@pytest.mark.parametrize("norm", ["post", "pre"])
@pytest.mark.parametrize("scoring", ["dot", "additive"])
def test_without_positions_the_encoder_permutes_as_the_source_does(norm: str, scoring: str) -> None:
    model, row = small(norm=norm, positions="none", scoring=scoring).eval(), SRC[:1]
    without = model.encode(row, padding_mask(row, 0))
    for permutation in itertools.permutations(range(5)):
        shuffled = row[:, list(permutation)]
        memory = model.encode(shuffled, padding_mask(shuffled, 0))
        torch.testing.assert_close(memory, without[:, list(permutation)], rtol=0, atol=1e-12)


@pytest.mark.parametrize("norm", ["post", "pre"])
@pytest.mark.parametrize("positions", ["sinusoidal", "sinusoidal-half", "learned", "relative", "rotary"])
def test_with_positions_it_does_not(norm: str, positions: str) -> None:
    model, row = small(norm=norm, positions=positions).eval(), SRC[:1]
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "positions" in name or "scoring" in name:  # learned ones begin small
                parameter.normal_()
    memory = model.encode(row, padding_mask(row, 0))
    for permutation in itertools.islice(itertools.permutations(range(5)), 1, None, 17):
        shuffled = row[:, list(permutation)]
        other = model.encode(shuffled, padding_mask(shuffled, 0))
        assert not torch.allclose(other, memory[:, list(permutation)], atol=1e-3)


@pytest.mark.parametrize("positions", ["relative", "rotary"])
def test_distances_do_not_say_where_a_sentence_begins(positions: str) -> None:
    """The same tokens after others that nobody may look at are what they are without them."""
    model = small(positions=positions, max_distance=2).eval()
    words = torch.randint(4, 11, (1, 12), generator=torch.Generator().manual_seed(2))
    alone, later = words[:, 7:], torch.arange(12)[None, None, None] >= 7
    expected = model.encode(alone, padding_mask(alone, 0))
    torch.testing.assert_close(model.encode(words, later)[:, 7:], expected, rtol=0, atol=1e-12)
    added = small(positions="sinusoidal").eval()
    assert not torch.allclose(added.encode(words, later)[:, 7:], added.encode(alone, padding_mask(alone, 0)))


@pytest.mark.parametrize(
    "more",
    [{"positions": "learned", "max_positions": 5}, {"positions": "relative"}, {"scoring": "additive"}],
    ids=str,
)
def test_every_parameter_receives_a_gradient(more: dict[str, Any]) -> None:
    """One that does not would be saved, counted and never trained."""
    model = small(norm="pre", tie="none", attention_bias=True, **more)
    weights = torch.randn(11, dtype=torch.float64)
    (model(SRC, TGT) @ weights).square().sum().backward()
    silent = {
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None or not parameter.grad.any()
    }
    # The same bias on every key shifts all scores of a query alike, which the softmax forgets.
    assert all(name.endswith("k_proj.bias") for name in silent)
