"""From settings to a Universal Transformer."""

from crosslight.config.universal import UniversalConfig
from crosslight.models.universal import Universal


def universal(config: UniversalConfig, src_vocab_size: int, tgt_vocab_size: int, pad_id: int) -> Universal:
    """To be built."""
    raise NotImplementedError
