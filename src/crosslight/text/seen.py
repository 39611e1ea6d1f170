"""A set of hashes for millions of sentences: 8 bytes each, where a Python set needs about 90.

The hashes lie in a few sorted arrays ("runs"). Each block of new ones becomes a run, and runs of
similar size are merged, so there are never more than about log2(blocks) of them, each hash is moved
about log2(blocks) times, and a look-up is a binary search in each (a log-structured merge tree).
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
PART_BITS = 4


def text_hashes(texts: Sequence[str]) -> Hashes:
    """A 64-bit BLAKE2b hash of each text, the same on every machine and in every process.

    Among 5 million texts, some two different ones share a hash with a chance below one in a million.

    >>> text_hashes(["a", "b", "a"])[[0, 2]] == text_hashes(["a"])
    array([ True,  True])
    """
    digests = (
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in texts
    )
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


class SeenHashes:
    """Remembers hashes and tells which of a block are new.

    They are divided by their first bits, so that merging holds a small part of them twice, and not all.

    >>> seen = SeenHashes()
    >>> seen.add(np.array([3, 1, 3], dtype=np.uint64))
    array([ True,  True, False])
    >>> seen.add(np.array([2, 1], dtype=np.uint64))
    array([ True, False])
    >>> len(seen)
    3
    """

    def __init__(self) -> None:
        self._parts = [_Runs() for _ in range(2**PART_BITS)]

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def add(self, hashes: Hashes) -> NDArray[np.bool_]:
        """For each hash whether it is seen for the first time; all of them are remembered."""
        is_new = np.zeros(len(hashes), dtype=np.bool_)
        parts = hashes >> np.uint64(64 - PART_BITS)
        for part in np.unique(parts).tolist():
            at = np.flatnonzero(parts == part)
            is_new[at] = self._parts[part].add(hashes[at])
        return is_new


class _Runs:
    """The hashes of one part, as a few sorted arrays."""

    def __init__(self) -> None:
        self._runs: list[Hashes] = []

    def __len__(self) -> int:
        return sum(len(run) for run in self._runs)

    def add(self, hashes: Hashes) -> NDArray[np.bool_]:
        distinct, first_at = np.unique(hashes, return_index=True)
        unknown = np.ones(len(distinct), dtype=np.bool_)
        for run in self._runs:
            at = np.searchsorted(run, distinct).clip(max=len(run) - 1)
            unknown &= run[at] != distinct
        self._remember(distinct[unknown])
        is_new = np.zeros(len(hashes), dtype=np.bool_)
        is_new[first_at[unknown]] = True
        return is_new

    def _remember(self, run: Hashes) -> None:
        if not len(run):
            return
        # Each run stays more than twice as long as the next, so there are never many.
        while self._runs and len(self._runs[-1]) <= 2 * len(run):
            run = np.concatenate([self._runs.pop(), run])
            run.sort()
        self._runs.append(run)
