"""Batches: where begin, end and padding stand, and what is counted."""

import numpy as np
import pytest
import torch

from crosslight.data.batch import Batch, make_batch, pad

IDS = {"pad_id": 0, "bos_id": 2, "eos_id": 3}


def test_the_drawing_of_the_docstring() -> None:
    batch = make_batch([[10, 11, 12], [13]], [[20, 21], [22, 23, 24]], **IDS)
    assert batch.src.tolist() == [[10, 11, 12, 3], [13, 3, 0, 0]]
    assert batch.tgt_in.tolist() == [[2, 20, 21, 0], [2, 22, 23, 24]]
    assert batch.tgt_out.tolist() == [[20, 21, 3, 0], [22, 23, 24, 3]]
    assert batch.src.dtype == batch.tgt_in.dtype == batch.tgt_out.dtype == torch.long


def test_target_in_is_target_out_one_step_later() -> None:
    chance = np.random.default_rng(0)
    srcs = [chance.integers(4, 50, chance.integers(0, 9)).tolist() for _ in range(20)]
    tgts = [chance.integers(4, 50, chance.integers(0, 9)).tolist() for _ in range(20)]
    batch = make_batch(srcs, tgts, **IDS)
    for row, (src, tgt) in enumerate(zip(srcs, tgts, strict=True)):
        n = len(tgt)
        assert batch.tgt_in[row, 1 : n + 1].tolist() == batch.tgt_out[row, :n].tolist() == tgt
        assert batch.src[row].tolist() == [*src, 3, *[0] * (batch.src.shape[1] - len(src) - 1)]
    assert batch.tgt_in.shape == batch.tgt_out.shape


def test_counts() -> None:
    batch = make_batch([[10, 11, 12], [13]], [[], [22, 23, 24]], **IDS)
    assert batch.n_tokens == 1 + 4
    assert batch.padding_share == pytest.approx(1 - (4 + 2 + 1 + 4) / 16)


def test_no_padding_where_lengths_agree() -> None:
    assert make_batch([[7, 8]] * 3, [[9]] * 3, **IDS).padding_share == 0


def test_moving_keeps_everything() -> None:
    batch = make_batch([[7]], [[9]], **IDS)
    moved = batch.to(torch.device("meta"))
    assert isinstance(moved, Batch)
    assert {moved.src.device.type, moved.tgt_in.device.type, moved.tgt_out.device.type} == {"meta"}
    assert (moved.pad_id, moved.src.shape) == (0, (1, 2))


def test_padding_rows_that_are_all_empty() -> None:
    assert pad([[], []], 0).dtype == torch.long
