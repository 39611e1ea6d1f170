"""Which source words a translation needs: take each away and ask how probable the translation is then.

Unlike attention this is a statement about the output: it compares two answers of the model (Zeiler & Fergus
2014 did so with images, Li et al. 2016 with words). Its fault: a sentence with a hole is none that the model
was trained on.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from crosslight.text.subword import UNK_ID


def without(src: Sequence[int], words: Sequence[Sequence[int]]) -> list[list[int]]:
    """The source once for each word, without that word's pieces.

    >>> without([7, 8, 9, 3], [[0], [1, 2]])
    [[8, 9, 3], [7, 3]]
    """
    return [[token for place, token in enumerate(src) if place not in word] for word in words]


def unknown(src: Sequence[int], words: Sequence[Sequence[int]]) -> list[list[int]]:
    """The source once for each word, with the unknown piece at each of its places: nothing moves.

    >>> unknown([7, 8, 9, 3], [[0], [1, 2]])
    [[1, 8, 9, 3], [7, 1, 1, 3]]
    """
    return [[UNK_ID if place in word else token for place, token in enumerate(src)] for word in words]


def word_changes(
    before: Sequence[float], after: Sequence[Sequence[float]], tgt_words: Sequence[Sequence[int]]
) -> npt.NDArray[np.float64]:
    """The change of each target word's log-probability (target words, variants): the sum over its pieces.

    Args:
        before: of the pieces, with the whole source.
        after: the same for every variant of the source.
    """
    change = np.asarray(after, np.float64) - np.asarray(before, np.float64)  # (variants, pieces)
    starts = [word[0] for word in tgt_words]
    summed: npt.NDArray[np.float64] = np.add.reduceat(change, starts, axis=1)
    return summed.T
