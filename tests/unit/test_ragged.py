"""Rows in flat files: what is written comes back, whatever the rows are."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crosslight.data.ragged import Ragged, RaggedWriter

ROWS = [[5, 6, 7], [], [2**32 - 1], [], [], [0], list(range(1000))]
TEXTS = ["", "l'été, déjà", "猫が好き 🐈", "a\tb\nc\x00", "", "e\u0301"]


def written(path: Path, blocks: list[list[list[int]]], dtype: str) -> Ragged:
    with RaggedWriter(path, dtype) as writer:
        for block in blocks:
            writer.extend(block)
    return Ragged(path, dtype)


def test_ids_come_back(tmp_path: Path) -> None:
    ragged = written(tmp_path / "ids", [ROWS], "uint32")
    assert len(ragged) == len(ROWS)
    assert [ragged[i].tolist() for i in range(len(ROWS))] == ROWS
    assert ragged[2].dtype == np.uint32
    assert np.diff(ragged.ends(), prepend=0).tolist() == [len(row) for row in ROWS]


def test_text_comes_back(tmp_path: Path) -> None:
    with RaggedWriter(tmp_path / "text", np.uint8) as writer:
        writer.extend([text.encode() for text in TEXTS])
    ragged = Ragged(tmp_path / "text", np.uint8)
    assert [ragged[i].tobytes().decode() for i in range(len(ragged))] == TEXTS


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.lists(st.lists(st.lists(st.integers(0, 65_535), max_size=5), max_size=4), max_size=4))
def test_blocks_leave_no_seam(tmp_path: Path, blocks: list[list[list[int]]]) -> None:
    ragged = written(tmp_path / "ids", blocks, "uint16")
    rows = [row for block in blocks for row in block]
    assert [row.tolist() for row in ragged.rows(range(len(ragged)))] == rows


def test_rows_in_any_order_are_copies(tmp_path: Path) -> None:
    ragged = written(tmp_path / "ids", [ROWS], "uint32")
    picked = ragged.rows(np.array([6, 0, 0, 1], dtype=np.uint32))
    assert [row.tolist() for row in picked] == [ROWS[6], ROWS[0], ROWS[0], []]
    picked[1][0] = 99
    assert ragged[0].tolist() == ROWS[0]


def test_nobody_can_write_through_the_view(tmp_path: Path) -> None:
    ragged = written(tmp_path / "ids", [ROWS], "uint32")
    with pytest.raises(ValueError, match="read-only"):
        ragged[0][0] = 1


def test_nothing_and_nothing_but_empty_rows(tmp_path: Path) -> None:
    assert len(written(tmp_path / "none", [], "uint32")) == 0
    empty = written(tmp_path / "empty", [[[], []], []], "uint32")
    assert [row.tolist() for row in empty.rows([0, 1])] == [[], []]


def test_there_is_no_row_beyond_the_last(tmp_path: Path) -> None:
    ragged = written(tmp_path / "ids", [ROWS], "uint32")
    with pytest.raises(IndexError):
        ragged[len(ROWS)]


def test_the_files_are_raw_numbers(tmp_path: Path) -> None:
    written(tmp_path / "ids", [[[1, 2], [], [3]]], "uint16")
    assert np.fromfile(tmp_path / "ids.values", np.uint16).tolist() == [1, 2, 3]
    assert np.fromfile(tmp_path / "ids.ends", np.uint64).tolist() == [2, 2, 3]
