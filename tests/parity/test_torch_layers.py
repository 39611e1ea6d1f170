"""Our attention, layers and whole Transformer against those of torch.nn with the same weights."""

from collections.abc import Iterable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from crosslight.config.model import TransformerConfig
from crosslight.models.build import build_model
from crosslight.models.transformer import Transformer
from crosslight.nn.attention import Attend, MultiHeadAttention, attend_fused, attend_written_out
from crosslight.nn.layers import DecoderLayer, EncoderLayer, FeedForward, NormOrder, Residual
from crosslight.nn.masks import causal_mask, padding_mask

D, HEADS, FF, VOCAB = 24, 3, 40, 17
# Rows of 6, 4 and 1 real source tokens.
SRC = torch.tensor([[4, 5, 6, 7, 8, 9], [5, 9, 4, 11, 0, 0], [12, 0, 0, 0, 0, 0]])
TGT = torch.tensor([[2, 5, 6, 7, 8], [2, 4, 16, 15, 14], [2, 9, 9, 9, 9]])
ORDERS: list[NormOrder] = ["post", "pre"]


@pytest.fixture(autouse=True)
def _in_float64() -> Iterable[None]:
    """In float64 a formula that differs cannot hide behind rounding."""
    torch.manual_seed(11)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def close(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-10)


def scatter(module: nn.Module) -> None:
    """Move every parameter away from 0 and 1, where a forgotten one would not be noticed."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))


def future(n: int) -> Tensor:
    """Torch's convention: True = must not attend."""
    return torch.ones(n, n, dtype=torch.bool).triu(1)


def copy_attention(theirs: Any, ours: MultiHeadAttention) -> None:
    names = ("q_proj", "k_proj", "v_proj")
    for name, weight, bias in zip(
        names, theirs.in_proj_weight.chunk(3), theirs.in_proj_bias.chunk(3), strict=True
    ):
        copy(getattr(ours, name), weight, bias)
    copy_both(theirs.out_proj, ours.out_proj)


def copy(ours: Any, weight: Tensor, bias: Tensor) -> None:
    with torch.no_grad():
        ours.weight.copy_(weight)
        ours.bias.copy_(bias)


def copy_both(theirs: Any, ours: Any) -> None:
    """Weight and bias of a module of torch into ours."""
    copy(ours, theirs.weight, theirs.bias)


def copy_layer(theirs: Any, ours: Any) -> None:
    """Weights of torch's encoder or decoder layer into ours."""
    copy_attention(theirs.self_attn, ours.self_attention)
    residuals = [ours.self_residual, ours.ff_residual]
    if isinstance(ours, DecoderLayer):
        copy_attention(theirs.multihead_attn, ours.cross_attention)
        residuals.insert(1, ours.cross_residual)
    copy_both(theirs.linear1, ours.feed_forward.up)
    copy_both(theirs.linear2, ours.feed_forward.down)
    for number, residual in enumerate(residuals, start=1):
        copy_both(getattr(theirs, f"norm{number}"), residual.norm)


def settings(order: NormOrder) -> dict[str, Any]:
    return {
        "dropout": 0.0,
        "activation": "relu",
        "batch_first": True,
        "norm_first": order == "pre",
    }


def attention() -> MultiHeadAttention:
    return MultiHeadAttention(D, HEADS, bias=True)


def test_written_out_and_fused_attention_are_one() -> None:
    """Values and gradients, under every kind of mask."""
    padding, causal = padding_mask(SRC, 0), causal_mask(4, n_past=2)
    for mask in (None, padding, causal, padding & causal, torch.rand(3, HEADS, 4, 6) < 0.7):
        if mask is not None and mask.shape[1] == HEADS:
            mask[..., 0] = True  # a query that may look nowhere is nobody's business
        results = []
        torch.manual_seed(1)
        q, k, v = torch.randn(3, HEADS, 4, 8), torch.randn(3, HEADS, 6, 8), torch.randn(3, HEADS, 6, 8)
        upstream = torch.randn(3, HEADS, 4, 8)
        formulas: list[Attend] = [attend_written_out, attend_fused]
        for attend in formulas:
            leaves = [x.clone().requires_grad_() for x in (q, k, v)]
            context = attend(leaves[0], leaves[1], leaves[2], mask)
            results.append([context, *torch.autograd.grad((context * upstream).sum(), leaves)])
        for ours, fused in zip(*results, strict=True):
            close(ours, fused)


def test_multi_head_attention() -> None:
    theirs = nn.MultiheadAttention(D, HEADS, batch_first=True)
    scatter(theirs)
    ours = attention()
    copy_attention(theirs, ours)
    x, memory = torch.randn(3, 5, D), torch.randn(3, 6, D)
    expected, _ = theirs(x, memory, memory, key_padding_mask=SRC == 0, need_weights=False)
    close(ours(x, ours.project(memory), padding_mask(SRC, 0)), expected)
    expected, _ = theirs(x, x, x, attn_mask=future(5), need_weights=False)
    close(ours(x, ours.project(x), causal_mask(5)), expected)


