"""Which sentences go together: batches of like length, cut by a budget of tokens.

A batch costs its padded rectangle, so sentences of like length share one, and a batch holds as many of
them as fit the budget. Sorting is within a window of shuffled pairs, and the batches of a window are
shuffled again: near-equal lengths, yet another order in every epoch.
"""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]

# What a seed is for is part of it: numpy takes [s, e] and [s, e, 0] for the same, and a tie broken by the
# permutation that shuffled would restore the order before.
_SHUFFLE, _CUT = 1, 2


def windows(n_pairs: int, window: int, seed: int, epoch: int) -> list[NDArray[np.uint32]]:
    """The pairs 0 .. n_pairs - 1 in the order of this epoch, cut into windows.

    A pure function of its arguments. Four bytes a pair, so that five million take 20 MB.
    """
    order = np.arange(n_pairs, dtype=np.uint32)
    np.random.default_rng([_SHUFFLE, seed, epoch]).shuffle(order)
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
    rng = np.random.default_rng([_CUT, *seed])
    # Source lengths rise at odd target lengths and fall at even ones: no jump from one to the next.
    snake = np.where(tgt_lengths % 2, src_lengths, -src_lengths)
    order = np.lexsort((rng.permutation(len(tgt_lengths)), snake, tgt_lengths))
    batches: list[Indices] = []
    start = width = 0
    for i, index in enumerate(order):
        wider = max(width, int(src_lengths[index]), int(tgt_lengths[index]))
        if i > start and wider * (i - start + 1) > max_tokens:
            batches.append(order[start:i])
            start, wider = i, max(int(src_lengths[index]), int(tgt_lengths[index]))
        width = wider
    if start < len(order):
        batches.append(order[start:])
    return [batches[i] for i in rng.permutation(len(batches))]
