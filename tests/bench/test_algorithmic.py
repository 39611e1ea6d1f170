"""The algorithmic tasks: examples, positions, scores by hand, and that a run is not made twice."""

import doctest
import json
import random
import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from bench import algorithmic as bench
from crosslight.decode.hypothesis import Hypothesis


def text(symbols: list[int]) -> str:
    return "".join("+" if symbol == bench.PLUS else str(symbol - bench.FIRST) for symbol in symbols)


def test_doctests() -> None:
    failed, tried = doctest.testmod(bench)
    assert tried
    assert not failed


@pytest.mark.parametrize("length", [3, 10, 20, 40])
def test_examples_are_right(length: int) -> None:
    chance = random.Random(length)
    for _ in range(50):
        src, tgt = bench.added(chance, length)
        a, b = text(src).split("+")
        assert int(a) + int(b) == int(text(tgt))
        assert length - 1 <= len(src) <= length
        src, tgt = bench.copied(chance, length)
        assert src == tgt
        assert len(src) == length
        src, tgt = bench.reversed_(chance, length)
        assert text(tgt) == text(src)[::-1]


def test_training_never_shows_what_is_longer_and_reaches_every_position_of_the_tests() -> None:
    for task in bench.TASKS:
        stream = bench.batches(task, 1)
        seen = [next(stream) for _ in range(400)]
        assert max(batch.src.shape[1] for batch, _ in seen) <= bench.TRAINED + 1
        longest = max(len(src) for src, _ in bench.tests(task)["40"]) + 1
        assert max(batch.src.shape[1] + offset for batch, offset in seen) >= longest - 1


@pytest.mark.parametrize("name", bench.MODELS)
def test_a_moved_model_reads_other_positions_and_nothing_else(name: str) -> None:
    torch.manual_seed(0)
    model = bench.build_model(bench.MODELS[name], bench.VOCAB, bench.VOCAB, 0).eval()
    src, tgt = torch.tensor([[5, 6, 7]]), torch.tensor([[2, 5, 6]])
    before = model(src, tgt)
    positions = bench.moved(model)
    assert torch.equal(model(src, tgt), before)
    for each in positions:
        each.offset = 9
    assert not torch.allclose(model(src, tgt), before)


def test_scores_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    said = [[4, 5, 6], [4, 9], [7, 7, 7, 7]]
    monkeypatch.setattr(
        bench, "greedy_search", lambda *_, **__: [Hypothesis(s, 0.0, 0.0, True) for s in said]
    )
    model: Any = SimpleNamespace(eval=lambda: None, start=lambda src: None, decode=None)
    examples = [([4], [4, 5, 6]), ([4], [4, 5, 6]), ([7], [7, 7, 7])]
    assert bench.judge(model, examples) == {"symbols": 7 / 9, "outputs": 1 / 3}


def test_a_finished_run_is_not_made_again(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[str, str, int, float]] = []
    score = {"symbols": 0.5, "outputs": 0.25, "steps": 2.0}

    def run(task: str, name: str, seed: int, minutes: float) -> dict[str, Any]:
        made.append((task, name, seed, minutes))
        told = {"task": task, "model": name, "seed": seed, "minutes": minutes, "parameters": 7, "updates": 9}
        return told | dict.fromkeys(("≤ 20", "30", "40"), score)

    monkeypatch.setattr(bench, "run", run)
    arguments = [
        "bench",
        "--out",
        str(tmp_path / "runs"),
        "--minutes-each",
        "1",
        "--result",
        str(tmp_path / "table"),
    ]
    monkeypatch.setattr(sys, "argv", [*arguments, "--seeds", "1", "--tasks", "copy"])
    bench.main()
    monkeypatch.setattr(sys, "argv", [*arguments, "--seeds", "1", "2", "--tasks", "copy"])
    bench.main()
    assert made == [("copy", name, seed, 1) for seed in (1, 2) for name in ("Transformer", "Universal")]
    assert len(json.loads((tmp_path / "table.json").read_text())) == 4
    table = (tmp_path / "table.md").read_text()
    assert "| copy | 1 | Universal | 2 | 9 | .50 (.50–.50) / .25 (.25–.25) |" in table
    arguments[arguments.index("--minutes-each") + 1] = "2"
    monkeypatch.setattr(sys, "argv", [*arguments, "--seeds", "1", "--tasks", "copy", "--models", "Universal"])
    bench.main()
    assert made[4:] == [("copy", "Universal", 1, 2)]
