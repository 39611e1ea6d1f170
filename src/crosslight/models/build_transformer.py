"""From settings to a Transformer.

Reading it top-down shows what is shared: `tie` decides whether source embedding, target embedding and
output layer are one table (section 3.4), two, or three.
"""

from torch import nn

from crosslight.config.model import TransformerConfig
from crosslight.models.build_tables import tables
from crosslight.models.transformer import Transformer
from crosslight.nn.attention import MultiHeadAttention
from crosslight.nn.embedding import PositionedEmbedding
from crosslight.nn.layers import DecoderLayer, EncoderLayer, FeedForward, Residual
from crosslight.nn.positions import LearnedPositions, SinusoidalPositions


def transformer(
    config: TransformerConfig, src_vocab_size: int, tgt_vocab_size: int, pad_id: int
) -> Transformer:
    """Vaswani et al. 2017 as `config` varies it.

    Raises:
        ConfigError: three-way tying is asked for, but the two vocabularies differ.
    """
    src_tokens, tgt_tokens, output = tables(config, src_vocab_size, tgt_vocab_size)
    model = Transformer(
        src_embedding=PositionedEmbedding(src_tokens, positions(config), config.dropout),
        tgt_embedding=PositionedEmbedding(tgt_tokens, positions(config), config.dropout),
        encoder_layers=[
            EncoderLayer(attention(config), feed_forward(config), residuals(config, 2))
            for _ in range(config.n_encoder_layers)
        ],
        decoder_layers=[
            DecoderLayer(
                attention(config),
                attention(config),
                feed_forward(config),
                residuals(config, 3),
            )
            for _ in range(config.n_decoder_layers)
        ],
        encoder_norm=final_norm(config),
        decoder_norm=final_norm(config),
        output=output,
        pad_id=pad_id,
    )
    initialize(model, config)
    return model


def initialize(model: Transformer, config: TransformerConfig) -> None:
    """Xavier (Glorot & Bengio 2010) for every linear map, biases zero.

    With `init = "depth"` the last map of each of a stack's n sublayers is 1/√n of that, so that the sum
    on the residual path starts at the size of one sublayer, however deep the stack is.
    """
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    if config.init == "depth":
        for layers, per_layer in ((model.encoder_layers, 2), (model.decoder_layers, 3)):
            stack = list(layers)
            for layer in stack:
                for module in layer.modules():
                    if isinstance(module, MultiHeadAttention | FeedForward):
                        last = module.out_proj if isinstance(module, MultiHeadAttention) else module.down
                        last.weight.data.mul_((per_layer * len(stack)) ** -0.5)


def attention(config: TransformerConfig) -> MultiHeadAttention:
    """One attention sublayer."""
    return MultiHeadAttention(
        config.d_model, config.n_heads, config.d_key, config.attention_bias, config.qk_norm
    )


def feed_forward(config: TransformerConfig) -> FeedForward:
    """One feed-forward sublayer."""
    return FeedForward(config.d_model, config.d_ff, config.activation)


def norm(config: TransformerConfig) -> nn.Module:
    """The normalization that `config.norm_kind` names."""
    return nn.LayerNorm(config.d_model) if config.norm_kind == "layer" else nn.RMSNorm(config.d_model)


def residuals(config: TransformerConfig, n: int) -> list[Residual]:
    """The "Add & Norm" of n sublayers."""
    return [Residual(norm(config), config.dropout, config.norm) for _ in range(n)]


def positions(config: TransformerConfig) -> SinusoidalPositions | LearnedPositions:
    """The position encoding that `config.positions` names."""
    if config.positions == "learned":
        return LearnedPositions(config.d_model, config.max_positions)
    return SinusoidalPositions(
        config.d_model, "half" if config.positions == "sinusoidal-half" else "interleaved"
    )


def final_norm(config: TransformerConfig) -> nn.Module:
    """A pre-norm stack leaves its sum unnormalized, so it ends with a norm of its own."""
    return norm(config) if config.norm == "pre" else nn.Identity()
