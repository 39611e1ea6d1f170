"""The stream: a pure function of corpus, seed and position, which loses no pair and invents none."""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from crosslight.data import stream as stream_module
from crosslight.data.batch import Batch
from crosslight.data.encoding import write_ids
from crosslight.data.stream import ParallelCorpus, Position, Stream, write_text
from crosslight.errors import CorpusError
from crosslight.text.corpus import Pair
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID, Subword

WORDS = ["le", "chat", "dort", "sur", "la", "table", "et", "boit", "du", "lait", "chaud", "près", "l'été"]


def sentences(n: int, seed: int) -> list[str]:
    chance = np.random.default_rng(seed)
    return [" ".join(chance.choice(WORDS, chance.integers(1, 12))) for _ in range(n)]


PAIRS = [Pair(*pair) for pair in zip(sentences(150, 1), sentences(150, 2), strict=True)]
SUBWORD = Subword.train([side for pair in PAIRS for side in (pair.src, pair.tgt)], 320)
Counted = Counter[tuple[str, str]]


def corpus_of(pairs: list[Pair], directory: Path) -> ParallelCorpus:
    directory.mkdir()
    assert write_text(directory, iter([pairs[:40], pairs[40:]])) == len(pairs)
    for side in ("src", "tgt"):
        n_tokens = write_ids(directory, side, SUBWORD.to_bytes(), block=64)
        assert n_tokens == sum(len(SUBWORD.encode(getattr(pair, side))) for pair in pairs)
    return ParallelCorpus.open(directory)


@pytest.fixture
def stream(tmp_path: Path) -> Stream:
    return Stream(corpus_of(PAIRS, tmp_path / "corpus"), SUBWORD, SUBWORD, 120, seed=4, window_pairs=60)


def epoch_of(stream: Stream, epoch: int = 0) -> list[tuple[Batch, Position]]:
    """The batches of an epoch, each with its own position."""
    found, position = [], Position(epoch)
    for batch, after in stream.epoch(position):
        found.append((batch, position))
        position = after
    return found


def texts(batches: list[Batch]) -> Counted:
    return Counter(
        (SUBWORD.decode(src), SUBWORD.decode(tgt))
        for batch in batches
        for src, tgt in zip(batch.src.tolist(), batch.tgt_out.tolist(), strict=True)
    )


def same(ours: Batch, theirs: Batch) -> bool:
    return torch.equal(ours.src, theirs.src) and torch.equal(ours.tgt_out, theirs.tgt_out)


def company(batches: list[tuple[Batch, Position]]) -> set[frozenset[tuple[int, ...]]]:
    """Which sources are together."""
    return {frozenset(tuple(row) for row in batch.src.tolist()) for batch, _ in batches}


def test_corpus_holds_the_text_and_the_ids(stream: Stream) -> None:
    corpus = stream.corpus
    assert len(corpus) == len(PAIRS)
    assert [corpus.pair(i) for i in range(len(corpus))] == PAIRS
    assert corpus.src_ids[7].tolist() == SUBWORD.encode(PAIRS[7].src)
    assert corpus.tgt_ids[7].tolist() == SUBWORD.encode(PAIRS[7].tgt)


@pytest.mark.parametrize("sampling", [0.0, 0.3])
@pytest.mark.parametrize("epoch", [0, 3])
def test_every_pair_exactly_once_in_an_epoch(stream: Stream, epoch: int, sampling: float) -> None:
    batches = [batch for batch, _ in epoch_of(replace(stream, sampling=sampling), epoch)]
    assert texts(batches) == Counter((pair.src, pair.tgt) for pair in PAIRS)
    for batch in batches:
        assert max(batch.src.numel(), batch.tgt_out.numel()) <= 120 or len(batch.src) == 1
        assert (batch.tgt_in[:, 0] == BOS_ID).all()
        assert ((batch.src == EOS_ID).sum(dim=1) == 1).all()
        assert batch.pad_id == PAD_ID


@pytest.mark.parametrize("sampling", [0.0, 0.3])
def test_resuming_anywhere_gives_the_same_batches(stream: Stream, sampling: float) -> None:
    """From every position of the first epoch, across the seams of windows and of epochs."""
    stream = replace(stream, sampling=sampling)
    batches = epoch_of(stream) + epoch_of(stream, 1)
    assert len({position.window for _, position in batches}) == 3
    for start, (_, position) in enumerate(batches[: len(epoch_of(stream)) + 1]):
        expected = batches[start : start + 8]
        again = itertools.islice(stream.batches(position), 8)
        assert all(same(batch, old) for (batch, _), (old, _) in zip(again, expected, strict=True))


def test_resuming_from_numbers_read_from_a_file(stream: Stream) -> None:
    batch, position = epoch_of(stream)[5]
    assert same(next(stream.batches(Position(*list(position))))[0], batch)


def test_seeds_and_epochs_decide_the_order(stream: Stream) -> None:
    orders = [
        [batch.src.tolist() for batch, _ in epoch_of(one, epoch)]
        for one, epoch in ((stream, 0), (stream, 1), (replace(stream, seed=5), 0))
    ]
    assert all(a != b for a, b in itertools.combinations(orders, 2))
    assert orders[0] == [batch.src.tolist() for batch, _ in epoch_of(replace(stream), 0)]


def test_another_epoch_puts_other_pairs_together(stream: Stream) -> None:
    first, second = (company(epoch_of(stream, epoch)) for epoch in (0, 1))
    assert len(first & second) < len(first) / 4


def test_another_epoch_puts_other_pairs_together_in_one_window(tmp_path: Path) -> None:
    """Pairs of equal lengths, so that only chance decides who is with whom."""
    pairs = [Pair(a, b) for a, b in itertools.product(WORDS[:12], repeat=2) if a != b]
    stream = Stream(corpus_of(pairs, tmp_path / "even"), SUBWORD, SUBWORD, 40, seed=4)
    for epoch in (1, 2):
        first, second = company(epoch_of(stream)), company(epoch_of(stream, epoch))
        assert len(first & second) < len(first) / 4


@pytest.mark.parametrize("sampling", [0.0, 0.3])
def test_both_ways_is_every_pair_once_in_each_direction(stream: Stream, sampling: float) -> None:
    batches = epoch_of(replace(stream, both_ways=True, sampling=sampling))
    forth, back = ([(p.src, p.tgt) for p in PAIRS], [(p.tgt, p.src) for p in PAIRS])
    assert texts([batch for batch, _ in batches]) == Counter(forth + back)
    one_way = [frozenset(texts([batch])) <= set(forth) for batch, _ in batches]
    assert sum(one_way) < len(batches) / 4, "the two directions share batches"
    again = itertools.islice(replace(stream, both_ways=True, sampling=sampling).batches(batches[5][1]), 8)
    assert all(same(batch, old) for (batch, _), (old, _) in zip(again, batches[5:], strict=False))


def test_sampling_spells_anew_in_every_epoch(stream: Stream) -> None:
    sampled = replace(stream, sampling=0.3)
    spellings = [
        {tuple(row) for batch, _ in epoch_of(sampled, epoch) for row in unpadded(batch)} for epoch in (0, 1)
    ]
    plain = {tuple(row) for batch, _ in epoch_of(stream) for row in unpadded(batch)}
    assert spellings[0] != spellings[1]
    assert all(len(one - plain) > len(PAIRS) / 2 for one in spellings)


def unpadded(batch: Batch) -> Iterator[list[int]]:
    for row in batch.src.tolist():
        yield [i for i in row if i != PAD_ID]


def test_too_long_pairs_are_passed_over(stream: Stream) -> None:
    """The limit counts the end token and either side."""
    limit = 12
    fitting = Counter(
        (pair.src, pair.tgt)
        for pair in PAIRS
        if max(len(SUBWORD.encode(pair.src)), len(SUBWORD.encode(pair.tgt))) + 1 <= limit
    )
    assert 0 < fitting.total() < len(PAIRS)
    batches = [batch for batch, _ in epoch_of(replace(stream, max_length=limit))]
    assert texts(batches) == fitting
    assert max(max(batch.src.shape[1], batch.tgt_out.shape[1]) for batch in batches) == limit


def test_one_epoch_is_every_pair_once(stream: Stream) -> None:
    assert texts(list(stream.one_epoch())) == Counter((pair.src, pair.tgt) for pair in PAIRS)
    assert texts(list(stream.one_epoch())) == texts(list(replace(stream, seed=8).one_epoch()))


def short_and_long(directory: Path, n_long: int) -> ParallelCorpus:
    long = " ".join(WORDS * 5)
    return corpus_of([Pair("le chat", "la table")] * (4 - n_long) + [Pair(long, long)] * n_long, directory)


def test_one_epoch_ends_though_its_last_window_is_empty(tmp_path: Path) -> None:
    corpus = short_and_long(tmp_path / "corpus", 1)
    for seed in range(20):
        stream = Stream(corpus, SUBWORD, SUBWORD, 100, seed, max_length=20, window_pairs=1)
        assert len(list(stream.one_epoch())) == 3


def test_a_corpus_without_a_pair_that_fits_does_not_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Stream(short_and_long(tmp_path / "corpus", 4), SUBWORD, SUBWORD, 100, 0, max_length=20)
    epochs: list[int] = []

    def watched(n_pairs: int, window: int, seed: int, epoch: int) -> Any:
        epochs.append(epoch)
        assert len(epochs) < 5, "no batch in four epochs"
        return [np.arange(n_pairs, dtype=np.uint32)]

    monkeypatch.setattr(stream_module, "windows", watched)
    for batches in (stream.one_epoch(), stream.batches()):
        with pytest.raises(CorpusError, match="no pair"):
            next(iter(batches))
