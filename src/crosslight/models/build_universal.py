"""From settings to a Universal Transformer."""

from torch import nn

from crosslight.config.universal import UniversalConfig
from crosslight.models.build_tables import tables
from crosslight.models.universal import Universal
from crosslight.nn.attention import MultiHeadAttention
from crosslight.nn.halting import HaltingUnit, Tireless
from crosslight.nn.layers import FeedForward, Residual
from crosslight.nn.positions import SinusoidalPositions
from crosslight.nn.transition import Depthwise, ReadingLayer, WritingLayer


def universal(config: UniversalConfig, src_vocab_size: int, tgt_vocab_size: int, pad_id: int) -> Universal:
    """Dehghani et al. 2019 as `config` varies it; Xavier for every linear map, biases zero.

    Raises:
        ConfigError: three-way tying is asked for, but the two vocabularies differ.
    """
    src_tokens, tgt_tokens, output = tables(config, src_vocab_size, tgt_vocab_size)
    model = Universal(
        src_embedding=src_tokens,
        tgt_embedding=tgt_tokens,
        positions=SinusoidalPositions(config.d_model),
        steps=SinusoidalPositions(config.d_model),
        encoder_layer=ReadingLayer(
            attention(config), feed_forward(config), residuals(config, 2), neighbors(config)
        ),
        decoder_layer=WritingLayer(
            attention(config),
            attention(config),
            feed_forward(config),
            residuals(config, 3),
            neighbors(config),
        ),
        encoder_norm=final_norm(config),
        decoder_norm=final_norm(config),
        encoder_halting=halting(config),
        decoder_halting=halting(config),
        output=output,
        max_steps=config.max_steps,
        epsilon=config.epsilon,
        ponder_weight=config.ponder_weight if config.halting == "act" else 0.0,
        dropout=config.dropout,
        pad_id=pad_id,
    )
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model


def attention(config: UniversalConfig) -> MultiHeadAttention:
    """One attention sublayer."""
    return MultiHeadAttention(config.d_model, config.n_heads)


def feed_forward(config: UniversalConfig) -> FeedForward:
    """What the transition does at each position."""
    return FeedForward(config.d_model, config.d_ff)


def neighbors(config: UniversalConfig) -> Depthwise:
    """What the transition sees of the positions beside its own."""
    return Depthwise(config.d_model, config.kernel)


def residuals(config: UniversalConfig, n: int) -> list[Residual]:
    """The "Add & Norm" of n sublayers."""
    return [Residual(nn.LayerNorm(config.d_model), config.dropout, config.norm) for _ in range(n)]


def final_norm(config: UniversalConfig) -> nn.Module:
    """A pre-norm state is an unnormalized sum; what is mixed and judged is normalized."""
    return nn.LayerNorm(config.d_model) if config.norm == "pre" else nn.Identity()


def halting(config: UniversalConfig) -> nn.Module:
    """What decides when a position stops."""
    return HaltingUnit(config.d_model) if config.halting == "act" else Tireless()
