"""What training is fed with: the batches from where a ledger stands, of two directions and then of one."""

from dataclasses import replace
from typing import Self

from crosslight.data.batch import Batch
from crosslight.data.prefetch import Batches, batches_ahead
from crosslight.data.stream import Position, Stream
from crosslight.train.checkpoints import Ledger


class Feed:
    """The batches of a stream, made ahead; use it as a context manager."""

    def __init__(self, stream: Stream, ledger: Ledger) -> None:
        self._stream = stream
        self._batches = self._from(ledger)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._batches.close()

    def go_to(self, ledger: Ledger) -> None:
        """Go on from where this ledger stands."""
        self._batches.close()
        self._batches = self._from(ledger)

    def next(self, ledger: Ledger, warm: bool) -> Batch:
        """The next batch; the ledger moves on.

        Args:
            warm: whether this part of the run trains on both directions. A change begins a new stream.
        """
        if ledger.warm != warm:
            ledger.warm, ledger.position = warm, Position()
            self.go_to(ledger)
        batch, ledger.position = next(self._batches)
        return batch

    def _from(self, ledger: Ledger) -> Batches:
        return batches_ahead(replace(self._stream, both_ways=ledger.warm), ledger.position)