@pytest.mark.parametrize("order", ORDERS)
def test_encoder_layer(order: NormOrder) -> None:
    # In training mode: torch's layer leaves its plain path in eval, and there is no dropout here.
    theirs = nn.TransformerEncoderLayer(D, HEADS, FF, **settings(order)).train()
    scatter(theirs)
    ours = EncoderLayer(
        attention(), FeedForward(D, FF), [Residual(nn.LayerNorm(D), 0.0, order) for _ in range(2)]
    )
    copy_layer(theirs, ours)
    x = torch.randn(3, 6, D)
    close(ours(x, padding_mask(SRC, 0)), theirs(x, src_key_padding_mask=SRC == 0))


@pytest.mark.parametrize("order", ORDERS)
def test_decoder_layer(order: NormOrder) -> None:
    theirs = nn.TransformerDecoderLayer(D, HEADS, FF, **settings(order)).train()
    scatter(theirs)
    residuals = [Residual(nn.LayerNorm(D), 0.0, order) for _ in range(3)]
    ours = DecoderLayer(attention(), attention(), FeedForward(D, FF), residuals)
    copy_layer(theirs, ours)
    x, memory = torch.randn(3, 5, D), torch.randn(3, 6, D)
    nothing = ours.self_attention.project(x[:, :0])
    out, past = ours(x, nothing, ours.cross_attention.project(memory), causal_mask(5), padding_mask(SRC, 0))
    close(out, theirs(x, memory, tgt_mask=future(5), memory_key_padding_mask=SRC == 0))
    assert past[0].shape == past[1].shape == (3, HEADS, 5, D // HEADS)


def whole_pair(order: NormOrder) -> tuple[Transformer, nn.Transformer]:
    """Ours and theirs, 3 layers that read and 2 that write, one set of weights."""
    reader = nn.TransformerEncoderLayer(D, HEADS, FF, **settings(order))
    writer = nn.TransformerDecoderLayer(D, HEADS, FF, **settings(order))
    encoder = nn.TransformerEncoder(reader, 3, enable_nested_tensor=False)
    decoder = nn.TransformerDecoder(writer, 2)
    if order == "pre":
        encoder.norm, decoder.norm = nn.LayerNorm(D), nn.LayerNorm(D)
    theirs = nn.Transformer(D, HEADS, batch_first=True, custom_encoder=encoder, custom_decoder=decoder)
    scatter(theirs.train())
    config = TransformerConfig(
        d_model=D,
        d_ff=FF,
        n_heads=HEADS,
        n_encoder_layers=3,
        n_decoder_layers=2,
        dropout=0.0,
        norm=order,
        attention_bias=True,
    )
    ours = build_model(config, VOCAB, VOCAB, pad_id=0)
    for layer, other in zip(
        [*ours.encoder_layers, *ours.decoder_layers], [*encoder.layers, *decoder.layers], strict=True
    ):
        copy_layer(other, layer)
    if order == "pre":
        copy_both(encoder.norm, ours.encoder_norm)
        copy_both(decoder.norm, ours.decoder_norm)
    return ours, theirs


@pytest.mark.parametrize("order", ORDERS)
def test_whole_transformer(order: NormOrder) -> None:
    """Figure 1 from token ids to logits, and the gradient of the shared table."""
    ours, theirs = whole_pair(order)
    table = ours.output.table.weight.detach().clone().requires_grad_()
    angles = torch.arange(6)[:, None] / 10_000 ** (torch.arange(0, D, 2) / D)
    clock = torch.stack((angles.sin(), angles.cos()), dim=2).flatten(1)

    def embedded(tokens: Tensor) -> Tensor:
        vectors: Tensor = table[tokens] * D**0.5 + clock[: tokens.shape[1]]
        return vectors

    out = theirs(
        embedded(SRC),
        embedded(TGT),
        tgt_mask=future(5),
        src_key_padding_mask=SRC == 0,
        memory_key_padding_mask=SRC == 0,
    )
    expected = out @ table.T
    logits = ours(SRC, TGT)
    # The model keeps its sinusoids in float32.
    torch.testing.assert_close(logits, expected, rtol=0, atol=1e-5)
    upstream = torch.randn_like(expected)
    (logits * upstream).sum().backward()
    (gradient,) = torch.autograd.grad((expected * upstream).sum(), table)
    assert ours.output.table.weight.grad is not None
    torch.testing.assert_close(ours.output.table.weight.grad, gradient, rtol=1e-5, atol=1e-4)
