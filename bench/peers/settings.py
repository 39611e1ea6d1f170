"""The model and the batches that every system is asked for. Standard library only: all venvs read it."""

from typing import Final

D_MODEL: Final = 256
D_FF: Final = 1024
N_HEADS: Final = 4
N_LAYERS: Final = 3  # of the encoder, and as many of the decoder
DROPOUT: Final = 0.1  # after each sublayer and embedding; none inside attention where it can be turned off
LABEL_SMOOTHING: Final = 0.1
VOCAB_SIZE: Final = 8000  # joint BPE, the four special pieces included
MAX_TOKENS: Final = 4096  # padded tokens of a batch, on its longer side
MAX_LENGTH: Final = 128  # longer pairs are left out for all
LEARNING_RATE: Final = 5e-4
BETAS: Final = (0.9, 0.98)
EPSILON: Final = 1e-9
CLIP_NORM: Final = 1.0
SEED: Final = 1
PAD_ID, UNK_ID, BOS_ID, EOS_ID = 0, 1, 2, 3
