"""Our layers in the places of a CTranslate2 specification: which tensor goes where."""

from typing import Any

import numpy as np
from torch import Tensor, nn

from crosslight.nn.attention import MultiHeadAttention
from crosslight.nn.layers import FeedForward


def put_layer(there: Any, layer: Any) -> None:
    """An encoder or a decoder layer; in theirs a sublayer has its norm inside."""
    _put_attention(there.self_attention, layer.self_attention, fused=3)
    put_norm(there.self_attention.layer_norm, layer.self_residual.norm)
    if hasattr(there, "attention"):
        _put_attention(there.attention, layer.cross_attention, fused=2)
        put_norm(there.attention.layer_norm, layer.cross_residual.norm)
    feed_forward: FeedForward = layer.feed_forward
    _put_linear(there.ffn.linear_0, feed_forward.up)
    _put_linear(there.ffn.linear_1, feed_forward.down)
    put_norm(there.ffn.layer_norm, layer.ff_residual.norm)


def _put_attention(there: Any, attention: MultiHeadAttention, fused: int) -> None:
    """Their first map makes queries, keys and values at once; between stacks, keys and values only."""
    maps = [attention.q_proj, attention.k_proj, attention.v_proj]
    if fused == 2:
        _put_linear(there.linear[0], maps[0])
    _put_linear(there.linear[-2], *maps[-fused:])
    _put_linear(there.linear[-1], attention.out_proj)


def _put_linear(there: Any, *maps: nn.Linear) -> None:
    there.weight = np.concatenate([array(m.weight) for m in maps])
    biases = [array(m.bias) for m in maps if m.bias is not None]
    if biases:
        there.bias = np.concatenate(biases)


def put_norm(there: Any, norm: Any) -> None:
    """LayerNorm, or RMSNorm, which only scales."""
    there.gamma = array(norm.weight)
    if isinstance(norm, nn.LayerNorm):
        there.beta = array(norm.bias)


def array(tensor: Tensor) -> Any:
    """A copy: quantization works in place."""
    return tensor.detach().cpu().float().numpy().copy()
