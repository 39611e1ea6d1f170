"""Lines of a pipe come when they are there, and are those of a file with the same bytes."""

import os
import random
import time

import pytest

from crosslight.errors import CorpusError
from crosslight.text.arriving import MOMENT, Pipe, blocks
from crosslight.text.corpus import lines_in, read_lines


def test_the_same_lines_as_from_a_file(tmp_path) -> None:
    chance = random.Random(1)
    data = "".join(chance.choices(["é", "a", "\n", "\r\n", "\x85", " ", "\r", "\u2028"], k=20_000)).encode()
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbf" + data)
    with (tmp_path / "a").open("rb") as file:
        assert list(lines_in(Pipe(file.fileno()), "-")) == list(read_lines(tmp_path / "a"))


def test_blocks_end_where_lines_are_still_to_come() -> None:
    out, in_ = os.pipe()
    try:
        pipe = Pipe(out)
        found = blocks(lines_in(pipe, "-"), 3, pipe.is_ready)
        os.write(in_, b"1\n2\nhalf")
        began = time.monotonic()
        assert next(found) == ["1", "2"]
        assert time.monotonic() - began < MOMENT + 5
        assert not pipe.is_ready()
        os.write(in_, b" a line\n4\n5\n6\n7")
        assert next(found) == ["half a line", "4", "5"]
        assert next(found) == ["6"]
        os.close(in_)
        in_ = -1
        assert list(found) == [["7"]]
    finally:
        os.close(out)
        if in_ >= 0:
            os.close(in_)


def test_lines_that_cannot_be(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("crosslight.text.corpus.MAX_LINE_BYTES", 10)
    (tmp_path / "a").write_bytes(b"short\n" + b"x" * 200_000)
    with (tmp_path / "a").open("rb") as file, pytest.raises(CorpusError, match="line 2 of"):
        list(lines_in(Pipe(file.fileno()), "-"))


def test_whole_blocks_from_a_file() -> None:
    assert list(blocks("abcdefg", 3)) == [["a", "b", "c"], ["d", "e", "f"], ["g"]]
    assert list(blocks("", 3)) == []
