"""Rows of different lengths in two flat files, memory-mapped: a corpus larger than memory.

    NAME.values   all rows, one after the other        (dtype of the rows)
    NAME.ends     where each row ends in the values    (uint64)

Token ids are rows of uint16 or uint32; text is rows of UTF-8 bytes. Both files are raw numbers, so
nothing is unpickled, and the dtype is told by whoever opens them.
"""

import mmap
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

RELEASE_ROWS = 16  # a row in random order can take 2 MB: the system maps its page with many neighbors


class RaggedWriter:
    """Appends rows; the files are complete after `close` (or leaving the `with`)."""

    def __init__(self, path: Path, dtype: DTypeLike) -> None:
        self._dtype = np.dtype(dtype)
        self._values = path.with_suffix(".values").open("wb")
        self._ends = path.with_suffix(".ends").open("wb")
        self._end = 0

    def extend(self, rows: Sequence[Sequence[int] | bytes]) -> None:
        """Append rows (lists of ids, or bytes)."""
        arrays = [
            np.frombuffer(row, np.uint8) if isinstance(row, bytes) else np.asarray(row, self._dtype)
            for row in rows
        ]
        if arrays:
            lengths = np.array([len(array) for array in arrays], np.uint64)
            self.append(np.concatenate(arrays).astype(self._dtype, copy=False), lengths)

    def append(self, values: NDArray[Any], lengths: NDArray[np.uint64]) -> None:
        """Append rows that already lie one after the other in `values`."""
        self._values.write(values.tobytes())
        self._ends.write((np.uint64(self._end) + np.cumsum(lengths, dtype=np.uint64)).tobytes())
        self._end += len(values)

    def close(self) -> None:
        """Flush both files."""
        self._values.close()
        self._ends.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Ragged:
    """A read-only view of what a RaggedWriter wrote; `ragged[i]` is row i."""

    def __init__(self, path: Path, dtype: DTypeLike) -> None:
        self._origin = (path, dtype)
        self._values = _mapped(path.with_suffix(".values"), np.dtype(dtype))
        self._ends = _mapped(path.with_suffix(".ends"), np.dtype(np.uint64))

    def __reduce__(self) -> tuple[type["Ragged"], tuple[Path, DTypeLike]]:
        """To another process travels where the files are, and not what is in them."""
        return Ragged, self._origin

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, row: int) -> NDArray[Any]:
        start = int(self._ends[row - 1]) if row else 0
        return self._values[start : int(self._ends[row])]

    def ends(self) -> NDArray[Any]:
        """Where each row ends in the values; the differences are the lengths."""
        return self._ends

    def rows(self, indices: Iterable[int]) -> list[NDArray[Any]]:
        """Copies of some rows; the pages they lie on are given back to the system now and then."""
        copies = []
        for i in indices:
            copies.append(np.array(self[int(i)]))
            if len(copies) % RELEASE_ROWS == 0:
                self.release()
        self.release()
        return copies

    def block(self, start: int, stop: int) -> list[bytes]:
        """Copies of the rows from `start` to before `stop`, each as its bytes: quicker than one by one."""
        ends = np.array(self._ends[start:stop], np.int64)
        first = int(self._ends[start - 1]) if start else 0
        values = self._values[first : int(ends[-1])].tobytes() if len(ends) else b""
        self.release()
        edges = ((ends - first) * self._values.itemsize).tolist()
        return [values[a:b] for a, b in pairwise([0, *edges])]

    def release(self) -> None:
        """Give back to the system all pages of the files that are in memory; they can be read again.

        Without that, a pass in random order would count the whole corpus as this process's memory.
        """
        for mapped in (self._values, self._ends):
            if isinstance(mapped, np.memmap) and hasattr(mmap, "MADV_DONTNEED"):
                mapped._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]


def _mapped(path: Path, dtype: np.dtype[Any]) -> NDArray[Any]:
    if path.stat().st_size == 0:  # the system cannot map an empty file
        return np.empty(0, dtype)
    return np.memmap(path, dtype, mode="r")
