"""An endless, resumable stream of batches: a pure function of (corpus, seed, position).

    epoch ─► windows of shuffled pairs ─► batches of like length ─► Batch

A `Position` says where the next batch is; starting there again gives the same batches, bit for bit.
With subword sampling (BPE-dropout) the pieces of a window are drawn anew in every epoch, from a seed
made of the same numbers.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crosslight.data.batch import Batch, Ids, make_batch
from crosslight.data.buckets import cut_batches, windows
from crosslight.data.ragged import Ragged, RaggedWriter
from crosslight.errors import CorpusError
from crosslight.text.corpus import Pair
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID, Subword

WINDOW_PAIRS = 65_536
Rows = list[NDArray[np.uint32]]  # token ids: a seventh of the memory that lists of numbers take


class Position(NamedTuple):
    """Where in the stream: the next batch to come."""

    epoch: int = 0
    window: int = 0
    batch: int = 0


@dataclass(frozen=True)
class ParallelCorpus:
    """A cleaned corpus on disk: its text and, once more, its token ids."""

    src_text: Ragged
    tgt_text: Ragged
    src_ids: Ragged
    tgt_ids: Ragged

    def __len__(self) -> int:
        return len(self.src_ids)

    @classmethod
    def open(cls, directory: Path) -> "ParallelCorpus":
        """The corpus that a CorpusWriter wrote into this directory."""
        return cls(
            Ragged(directory / "src-text", np.uint8),
            Ragged(directory / "tgt-text", np.uint8),
            Ragged(directory / "src-ids", np.uint32),
            Ragged(directory / "tgt-ids", np.uint32),
        )

    def pair(self, index: int) -> Pair:
        """The text of one pair."""
        return Pair(self.src_text[index].tobytes().decode(), self.tgt_text[index].tobytes().decode())


def write_text(directory: Path, blocks: Iterator[list[Pair]]) -> int:
    """First half of the cache: the cleaned text (the other: `data.encoding`). Returns the number of pairs."""
    n_pairs = 0
    with (
        RaggedWriter(directory / "src-text", np.uint8) as src,
        RaggedWriter(directory / "tgt-text", np.uint8) as tgt,
    ):
        for block in blocks:
            src.extend([pair.src.encode() for pair in block])
            tgt.extend([pair.tgt.encode() for pair in block])
            n_pairs += len(block)
    return n_pairs


@dataclass(frozen=True)
class Stream:
    """Batches of a corpus, forever, from any position.

    Args:
        max_tokens: padded tokens of a batch, on the side where they are more.
        max_length: pairs with more tokens than this on either side are passed over.
        sampling: share of merges that BPE-dropout leaves out (0 = none).
        both_ways: every pair a second time in an epoch with its sides exchanged, for a model that is to
            learn both directions; the two vocabularies are one.
    """

    corpus: ParallelCorpus
    src_subword: Subword
    tgt_subword: Subword
    max_tokens: int
    seed: int
    max_length: int = 256
    sampling: float = 0.0
    both_ways: bool = False
    window_pairs: int = WINDOW_PAIRS

    def batches(self, position: Position = Position()) -> Iterator[tuple[Batch, Position]]:  # noqa: B008
        """From `position` on, forever: each batch, and the position after it."""
        yield from self.epoch(position)
        for epoch in itertools.count(position.epoch + 1):
            yield from self.epoch(Position(epoch))

    def one_epoch(self) -> Iterator[Batch]:
        """Every pair once: for validation."""
        for batch, _ in self.epoch(Position()):
            yield batch

    def epoch(self, position: Position) -> Iterator[tuple[Batch, Position]]:
        """What is left of an epoch from `position` on.

        Raises:
            CorpusError: it was a whole epoch, and no pair was short enough for `max_length`.
        """
        epoch, first_window, first_batch = position
        empty = position == Position(epoch)
        n_pairs = len(self.corpus) * (2 if self.both_ways else 1)
        order = windows(n_pairs, self.window_pairs, self.seed, epoch)
        for w in range(first_window, len(order)):
            srcs, tgts = self._window(order[w], epoch, w)
            cuts = cut_batches(_lengths(srcs), _lengths(tgts), self.max_tokens, [self.seed, epoch, w])
            for b in range(first_batch, len(cuts)):
                empty = False
                after = Position(epoch, w, b + 1) if b + 1 < len(cuts) else Position(epoch, w + 1)
                yield (
                    self._batch([srcs[i].tolist() for i in cuts[b]], [tgts[i].tolist() for i in cuts[b]]),
                    after,
                )
            first_batch = 0
        if empty:
            raise CorpusError(
                f"no pair of the corpus has less than max_length = {self.max_length} tokens on both sides",
                "set train.max_length higher, or split the sentences",
            )

    def _batch(self, srcs: list[Ids], tgts: list[Ids]) -> Batch:
        return make_batch(srcs, tgts, pad_id=PAD_ID, bos_id=BOS_ID, eos_id=EOS_ID)

    def _window(self, indices: np.ndarray, epoch: int, window: int) -> tuple[Rows, Rows]:
        corpus, n_pairs = self.corpus, len(self.corpus)
        forth, back = indices[indices < n_pairs], indices[indices >= n_pairs] - n_pairs
        if self.sampling:
            seed = int(np.random.SeedSequence([self.seed, epoch, window]).generate_state(1)[0])
            src = partial(_sample, corpus.src_text, self.src_subword, self.sampling)
            tgt = partial(_sample, corpus.tgt_text, self.tgt_subword, self.sampling)
            srcs = src(forth, seed) + tgt(back, seed + 2)
            tgts = tgt(forth, seed + 1) + src(back, seed + 3)
        else:
            srcs = corpus.src_ids.rows(forth) + corpus.tgt_ids.rows(back)
            tgts = corpus.tgt_ids.rows(forth) + corpus.src_ids.rows(back)
        fits = [max(len(s), len(t)) < self.max_length for s, t in zip(srcs, tgts, strict=True)]
        return [s for s, ok in zip(srcs, fits, strict=True) if ok], [
            t for t, ok in zip(tgts, fits, strict=True) if ok
        ]


def _sample(text: Ragged, subword: Subword, rate: float, indices: np.ndarray, seed: int) -> Rows:
    texts = [row.tobytes().decode() for row in text.rows(indices)]
    return [np.array(ids, np.uint32) for ids in subword.sample_batch(texts, rate, seed)]


def _lengths(rows: Rows) -> np.ndarray:
    return np.array([len(row) + 1 for row in rows], dtype=np.int64)
