"""From settings to a Transformer.

Reading it top-down shows what is shared: `tie` decides whether source embedding, target embedding and
output layer are one table (section 3.4), two, or three. Positions are added to embeddings (`positions`), or
are a matter of how the tokens of one side score each other (`among_themselves`).
"""

from torch import nn

from crosslight.config.model import TransformerConfig
from crosslight.models.build_tables import tables
from crosslight.models.transformer import Transformer
from crosslight.nn.additive import AdditiveScoring
from crosslight.nn.attention import DotProduct, MultiHeadAttention
from crosslight.nn.embedding import PositionedEmbedding
from crosslight.nn.layers import DecoderLayer, EncoderLayer, FeedForward, Residual
from crosslight.nn.positions import LearnedPositions, NoPositions, Positions, SinusoidalPositions
from crosslight.nn.relative import RelativeScoring
from crosslight.nn.rotary import RotaryScoring


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
            EncoderLayer(
                attention(config, among_themselves(config)), feed_forward(config), residuals(config, 2)
            )
            for _ in range(config.n_encoder_layers)
        ],
        decoder_layers=[
            DecoderLayer(
                attention(config, among_themselves(config)),
                attention(config, across(config)),
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


def attention(config: TransformerConfig, scoring: nn.Module) -> MultiHeadAttention:
    """One attention sublayer."""
    return MultiHeadAttention(
        config.d_model, config.n_heads, config.d_key, config.attention_bias, config.qk_norm, scoring
    )


def among_themselves(config: TransformerConfig) -> nn.Module:
    """How the tokens of one side score each other: there distances are known, if positions are that."""
    match config.positions:
        case "relative":
            return RelativeScoring(head_width(config), config.d_model // config.n_heads, config.max_distance)
        case "rotary":
            return RotaryScoring(head_width(config))
    return across(config)


def across(config: TransformerConfig) -> nn.Module:
    """How target tokens score source tokens: by what they are, for distances across languages mean little."""
    if config.scoring == "additive":
        return AdditiveScoring(config.n_heads, head_width(config))
    return DotProduct()


def head_width(config: TransformerConfig) -> int:
    """Width of a head's queries and keys."""
    return config.d_key or config.d_model // config.n_heads


def feed_forward(config: TransformerConfig) -> FeedForward:
    """One feed-forward sublayer."""
    return FeedForward(config.d_model, config.d_ff, config.activation)


def norm(config: TransformerConfig) -> nn.Module:
    """The normalization that `config.norm_kind` names."""
    return nn.LayerNorm(config.d_model) if config.norm_kind == "layer" else nn.RMSNorm(config.d_model)


def residuals(config: TransformerConfig, n: int) -> list[Residual]:
    """The "Add & Norm" of n sublayers."""
    return [Residual(norm(config), config.dropout, config.norm) for _ in range(n)]


def positions(config: TransformerConfig) -> Positions:
    """What `config.positions` adds to the embeddings."""
    match config.positions:
        case "learned":
            return LearnedPositions(config.d_model, config.max_positions)
        case "sinusoidal":
            return SinusoidalPositions(config.d_model, "interleaved")
        case "sinusoidal-half":
            return SinusoidalPositions(config.d_model, "half")
        case "relative" | "rotary" | "none":
            return NoPositions(config.d_model)


def final_norm(config: TransformerConfig) -> nn.Module:
    """A pre-norm stack leaves its sum unnormalized, so it ends with a norm of its own."""
    return norm(config) if config.norm == "pre" else nn.Identity()
