"""The experiment on positions: nothing that is tested was trained on, and shuffling keeps the words."""

import gzip
import json
import random
from pathlib import Path

import pytest

from bench import positions as bench


@pytest.fixture
def data(tmp_path: Path, monkeypatch) -> Path:
    """600 training pairs and 60 for validation, of 5 to 30 words; a target tells its source."""
    monkeypatch.setattr(bench, "N_VALID", 30)
    chance, folder = random.Random(3), tmp_path / "data"
    folder.mkdir()
    for name, n in (("train", 600), ("val", 60)):
        srcs = [" ".join(f"w{chance.randrange(999)}" for _ in range(chance.randint(5, 30))) for _ in range(n)]
        for side, texts in (("en", srcs), ("de", [f"{src} ." for src in srcs])):
            raw = ("\n".join(texts) + "\n").encode()
            packed = name == "train"
            path = folder / f"{name}.{side}{'.gz' * packed}"
            path.write_bytes(gzip.compress(raw) if packed else raw)
    return folder


def test_what_is_tested_was_not_trained_on(data: Path, tmp_path: Path) -> None:
    test = bench.prepare(data, tmp_path / "runs", 20)
    files = {name: bench.lines(tmp_path / "runs" / name) for name in ("train.en", "train.de", "valid.en")}
    assert len(files["valid.en"]) == 30
    seen = set(files["train.en"]) | set(files["valid.en"])
    assert all(len(src.split()) <= 14 for src in seen)
    assert [f"{src} ." for src in files["train.en"]] == files["train.de"]
    for name, (least, most) in bench.BUCKETS.items():
        assert 5 < len(test[name]) <= 20
        for src, ref in test[name]:
            assert src not in seen
            assert least <= len(src.split()) <= most
            assert ref == f"{src} ."


def test_shuffling_keeps_the_words_and_the_last_place() -> None:
    text = "a man in a red hat plays the old piano ."
    found = bench.shuffled(text)
    assert found != text
    assert sorted(found.split()) == sorted(text.split())
    assert found.endswith(" .")
    assert bench.shuffled(text) == found
    assert bench.shuffled("one") == "one"


def test_the_table(data: Path, tmp_path: Path) -> None:
    """An arm that is right everywhere, and one that says the words out of order where it is asked so."""
    runs = tmp_path / "runs"
    test = bench.prepare(data, runs, 10)
    for name in ("sinusoidal", "none"):
        outputs = {
            part: bench.references(test, part)
            if part != bench.SHUFFLED or name == "none"
            else [bench.shuffled(ref) for ref in bench.references(test, part)]
            for part in bench.sources(test)
        }
        facts = {"positions": name, "seed": 1, "steps": 9, "minutes": 0.5, "translation_seconds": 1.0}
        (runs / f"{name}-1.json").write_text(json.dumps({**facts, "outputs": outputs}))
    bench.gather(runs, tmp_path / "table", test)
    result = json.loads((tmp_path / "table.json").read_text())
    right, blind = (result["arms"][name] for name in ("sinusoidal", "none"))
    assert {part["chrF"] for part in blind["parts"].values()} == {100.0}
    assert blind["lost_by_shuffling"] == {"chrF": 0.0, "interval": [0.0, 0.0]}
    assert right["parts"][bench.PLAIN]["chrF"] == 100.0
    low, high = right["lost_by_shuffling"]["interval"]
    assert 5 < low < right["lost_by_shuffling"]["chrF"] < high
    assert (tmp_path / "table.md").read_text().count("| none |") == 2
