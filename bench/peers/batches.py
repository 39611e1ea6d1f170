"""The prepared corpus as batches for the systems that bring no data pipeline: those that ours takes too.

Needs torch only. `prepare` has cut the batches with our own bucketing.
"""

import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from bench.peers.probe import Count
from bench.peers.settings import BOS_ID, EOS_ID, PAD_ID


class Padded(NamedTuple):
    """One batch as rectangles of ids."""

    src: Tensor  # B S, ended
    tgt_in: Tensor  # B T, begun
    tgt_out: Tensor  # B T, ended

    def count(self) -> Count:
        """Its tokens and cells."""
        return Count(
            src=int((self.src != PAD_ID).sum()),
            tgt=int((self.tgt_out != PAD_ID).sum()),
            src_cells=self.src.numel(),
            tgt_cells=self.tgt_out.numel(),
        )


def read_ids(file: Path) -> list[list[int]]:
    """A line of numbers a sentence."""
    return [[int(number) for number in line.split()] for line in file.read_text().splitlines()]


def padded_batches(prepared: Path) -> Iterator[Padded]:
    """The prepared epochs, round and round."""
    srcs, tgts = (read_ids(prepared / f"train.{side}.ids") for side in ("src", "tgt"))
    batches = json.loads((prepared / "batches.json").read_text())
    for rows in itertools.cycle(batches):
        yield Padded(
            rectangle([[*srcs[i], EOS_ID] for i in rows]),
            rectangle([[BOS_ID, *tgts[i]] for i in rows]),
            rectangle([[*tgts[i], EOS_ID] for i in rows]),
        )


def rectangle(rows: Sequence[Sequence[int]]) -> Tensor:
    """Rows filled up with padding at the end.

    >>> rectangle([[5, 6, 7], [8]])
    tensor([[5, 6, 7],
            [8, 0, 0]])
    """
    width = max(map(len, rows))
    return torch.tensor([[*row, *[PAD_ID] * (width - len(row))] for row in rows])
