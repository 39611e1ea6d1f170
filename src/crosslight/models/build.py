"""From settings to a model, of whichever architecture they name."""

from crosslight.config.architecture import ModelConfig
from crosslight.config.conv import ConvConfig
from crosslight.config.model import TransformerConfig
from crosslight.config.rnn import RnnConfig
from crosslight.config.universal import UniversalConfig
from crosslight.models.build_conv import conv
from crosslight.models.build_rnn import rnn
from crosslight.models.build_transformer import transformer
from crosslight.models.build_universal import universal
from crosslight.models.conv import Conv
from crosslight.models.rnn import Rnn
from crosslight.models.transformer import Transformer
from crosslight.models.universal import Universal

Model = Transformer | Rnn | Conv | Universal
"""Each is a `models.protocol.Seq2Seq` and a `Trainable`."""


def build_model(config: ModelConfig, src_vocab_size: int, tgt_vocab_size: int, pad_id: int = 0) -> Model:
    """A freshly initialized model. Seed torch before if it is to be reproducible.

    Raises:
        ConfigError: three-way tying is asked for, but the two vocabularies differ.
    """
    sizes = src_vocab_size, tgt_vocab_size, pad_id
    match config:
        case TransformerConfig():
            return transformer(config, *sizes)
        case RnnConfig():
            return rnn(config, *sizes)
        case ConvConfig():
            return conv(config, *sizes)
        case UniversalConfig():
            return universal(config, *sizes)
