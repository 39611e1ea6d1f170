"""From settings to a convolutional network."""

from crosslight.config.conv import ConvConfig
from crosslight.models.conv import Conv


def conv(config: ConvConfig, src_vocab_size: int, tgt_vocab_size: int, pad_id: int) -> Conv:
    """To be built."""
    raise NotImplementedError
