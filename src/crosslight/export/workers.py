"""How a foreign engine shares the cores: many sentences side by side, a lone one on several cores together.

Batches that are searched side by side never wait for each other, so that many sentences are quickest with a
core for each worker. One sentence keeps one worker busy; whether several cores help it depends on what else
the machine does, and is found out by trying.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from crosslight.export.quickest import Quickest

FEW_TOKENS = 256  # of a batch, below which cutting costs more than it evens out
TOGETHER = 4  # cores at most that search one sentence


class Workers:
    """An engine's model, loaded for many sentences, and once more for one when that is first tried.

    Args:
        make: (workers, threads of each) -> the loaded model, with a `translate_batch`.
        threads: how many cores there are for it.
    """

    def __init__(self, make: Callable[[int, int], Any], threads: int = 1) -> None:
        self.threads = threads
        self._make = make
        self.many = make(threads, 1)
        self._quickest = Quickest([self._by_one_core, self._by_cores_together][: 1 + (threads > 1)])

    def begin(self, srcs: list[list[str]], **asked: Any) -> list[Any]:
        """Begin to search a batch; what waits for each of its answers."""
        futures: list[Any] = self.many.translate_batch(srcs, asynchronous=True, **asked)
        return futures

    def alone(self, src: list[str], **asked: Any) -> Any:
        """The answer for a sentence that nothing is searched beside."""
        return self._quickest(src, **asked)

    def _by_one_core(self, src: list[str], **asked: Any) -> Any:
        return self.many.translate_batch([src], **asked)[0]

    def _by_cores_together(self, src: list[str], **asked: Any) -> Any:
        return self._one.translate_batch([src], **asked)[0]

    @cached_property
    def _one(self) -> Any:
        return self._make(1, min(self.threads, TOGETHER))


def cut_batches(lengths: Sequence[int], max_tokens: int, n_workers: int) -> list[list[int]]:
    """The places of sources of like length together, longest first.

    Every worker gets a batch, and two where they are not too small, so that all end at about the same time.

    >>> cut_batches([3, 9, 4, 8], max_tokens=20, n_workers=1)
    [[1, 3], [2, 0]]
    >>> cut_batches([3, 9, 4, 8], max_tokens=20, n_workers=2)
    [[1], [3], [2, 0]]

    Args:
        max_tokens: of a batch, its padding included; a longer source is a batch of its own.
    """
    share = sum(lengths) // n_workers
    most = min(max_tokens, max(share // 2, min(share, FEW_TOKENS)))
    batches: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batches and lengths[batches[-1][0]] * (len(batches[-1]) + 1) <= most:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches
