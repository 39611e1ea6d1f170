"""A batch: sentences side by side, padded to a rectangle.

Shape letters: B batch · S source tokens · T target tokens.

    src      the  cat  sleeps </s>  _        the source, ended
    tgt_in   <s>  le   chat   dort           what the decoder has seen
    tgt_out  le   chat dort   </s>           what it should say next
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

Ids = Sequence[int]


@dataclass(frozen=True)
class Batch:
    """Padded token ids. Padding is at the end of each row."""

    src: Int[Tensor, "B S"]
    tgt_in: Int[Tensor, "B T"]
    tgt_out: Int[Tensor, "B T"]
    pad_id: int

    @property
    def n_tokens(self) -> int:
        """Target tokens that count: all but padding."""
        return int((self.tgt_out != self.pad_id).sum())

    @property
    def padding_share(self) -> float:
        """Share of cells on both sides that hold padding, between 0 and 1."""
        real = int((self.src != self.pad_id).sum()) + self.n_tokens
        return 1 - real / (self.src.numel() + self.tgt_out.numel())

    def shards(self, n: int) -> list["Batch"]:
        """The same rows dealt out to at most n batches of like size and length."""
        return [
            Batch(self.src[i::n], self.tgt_in[i::n], self.tgt_out[i::n], self.pad_id)
            for i in range(min(n, len(self.src)))
        ]

    def to(self, device: torch.device) -> "Batch":
        """The same batch on another device; on its way to a GPU the processor does not wait for it."""

        def moved(tokens: Tensor) -> Tensor:
            return (
                tokens.pin_memory().to(device, non_blocking=True)
                if device.type == "cuda"
                else tokens.to(device)
            )

        return Batch(moved(self.src), moved(self.tgt_in), moved(self.tgt_out), self.pad_id)


def make_batch(srcs: Sequence[Ids], tgts: Sequence[Ids], *, pad_id: int, bos_id: int, eos_id: int) -> Batch:
    """Pairs of token ids (without special ids) as one batch."""
    return Batch(
        src=pad([[*src, eos_id] for src in srcs], pad_id),
        tgt_in=pad([[bos_id, *tgt] for tgt in tgts], pad_id),
        tgt_out=pad([[*tgt, eos_id] for tgt in tgts], pad_id),
        pad_id=pad_id,
    )


def pad(rows: Sequence[Ids], pad_id: int) -> Int[Tensor, "B T"]:
    """Rows of ids as one rectangle, filled up at the end.

    >>> pad([[5, 6, 7], [8]], pad_id=0)
    tensor([[5, 6, 7],
            [8, 0, 0]])
    """
    width = max(map(len, rows))
    return torch.tensor([[*row, *[pad_id] * (width - len(row))] for row in rows], dtype=torch.long)
