"""The files of numbers: what is in them after crashes, and that TensorBoard reads the same."""

import json

import pytest

from crosslight.train.records import Records


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_what_is_added_is_there_at_once(tmp_path):
    records = Records(tmp_path / "r.jsonl")
    records.add({"step": 1, "text": "é\n\ud800", "loss": float("inf"), "n": 3})
    assert lines(tmp_path / "r.jsonl") == [{"step": 1, "text": "é\n\ud800", "loss": None, "n": 3}]


@pytest.mark.parametrize("half", ['{"step": 2, "lo', '{"step": 2}', "null\n", '{"step": "x"}\n', "\x00\x00"])
def test_half_a_last_line_is_removed(tmp_path, half):
    path = tmp_path / "r.jsonl"
    path.write_text('{"step": 1}\n' + half)
    records = Records(path)
    assert records.go_back(5) == [{"step": 1}]
    records.add({"step": 2})
    assert lines(path) == [{"step": 1}, {"step": 2}]


def test_a_damaged_line_takes_no_other_with_it(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text('{"step": 1}\n{"ste{"step": 2}\n{"step": 3}\n{"step": 4}\n')
    assert Records(path).go_back(3) == [{"step": 1}, {"step": 3}]
    assert lines(path) == [{"step": 1}, {"step": 3}]


def test_nothing_is_lost_where_nothing_is_wrong(tmp_path):
    path = tmp_path / "r.jsonl"
    text = '{"step": 1, "a":1}\n{"step": 2}\n'
    path.write_text(text)
    Records(path).go_back(2)
    assert path.read_text() == text
