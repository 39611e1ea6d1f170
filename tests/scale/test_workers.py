"""Work on all cores: what comes is what a plain loop gives, in its order, whatever happens to a process."""

import hashlib
import math
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from crosslight.config.load import read_toml, run_config
from crosslight.tasks.prepare import prepare
from crosslight.text import clean, workers
from crosslight.text.workers import Workers, one_by_one


def test_results_come_in_order_and_blocks_are_taken_as_needed(monkeypatch):
    monkeypatch.setattr(workers, "BLOCKS_ALONE", 3)
    taken = 0

    def blocks() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    with Workers(2) as pool:
        for n, (block, result) in enumerate(pool.each(math.factorial, blocks()), start=1):
            assert (block, result) == (n, math.factorial(n))
            assert taken - n < 4
            if n == 40:
                break
        assert pool._pool is not None


def test_a_few_blocks_start_no_process():
    with Workers(2) as pool:
        assert list(pool.each(len, ["a", "bb"])) == list(one_by_one(len, ["a", "bb"]))
        assert pool._pool is None


def test_lost_processes_change_nothing(monkeypatch):
    monkeypatch.setattr(workers, "BLOCKS_ALONE", 0)
    with Workers(2) as pool:
        results = []
        for n, (_, result) in enumerate(pool.each(math.factorial, range(60))):
            results.append(result)
            if n == 5:
                for process in pool._pool._processes:
                    os.kill(process, signal.SIGKILL)
    assert results == list(map(math.factorial, range(60)))


def test_a_corpus_prepared_by_two_is_the_one_that_one_prepares(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(clean, "BLOCK", 16)
    monkeypatch.setattr(workers, "BLOCKS_ALONE", 2)
    pairs = toy.pairs.read_text().splitlines()
    doubled = tmp_path / "doubled.tsv"  # with duplicates, an empty side, a copy, blanks around
    doubled.write_text("\n".join([*pairs, *pairs[::3], "x\t", "Ah !\tAh !", "  Vu !  \t Seen! "]) + "\n")
    config = run_config(
        {**read_toml(toy.config), "data": {"pairs": (str(doubled),), "valid_size": 7}, "train": {"steps": 1}},
        "the test",
    )
    said: dict[int, list[str]] = {1: [], 2: []}
    for n in (1, 2):
        monkeypatch.setattr(workers, "available_cores", lambda n=n: n)
        prepare(config, tmp_path / str(n), said[n].append)
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    assert said[1] == said[2]
    assert any("the pair came before" in line for line in said[1])


def contents(folder: Path) -> dict[str, str]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    assert len(files) > 15
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def test_the_rate_is_shown_and_put_on_record(toy, tmp_path, monkeypatch):
    monkeypatch.setattr("crosslight.tasks.prepare.LARGE", 100)
    config = run_config(
        {**read_toml(toy.config), "data": {"pairs": (str(toy.pairs),)}, "train": {"steps": 1}}, "the test"
    )
    said: list[str] = []
    shown: list[tuple[str, float]] = []
    prepare(config, tmp_path / "data", said.append, lambda line, share: shown.append((line, share)))
    assert [line.split(":")[0] for line in said if "/s)" in line] == [
        "cleaning",
        "cutting src",
        "cutting tgt",
    ]
    assert shown[0][0].startswith("choosing validation pairs: 300 pairs · ")
    line, share = shown[-1]
    assert line.startswith("cutting tgt: 285 sentences · ")
    assert line.endswith("0:00 left")
    assert share == 1.0
