"""Who goes with whom: everybody once, within the budget, in an order that seed and epoch decide."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from crosslight.data.buckets import cut_batches, windows
from crosslight.data.stream import WINDOW_PAIRS

Lengths = NDArray[np.int64]


def realistic(n: int) -> tuple[Lengths, Lengths]:
    """Lengths as corpora have them: log-normal around 25 tokens, the two sides near one another."""
    chance = np.random.default_rng(7)
    src = np.exp(chance.normal(3.2, 0.6, n))
    tgt = src * np.exp(chance.normal(0.05, 0.2, n))
    return tuple(side.round().astype(np.int64).clip(2, 256) for side in (src, tgt))  # type: ignore[return-value]


def padded(lengths: Lengths, batch: NDArray[np.int64]) -> int:
    return int(lengths[batch].max()) * len(batch)


@pytest.mark.parametrize("n_pairs", [0, 1, 99, 100, 101, 1000])
def test_windows_hold_every_pair_once(n_pairs: int) -> None:
    cut = windows(n_pairs, 100, seed=1, epoch=0)
    assert sorted(i for window in cut for i in window) == list(range(n_pairs))
    assert [len(window) for window in cut[:-1]] == [100] * (len(cut) - 1)
    assert all(0 < len(window) <= 100 for window in cut)


def test_windows_are_a_pure_function_of_seed_and_epoch() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        return np.concatenate(windows(500, 100, seed, epoch)).tolist()  # type: ignore[no-any-return]

    np.random.default_rng(0).random()
    assert order(1, 2) == order(1, 2)
    drawn = [order(1, 2), order(1, 3), order(2, 1), order(2, 2), list(range(500))]
    assert len({tuple(one) for one in drawn}) == len(drawn)


lengths_lists = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), max_size=60)


@given(lengths_lists, st.integers(1, 200))
def test_every_pair_once_within_the_budget(pairs: list[tuple[int, int]], max_tokens: int) -> None:
    src, tgt = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    batches = cut_batches(src, tgt, max_tokens, [3])
    assert sorted(i for batch in batches for i in batch) == list(range(len(pairs)))
    for batch in batches:
        fits = max(padded(src, batch), padded(tgt, batch)) <= max_tokens
        assert fits or len(batch) == 1


def test_a_pair_that_is_too_long_goes_alone() -> None:
    src, tgt = np.array([5, 90, 5, 5, 70]), np.array([5, 5, 5, 6, 80])
    batches = [sorted(batch.tolist()) for batch in cut_batches(src, tgt, 50, [0])]
    assert [1] in batches
    assert [4] in batches
    assert sorted(i for batch in batches for i in batch) == [0, 1, 2, 3, 4]


def test_the_budget_is_used() -> None:
    src, tgt = realistic(5000)
    longest = np.maximum(src, tgt)
    batches = cut_batches(src, tgt, 2000, [0])
    cells = [int(longest[batch].max()) * len(batch) for batch in batches]
    assert np.median(cells) > 0.9 * 2000


@pytest.mark.parametrize("max_tokens", [2048, 4096, 25_000])
def test_little_is_padding_on_the_longer_side(max_tokens: int) -> None:
    longer = np.maximum(*realistic(WINDOW_PAIRS))
    batches = cut_batches(longer, longer, max_tokens, [0])
    assert 1 - longer.sum() / sum(padded(longer, batch) for batch in batches) < 0.05


@pytest.mark.parametrize("max_tokens", [2048, 4096])
def test_little_is_padding(max_tokens: int) -> None:
    src, tgt = realistic(WINDOW_PAIRS)
    batches = cut_batches(src, tgt, max_tokens, [0])
    cells = sum(padded(side, batch) for batch in batches for side in (src, tgt))
    assert 1 - (src.sum() + tgt.sum()) / cells < 0.05


def test_the_seed_decides_ties_and_order() -> None:
    src = np.full(400, 10)

    def drawn(seed: list[int]) -> list[list[int]]:
        return [batch.tolist() for batch in cut_batches(src, src, 100, seed)]

    assert drawn([1, 2, 3]) == drawn([1, 2, 3])
    first, second = drawn([1, 2, 3]), drawn([1, 2, 4])
    together = {frozenset(batch) for batch in first} & {frozenset(batch) for batch in second}
    assert len(together) < 2


def test_short_and_long_batches_come_mixed() -> None:
    src, _ = realistic(5000)
    widths = [int(src[batch].max()) for batch in cut_batches(src, src, 1000, [0])]
    assert widths not in (sorted(widths), sorted(widths, reverse=True))
    assert abs(np.corrcoef(widths, np.arange(len(widths)))[0, 1]) < 0.3
