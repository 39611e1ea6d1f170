"""The parts of ConvS2S: how it begins, how its encoder learns, what of it is saved, what it forgets."""

import math
from typing import Any

import pytest
import torch

from crosslight.bundle import Bundle, Facts, load_bundle, save_bundle
from crosslight.config.conv import ConvConfig
from crosslight.config.load import run_config
from crosslight.errors import ConfigError
from crosslight.interpret.trace import Trace, traced
from crosslight.models.build import build_model
from crosslight.nn.convolution import GatedConvolution
from crosslight.nn.scaled_gradient import scaled_gradient
from crosslight.nn.weight_norm import WeightNormLinear
from crosslight.text.subword import Subword

VOCAB = 200


def conv(**settings: Any) -> Any:
    torch.manual_seed(1)
    return build_model(ConvConfig.model_validate(settings), VOCAB, VOCAB)


def tokens(*shape: int) -> torch.Tensor:
    return torch.randint(4, VOCAB, shape, generator=torch.Generator().manual_seed(1))


# ---- how it begins (section 3.5 of Gehring et al.)


def first_trace(rate: float, n_layers: int, kernel: int) -> Trace:
    model = conv(
        d_hidden=320, n_encoder_layers=n_layers, n_decoder_layers=n_layers, kernel=kernel, dropout=rate
    ).train()
    with torch.no_grad(), traced(model) as trace:
        model(tokens(8, 24), tokens(8, 24))
    return trace


@pytest.mark.parametrize("rate", [0.0, 0.5])
@pytest.mark.parametrize(("n_layers", "kernel"), [(4, 3), (12, 5)])
def test_the_variance_stays_what_it_was_from_end_to_end(rate: float, n_layers: int, kernel: int) -> None:
    """Of a token's vector and a position's before dropout: 2 · 0.1²; through all layers, both stacks."""
    trace = first_trace(rate, n_layers, kernel)
    names = [f"{stack}_layers.{i}" for stack in ("encoder", "decoder") for i in range(n_layers)]
    for name in [*names, "encoder_out", "decoder_out"]:
        ratio = float(trace.said(name).var()) / (2 * 0.1**2)
        assert 0.8 < ratio < 1.5, f"{name}: {ratio:.2f} of the variance"


def test_a_gate_leaves_about_a_quarter_and_the_weights_make_up_for_it() -> None:
    torch.manual_seed(1)
    convolution = GatedConvolution(256, 3, dropped=0.0)
    x = 0.1 * torch.randn(8, 66, 256)
    assert math.isclose(float(convolution(x).var()), 0.1**2, rel_tol=0.1)
    assert math.isclose(float(convolution.linear.weight().detach().var()), 4 / (3 * 256), rel_tol=0.02)


def test_dropout_is_made_up_for_as_well() -> None:
    halved = GatedConvolution(256, 3, dropped=0.5).linear.weight().detach()
    assert math.isclose(float(halved.var()), 0.5 * 4 / (3 * 256), rel_tol=0.02)


def test_a_weight_begins_as_it_was_drawn() -> None:
    """Until something is learned, the normalized weight is v itself."""
    linear = WeightNormLinear(7, 5, std=0.3)
    torch.testing.assert_close(linear.weight(), linear.v)
    assert torch.equal(linear.bias, torch.zeros(5))


# ---- how its encoder learns


def test_a_scaled_gradient() -> None:
    x = torch.randn(3, requires_grad=True)
    y = scaled_gradient(x, 0.25)
    assert torch.equal(y, x)
    (gradient,) = torch.autograd.grad((y * y).sum(), x)
    torch.testing.assert_close(gradient, 0.25 * 2 * x.detach())


def test_the_encoder_learns_by_one_part_in_two_of_its_attentions() -> None:
    """In training alone; the decoder as ever, and the source vectors that the values hold, too."""
    gradients: dict[bool, dict[str, torch.Tensor]] = {}
    for training in (True, False):
        model = conv(d_model=16, d_hidden=16, n_decoder_layers=5, dropout=0.0).double().train(training)
        model(tokens(2, 6), tokens(2, 6)).logsumexp(dim=2).sum().backward()
        gradients[training] = {name: p.grad for name, p in model.named_parameters()}
    for name, gradient in gradients[True].items():
        full = gradients[False][name]
        if name.startswith("encoder"):
            torch.testing.assert_close(gradient, full / 10)
        elif name.startswith("decoder"):
            torch.testing.assert_close(gradient, full)
    assert float(gradients[False]["encoder_layers.0.convolution.linear.v"].abs().max()) > 0


# ---- what it keeps


def test_lengths_and_directions_are_in_the_bundle(tmp_path: Any) -> None:
    subword = Subword.train(["le chat dort", "the cat sleeps"] * 20, 280)
    config = run_config({"model": {"kind": "conv", "d_model": 8, "d_hidden": 12}, "train": {"steps": 1}}, "")
    torch.manual_seed(3)
    model: Any = build_model(config.model, subword.vocab_size, subword.vocab_size)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    save_bundle(Bundle(config, subword, subword, model, Facts()), tmp_path / "bundle")
    loaded: Any = load_bundle(tmp_path / "bundle").model
    state = loaded.state_dict()
    assert {"decoder_layers.2.convolution.linear.g", "decoder_layers.2.convolution.linear.v"} <= set(state)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, state[name]), name
    src = torch.randint(4, subword.vocab_size, (2, 5))
    assert torch.equal(loaded.eval()(src, src), model.eval()(src, src))


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_the_state_does_not_grow(kernel: int) -> None:
    """The last k - 1 inputs of each layer are all that is kept of what was written."""
    model = conv(d_model=8, d_hidden=12, kernel=kernel).eval()
    state = model.start(tokens(2, 5))
    for n in range(1, 9):
        _, state = model.decode(tokens(2, 1), state)
        assert [tuple(window.shape) for window in state.past] == [(2, kernel - 1, 12)] * 3
        assert state.n_written.tolist() == [n, n]


# ---- what it refuses


def test_an_even_kernel() -> None:
    with pytest.raises(ConfigError, match=r"kernel = 4 is even.*choose 3 or 5"):
        run_config({"model": {"kind": "conv", "kernel": 4}, "train": {"steps": 1}}, "the test")


def test_more_tokens_than_positions() -> None:
    model = conv(d_model=8, d_hidden=12, max_positions=4).eval()
    _, state = model.decode(tokens(1, 4), model.start(tokens(1, 4)))
    with pytest.raises(ConfigError, match="a sentence of 5 tokens"):
        model.decode(tokens(1, 1), state)
    conv(d_model=8, d_hidden=12, max_positions=4, positions="none").eval()(tokens(1, 9), tokens(1, 9))
