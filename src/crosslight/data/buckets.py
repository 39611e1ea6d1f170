"""Which sentences go together: batches of like length, cut by a budget of tokens.

A batch costs its padded rectangle, so sentences of like length share one, and a batch holds as many of
them as fit the budget. Sorting is within a window of shuffled pairs, and the batches of a window are
shuffled again: near-equal lengths, yet another order in every epoch.
"""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def windows(n_pairs: int, window: int, seed: int, epoch: int) -> list[NDArray[np.uint32]]:
    """The pairs 0 .. n_pairs - 1 in the order of this epoch, cut into windows.

    A pure function of its arguments. Four bytes a pair, so that five million take 20 MB.
    """
    order = np.arange(n_pairs, dtype=np.uint32)
    np.random.default_rng([seed, epoch]).shuffle(order)
    return [order[start : start + window] for start in range(0, n_pairs, window)]


def cut_batches(
    src_lengths: NDArray[np.int64], tgt_lengths: NDArray[np.int64], max_tokens: int, seed: list[int]
) -> list[Indices]:
    """Batches of indices into the window, each of at most max_tokens padded tokens on either side.

    A pair longer than max_tokens makes a batch of its own: nothing is dropped here.

    Args:
        src_lengths, tgt_lengths: in tokens, the end token included.
        seed: decides ties and the order of the batches.
    """
    rng = np.random.default_rng(seed)
    longer, shorter = np.maximum(src_lengths, tgt_lengths), np.minimum(src_lengths, tgt_lengths)
    order = np.lexsort((rng.permutation(len(longer)), shorter, longer))
    batches: list[Indices] = []
    start = 0
    for i, index in enumerate(order):
        # Sorted, so the newest pair is the longest and sets the width of the rectangle.
        if i > start and int(longer[index]) * (i - start + 1) > max_tokens:
            batches.append(order[start:i])
            start = i
    if start < len(order):
        batches.append(order[start:])
    return [batches[i] for i in rng.permutation(len(batches))]
