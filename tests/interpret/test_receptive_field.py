"""What convolutions see, counted by gradients against 1 + L (k - 1); a Transformer sees all at once."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from crosslight.config.conv import ConvConfig
from crosslight.config.model import TransformerConfig
from crosslight.errors import ConfigError
from crosslight.interpret.receptive_field import (
    influence,
    logit_influence,
    memory_influence,
    path_lengths,
    receptive_field,
)
from crosslight.models.build import build_model

VOCAB = 11
SHAPES = [(1, 3), (2, 3), (3, 3), (5, 3), (1, 5), (3, 5), (2, 7), (4, 1)]  # layers, kernel


def conv(n_layers: int, kernel: int) -> Any:
    torch.manual_seed(3)
    config = ConvConfig(
        d_model=8, d_hidden=12, kernel=kernel, n_encoder_layers=n_layers, n_decoder_layers=n_layers
    )
    return build_model(config, VOCAB, VOCAB).double().eval()


def transformer() -> Any:
    torch.manual_seed(3)
    config = TransformerConfig(d_model=8, d_ff=12, n_heads=2, n_encoder_layers=2, n_decoder_layers=2)
    return build_model(config, VOCAB, VOCAB).double().eval()


def tokens(n: int, seed: int = 1) -> Tensor:
    return torch.randint(4, VOCAB, (2, n), generator=torch.Generator().manual_seed(seed))


def distance(n: int) -> Tensor:
    """Token s minus place q."""
    return torch.arange(n) - torch.arange(n)[:, None]


@pytest.mark.parametrize(("n_layers", "kernel"), SHAPES)
def test_the_encoder_sees_what_its_convolutions_reach_and_nothing_else(n_layers: int, kernel: int) -> None:
    model, src = conv(n_layers, kernel), tokens(n_layers * (kernel - 1) + 5)
    assert receptive_field(model, src) == 1 + n_layers * (kernel - 1)
    within = distance(src.shape[1]).abs() <= n_layers * (kernel // 2)
    assert torch.equal(memory_influence(model, src) > 0, within.expand(2, -1, -1))


@pytest.mark.parametrize("attention", ["off", "on"])
@pytest.mark.parametrize(("n_layers", "kernel"), SHAPES)
def test_the_decoder_sees_only_back(n_layers: int, kernel: int, attention: str) -> None:
    """Attention asks with what a place knows already: it brings nothing of the target from further away."""
    model, tgt = conv(n_layers, kernel), tokens(n_layers * (kernel - 1) + 5)
    if attention == "off":
        for layer in model.decoder_layers:
            layer.attention.attend = lambda q, k, v, mask: torch.zeros_like(q)
    (found,) = influence(model, tgt, lambda: [model(tokens(4, seed=2), tgt)])
    back = -distance(tgt.shape[1])
    assert torch.equal(found > 0, ((back >= 0) & (back <= n_layers * (kernel - 1))).expand(2, -1, -1))
    assert int((found > 0).sum(dim=2).max()) == 1 + n_layers * (kernel - 1)


def test_a_token_goes_as_many_layers_as_it_is_far() -> None:
    """Kernel 5 goes two tokens a layer; self-attention goes anywhere in one."""
    model, src = conv(4, 5), tokens(7)
    expected = (distance(7).abs() + 1) // 2
    assert torch.equal(
        path_lengths(model, src, model.encoder_layers), expected.clamp(min=1).expand(2, -1, -1)
    )
    model = conv(2, 5)
    beyond = path_lengths(model, src, model.encoder_layers) == 0
    assert torch.equal(beyond, (distance(7).abs() > 4).expand(2, -1, -1))
    model = transformer()
    assert torch.equal(path_lengths(model, src, model.encoder_layers), torch.ones(2, 7, 7, dtype=torch.long))


@pytest.mark.parametrize("make", [transformer, lambda: conv(2, 3)], ids=["transformer", "conv"])
def test_every_logit_knows_all_of_the_source_but_its_padding(make: Any) -> None:
    model, src = make(), tokens(9)
    src[1, 6:] = 0
    found = logit_influence(model, src, tokens(5, seed=2)) > 0
    assert torch.equal(found, (src != 0)[:, None].expand(-1, 5, -1))


def test_the_length_is_that_of_the_derivative() -> None:
    """Against differences: the vectors of a token are moved, one number after the other."""
    model, src = conv(2, 3), tokens(6)[:1]
    direction = torch.randn(8 * 2, generator=torch.Generator().manual_seed(0)).double()
    found = memory_influence(model, src)

    def along() -> Tensor:
        z, values = model.start(src).memory
        return torch.cat((z, values), dim=3)[0, 0] @ direction

    def moved(place: int, axis: int, by: float) -> Tensor:
        def move(_: nn.Module, __: Any, said: Tensor) -> Tensor:
            said = said.clone()
            said[0, place, axis] += by
            return said

        handle = model.src_embedding.tokens.table.register_forward_hook(move)
        try:
            return along().detach()
        finally:
            handle.remove()

    step = 1e-6
    slopes = [
        [(moved(place, axis, step) - moved(place, axis, -step)) / (2 * step) for axis in range(8)]
        for place in range(6)
    ]
    expected = torch.stack([torch.stack(row) for row in slopes]).permute(2, 0, 1).norm(dim=2)
    torch.testing.assert_close(found[0], expected, rtol=1e-5, atol=1e-7)


def test_tokens_that_are_not_looked_up() -> None:
    model, src = conv(1, 3), tokens(4)
    with pytest.raises(ConfigError, match="not looked up in any table"):
        influence(model, src.clone(), lambda: [model(src, src)])
