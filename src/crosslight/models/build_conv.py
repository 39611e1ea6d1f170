"""From settings to a convolutional network, initialized as in section 3.5 of Gehring et al. (2017).

All is drawn from normal distributions such that what flows through varies alike from end to end: a variance of
p / n for a map of n inputs, of which dropout keeps a share p before it; four times that where a GLU follows.
"""

import math

from torch import nn

from crosslight.config.conv import ConvConfig
from crosslight.models.build_tables import tables
from crosslight.models.conv import Conv, ConvEmbedding
from crosslight.nn.convolution import EncoderBlock
from crosslight.nn.embedding import TokenEmbedding
from crosslight.nn.multistep import DecoderBlock
from crosslight.nn.positions import LearnedPositions
from crosslight.nn.weight_norm import WeightNormLinear

EMBEDDING_STD = 0.1  # of the paper; small, so that a GLU is in its linear part


def conv(config: ConvConfig, src_vocab_size: int, tgt_vocab_size: int, pad_id: int) -> Conv:
    """Gehring et al. 2017, every layer of one width and kernel.

    Raises:
        ConfigError: three-way tying is asked for, but the two vocabularies differ.
    """
    src_tokens, tgt_tokens, output = tables(config, src_vocab_size, tgt_vocab_size)
    for tokens in (src_tokens, tgt_tokens):
        nn.init.normal_(tokens.table.weight, std=EMBEDDING_STD)
    d_model, d_hidden, kernel, dropout = config.d_model, config.d_hidden, config.kernel, config.dropout
    return Conv(
        src_embedding=embedding(config, src_tokens),
        tgt_embedding=embedding(config, tgt_tokens),
        encoder_layers=[EncoderBlock(d_hidden, kernel, dropout) for _ in range(config.n_encoder_layers)],
        decoder_layers=[
            DecoderBlock(d_hidden, d_model, kernel, dropout) for _ in range(config.n_decoder_layers)
        ],
        encoder_out=WeightNormLinear(d_hidden, d_model, math.sqrt(1 / d_hidden)),
        decoder_out=WeightNormLinear(d_hidden, d_model, math.sqrt(1 / d_hidden)),
        dropout=dropout,
        output=output,
        pad_id=pad_id,
    )


def embedding(config: ConvConfig, tokens: TokenEmbedding) -> ConvEmbedding:
    """What stands below a stack."""
    positions = None
    if config.positions == "learned":
        positions = LearnedPositions(config.d_model, config.max_positions)
        nn.init.normal_(positions.table, std=EMBEDDING_STD)
    std = math.sqrt((1 - config.dropout) / config.d_model)
    return ConvEmbedding(
        tokens, positions, config.dropout, WeightNormLinear(config.d_model, config.d_hidden, std)
    )
