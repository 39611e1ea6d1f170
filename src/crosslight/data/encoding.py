"""The second half of a corpus on disk: its text as token ids, cut by the vocabulary on all cores."""

from collections.abc import Callable
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosslight.data.ragged import Ragged, RaggedWriter
from crosslight.text.subword import Subword
from crosslight.text.workers import Each, one_by_one

BLOCK = 8192
Rows = tuple[NDArray[np.uint32], NDArray[np.uint64]]  # all ids, and the length of each row


def write_ids(
    directory: Path,
    side: str,
    subword: bytes,
    each: Each = one_by_one,
    tell: Callable[[int], None] = lambda n_rows: None,
    block: int = BLOCK,
) -> int:
    """Encode one side ("src" or "tgt") of the text in `directory`. Returns the number of tokens.

    Args:
        subword: the vocabulary, as `Subword.to_bytes` gives it.
        each: applies a function to blocks, perhaps in several processes.
        tell: is told of the sentences that are done, block by block.
        block: sentences that are encoded together.
    """
    text = Ragged(directory / f"{side}-text", np.uint8)
    edges = pairwise([*range(0, len(text), block), len(text)])
    n_tokens = 0
    with RaggedWriter(directory / f"{side}-ids", np.uint32) as writer:
        for (start, stop), (ids, lengths) in each(partial(_encoded, directory, side, subword), edges):
            writer.append(ids, lengths)
            n_tokens += len(ids)
            tell(stop - start)
    return n_tokens


def _encoded(directory: Path, side: str, subword: bytes, rows: tuple[int, int]) -> Rows:
    texts = Ragged(directory / f"{side}-text", np.uint8).block(*rows)
    encoded = _subword(subword).encode_batch([text.decode() for text in texts])
    lengths = np.array([len(ids) for ids in encoded], np.uint64)
    return np.array([i for ids in encoded for i in ids], np.uint32), lengths


@lru_cache(1)
def _subword(data: bytes) -> Subword:
    return Subword.from_bytes(data)
