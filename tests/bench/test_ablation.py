"""The ablation: what is trained on, and that a variant is compared with the base of the same seeds alone."""

import json
from pathlib import Path
from typing import Any

from bench import ablation as bench

REFS = [f"der {word} schläft auf dem Sofa ." for word in ("Hund", "Vogel", "Mann", "Bär", "Fisch")]
WORSE = [ref.replace("schläft", "lief") for ref in REFS]


def run(folder: Path, name: str, seed: int, outputs: list[str]) -> None:
    told: dict[str, Any] = {"name": name, "seed": seed, "minutes": 20.0, "updates": 10 * seed, "loss": 2.0}
    (folder / f"{len(list(folder.iterdir()))}.json").write_text(json.dumps(told | {"outputs": outputs}))


def test_every_variant_changes_something_and_nothing_twice() -> None:
    changes = [json.dumps(bench.BASE | changed, sort_keys=True) for changed in bench.VARIANTS.values()]
    assert len(set(changes)) == len(changes)


def test_one_of_so_many_pairs_is_trained_on(tmp_path: Path) -> None:
    for side in ("en", "de"):
        (tmp_path / f"train.{side}").write_text("".join(f"{side} {i}\n" for i in range(10)))
    bench.prepare(tmp_path, tmp_path / "runs", 4)
    assert (tmp_path / "runs" / "train.de").read_text() == "de 0\nde 4\nde 8\n"


def test_the_table(tmp_path: Path) -> None:
    """Seed 2 of the base is as bad as can be; only a variant that has a seed 2 is compared with it."""
    folder = tmp_path / "runs"
    folder.mkdir()
    run(folder, "base", 1, WORSE)
    run(folder, "base", 2, ["nein"] * 5)
    run(folder, "SimCut", 1, WORSE)
    run(folder, "R-Drop", 1, REFS)
    run(folder, "QK-norm", 3, REFS)
    bench.gather(folder, tmp_path / "table", REFS, 4)
    rows = {row["name"]: row for row in json.loads((tmp_path / "table.json").read_text())}
    assert (rows["SimCut"]["difference"], rows["SimCut"]["interval"]) == (0.0, [0.0, 0.0])
    assert rows["R-Drop"]["chrF"] == 100.0
    assert rows["R-Drop"]["difference"] == 100.0 - rows["base"]["chrF_of_each"][0] > 5
    assert 0 < rows["R-Drop"]["interval"][0] <= rows["R-Drop"]["difference"]
    assert "difference" not in rows["base"] and "difference" not in rows["QK-norm"]
    assert rows["base"]["chrF"] < rows["base"]["chrF_of_each"][0]
    table = (tmp_path / "table.md").read_text()
    assert "one of 4 pairs, 20 minutes each" in table
    assert "| SimCut | 1 |" in table and "| +0.0 | +0.0 to +0.0 | 2.000 | 10 |" in table
