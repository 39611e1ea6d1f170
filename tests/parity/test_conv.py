"""ConvS2S against torch's convolution and weight normalization, and against the paper's equations by hand."""

import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from crosslight.config.conv import ConvConfig
from crosslight.interpret.attention import record_attention
from crosslight.models.build import build_model
from crosslight.nn.convolution import EncoderBlock
from crosslight.nn.multistep import DecoderBlock

Array = Any  # of NumPy
D, H = 6, 10
# Rows of 5, 3 and 1 real source tokens.
SRC = torch.tensor([[4, 5, 6, 7, 8], [9, 4, 5, 0, 0], [10, 0, 0, 0, 0]])
TGT = torch.tensor([[2, 5, 6, 7], [2, 4, 9, 9], [2, 10, 4, 8]])


def scatter(module: nn.Module) -> None:
    """Move every parameter away from 0 and 1, where a forgotten one would not be noticed."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))


def torch_convolution(linear: Any, kernel: int) -> nn.Module:
    """Torch's own with the same v, g and bias; it has taps last, we have them first."""
    theirs = weight_norm(nn.Conv1d(H, 2 * H, kernel)).double()
    with torch.no_grad():
        theirs.parametrizations.weight.original0.copy_(linear.g[:, None, None])
        theirs.parametrizations.weight.original1.copy_(linear.v.view(2 * H, kernel, H).transpose(1, 2))
        theirs.bias.copy_(linear.bias)
    return theirs


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("stack", ["encoder", "decoder"])
def test_a_block_is_torchs_convolution_and_glu(stack: str, kernel: int) -> None:
    torch.manual_seed(1)
    block: Any = EncoderBlock(H, kernel, 0.1) if stack == "encoder" else DecoderBlock(H, D, kernel, 0.1)
    block = block.double().eval()
    scatter(block)
    theirs = torch_convolution(block.convolution.linear, kernel)
    x = torch.randn(3, 7, H, dtype=torch.float64, requires_grad=True)
    g, o = torch.randn(3, 7, D).double(), torch.zeros(3, 1, 2, D).double()
    ends = (kernel // 2, kernel // 2) if stack == "encoder" else (kernel - 1, 0)
    expected = F.glu(theirs(F.pad(x.transpose(1, 2), ends)), dim=1).transpose(1, 2)
    if stack == "encoder":
        expected = (expected + x) * math.sqrt(0.5)
        found = block(x, torch.ones(3, 7, 1, dtype=torch.bool))
    else:  # a source of zeros gives nothing but the bias
        expected = ((expected + block.attention.out_proj.bias) * math.sqrt(0.5) + x) * math.sqrt(0.5)
        everywhere = torch.ones(3, 1, 1, 2, dtype=torch.bool)
        found, _ = block(x, g, torch.zeros(3, kernel - 1, H).double(), (o, o), everywhere)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)

    upstream = torch.randn(3, 7, H).double()
    ours_g, ours_v = block.convolution.linear.g, block.convolution.linear.v
    mine = torch.autograd.grad(found, [x, ours_g, ours_v], upstream)
    g_too, v_too = theirs.parametrizations.weight.original0, theirs.parametrizations.weight.original1
    torchs = torch.autograd.grad(expected, [x, g_too, v_too], upstream)
    for ours, other in zip(
        mine, (torchs[0], torchs[1].flatten(), torchs[2].transpose(1, 2).flatten(1)), strict=True
    ):
        torch.testing.assert_close(ours, other, rtol=0, atol=1e-12)


