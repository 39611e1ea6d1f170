"""What the page says in words, and the words that it marks."""

import json
import shutil

import pytest

from crosslight.report.curves import remarks
from crosslight.report.run import read_run
from crosslight.report.samples import samples_section


@pytest.fixture
def remarks_of(tiny_run, tmp_path):
    run = shutil.copytree(tiny_run, tmp_path / "run")

    def judge(losses, kept=10, total=10) -> str:
        rows = [
            {"kind": "valid", "step": i, "epoch": 0, "seconds": i, "tokens": i, "loss": loss}
            for i, loss in enumerate(losses, start=1)
        ]
        (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (run / "data" / "cleaning.json").write_text(json.dumps({"kept": kept, "total": total}))
        return " ".join(remarks(read_run(run)))

    return judge


def test_remarks(remarks_of):
    assert "lowest at step 2 (2)" in remarks_of([3.0, 2.0, 2.5])
    assert "still falling at the end" in remarks_of([3.0, 2.0, 1.5])
    assert remarks_of([3.0, 1.02, 1.01, 1.0]) == ""
    assert remarks_of([3.0, 2.0]) == ""
    assert remarks_of([2.0, 1.99, 2.0]) == ""
    assert remarks_of([3.0, None, 3.01]) == ""
    assert remarks_of([]) == ""
    assert "Cleaning left 70% of 10 pairs" in remarks_of([], kept=7)


def test_words_of_the_reference_are_marked_as_often_as_it_has_them(tiny_run, tmp_path):
    run = shutil.copytree(tiny_run, tmp_path / "run")
    rows = [
        {"step": step, "sentence": 1, "src": "s", "ref": "The cat, the dog!", "now": now}
        for step, now in [(5, "the the the dog."), (9, "the the the dog."), (12, "Cats")]
    ]
    (run / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    section = samples_section(read_run(run))
    assert "<mark>the</mark> <mark>the</mark> the <mark>dog.</mark>" in section
    assert ">5–9</span>" in section
    assert section.count("<li>") == 2
    assert "<mark>Cats" not in section
