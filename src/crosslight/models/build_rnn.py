"""From settings to a recurrent network."""

from crosslight.config.rnn import RnnConfig
from crosslight.models.rnn import Rnn


def rnn(config: RnnConfig, src_vocab_size: int, tgt_vocab_size: int, pad_id: int) -> Rnn:
    """To be built."""
    raise NotImplementedError