class ByHand:
    """Section 3 of the paper for one sentence without padding, in loops."""

    def __init__(self, model: Any, kernel: int) -> None:
        self.p = {name: tensor.detach().numpy() for name, tensor in model.state_dict().items()}
        self.kernel = kernel
        self.n_layers = len(list(model.encoder_layers)), len(list(model.decoder_layers))

    def linear(self, name: str, x: Array) -> Array:
        rows = []
        for v, g in zip(self.p[f"{name}.v"], self.p[f"{name}.g"], strict=True):
            rows.append(g * v / np.sqrt((v * v).sum()))
        return np.array(rows) @ x + self.p[f"{name}.bias"]

    def embedded(self, side: str, tokens: list[int]) -> list[Array]:
        out = []
        for place, token in enumerate(tokens):
            x = self.p[f"{side}_embedding.tokens.table.weight"][token]
            if f"{side}_embedding.positions.table" in self.p:
                x = x + self.p[f"{side}_embedding.positions.table"][place]
            out.append(x)
        return out

    def convolution(self, name: str, xs: list[Array], n_before: int) -> list[Array]:
        out = []
        for place in range(len(xs)):
            taps = [place - n_before + j for j in range(self.kernel)]
            seen = [xs[i] if 0 <= i < len(xs) else np.zeros_like(xs[0]) for i in taps]
            a, b = np.split(self.linear(name, np.concatenate(seen)), 2)
            out.append(a / (1 + np.exp(-b)))
        return out

    def encode(self, src: list[int]) -> tuple[list[Array], list[Array]]:
        e = self.embedded("src", src)
        h = [self.linear("src_embedding.to_hidden", x) for x in e]
        for layer in range(self.n_layers[0]):
            name = f"encoder_layers.{layer}.convolution.linear"
            c = self.convolution(name, h, self.kernel // 2)
            h = [(new + old) * math.sqrt(0.5) for new, old in zip(c, h, strict=True)]
        return [self.linear("encoder_out", x) for x in h], e

    def logits(self, src: list[int], tgt: list[int]) -> tuple[Array, list[Array]]:
        z, e = self.encode(src)
        m, g = len(src), self.embedded("tgt", tgt)
        h = [self.linear("tgt_embedding.to_hidden", x) for x in g]
        shares = []
        for layer in range(self.n_layers[1]):
            name = f"decoder_layers.{layer}"
            c = self.convolution(f"{name}.convolution.linear", h, self.kernel - 1)
            for i in range(len(tgt)):
                d = (self.linear(f"{name}.attention.q_proj", c[i]) + g[i]) * math.sqrt(0.5)
                a = np.exp([d @ z[j] for j in range(m)])
                a = a / a.sum()
                shares.append(a)
                context = sum(a[j] * (z[j] + e[j]) * math.sqrt(0.5) for j in range(m)) * (
                    m * math.sqrt(1 / m)
                )
                c[i] = (c[i] + self.linear(f"{name}.attention.out_proj", context)) * math.sqrt(0.5)
            h = [(new + old) * math.sqrt(0.5) for new, old in zip(c, h, strict=True)]
        last = [self.linear("decoder_out", x) for x in h]
        return np.array([self.p["output.table.weight"] @ x + self.p["output.bias"] for x in last]), shares


@pytest.mark.parametrize("positions", ["learned", "none"])
@pytest.mark.parametrize("kernel", [3, 5])
def test_the_whole_is_what_the_paper_says(kernel: int, positions: Any) -> None:
    """A batch with padding; every sentence by hand, without."""
    torch.manual_seed(2)
    config = ConvConfig(
        **{"d_model": D, "d_hidden": H, "kernel": kernel, "n_encoder_layers": 3, "n_decoder_layers": 2},
        **{"positions": positions, "tie": "none", "max_positions": 8},
    )
    model: Any = build_model(config, 11, 12).double().eval()
    scatter(model)
    hand = ByHand(model, kernel)
    with torch.no_grad(), record_attention(model) as recording:
        found = model(SRC, TGT)
    assert list(recording) == [f"decoder_layers.{i}.attention" for i in range(2)]
    assert [len(calls) for calls in recording.values()] == [1, 1]
    for row, n in enumerate((5, 3, 1)):
        logits, shares = hand.logits(SRC[row, :n].tolist(), TGT[row].tolist())
        torch.testing.assert_close(found[row], torch.from_numpy(logits), rtol=0, atol=1e-12)
        weights = torch.cat([recording[f"decoder_layers.{i}.attention"][0][row, 0] for i in range(2)])
        assert weights.shape == (8, 5)
        torch.testing.assert_close(weights[:, :n], torch.from_numpy(np.array(shares)), rtol=0, atol=1e-12)
        assert torch.equal(weights[:, n:], torch.zeros(8, 5 - n).double())


def test_recording_and_the_kernel_that_stores_no_weights_say_the_same() -> None:
    torch.manual_seed(2)
    model: Any = build_model(ConvConfig(d_model=D, d_hidden=H), 11, 11).double().eval()
    scatter(model)
    fused: Tensor = model(SRC, TGT)
    with record_attention(model) as recording:
        torch.testing.assert_close(model(SRC, TGT), fused, rtol=0, atol=1e-12)
    for (weights,) in recording.values():
        torch.testing.assert_close(weights.sum(dim=3), torch.ones(3, 1, 4).double(), rtol=0, atol=1e-12)
