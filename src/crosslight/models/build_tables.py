"""From settings to the tables of tokens, which every architecture has: one, two or three (section 3.4)."""

from crosslight.config.architecture import ModelConfig
from crosslight.errors import ConfigError
from crosslight.nn.embedding import TokenEmbedding


def tables(
    config: ModelConfig, src_vocab_size: int, tgt_vocab_size: int
) -> tuple[TokenEmbedding, TokenEmbedding, TokenEmbedding]:
    """The tables of source, target and output; tied ones are one object.

    Raises:
        ConfigError: three-way tying is asked for, but the two vocabularies differ.
    """
    if config.tie == "three" and src_vocab_size != tgt_vocab_size:
        raise ConfigError(
            f'tie = "three" shares one table, but the vocabularies have {src_vocab_size} and '
            f"{tgt_vocab_size} pieces",
            'set [subword] joint = true, or [model] tie = "two"',
        )
    tied = config.tie != "none"
    tgt_tokens = TokenEmbedding(tgt_vocab_size, config.d_model, config.output_bias and tied)
    src_tokens = tgt_tokens if config.tie == "three" else TokenEmbedding(src_vocab_size, config.d_model)
    output = tgt_tokens if tied else TokenEmbedding(tgt_vocab_size, config.d_model, config.output_bias)
    return src_tokens, tgt_tokens, output
