"""How probable given translations are under a model."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from crosslight.decode.translator import Translator
from crosslight.text.corpus import read_parallel
from crosslight.text.subword import EOS_ID

LINES_AT_ONCE = 500


def score_lines(translator: Translator, src: Path | str, ref: Path | str) -> Iterator[list[float]]:
    """For each line pair the log-probability of each token of the translation, then of its end, in nats.

    A line is scored as it is, whole; it is not split into sentences.

    Raises:
        CorpusError: the files cannot be read, or differ in length.
        ConfigError: a line is longer than the model has positions.
    """
    pairs = iter(read_parallel(src, ref))
    encode, bundle = translator.bundle.src_subword.encode_batch, translator.bundle
    while block := list(islice(pairs, LINES_AT_ONCE)):
        srcs = [[*ids, EOS_ID] for ids in encode([pair.src for pair in block])]
        yield from translator.score(srcs, bundle.tgt_subword.encode_batch([pair.tgt for pair in block]))
