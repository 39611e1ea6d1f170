"""A run of given minutes, from end to end on a toy: it ends when it should, or says what it needs."""

import re
import time

import pytest

from crosslight.bundle import load_bundle


@pytest.fixture
def quick(toy, tmp_path):
    """The toy with a shape that trains in milliseconds; `minutes` decide the length."""
    return lambda minutes: [*toy.train(tmp_path / "run"), "--preset", "tiny", "--minutes", str(minutes)]


def test_it_ends_on_time_and_says_before_when(command, quick, tmp_path):
    started = time.monotonic()
    result = command(*quick(0.15))
    took = time.monotonic() - started
    assert result.code == 0
    assert 0.5 * 9 < took < 1.5 * 9  # seconds; other work may share the cores
    assert re.search(r"forecast: [\d,]+ tokens/s, [\d.]+ epochs of 285 pairs, \d+ validations", result.err)
    assert re.search(r"time: preparing 0:\d\d, training 0:\d\d; this session 0:\d\d", result.err)
    assert "100%  valid at step" in result.err
    assert any("chrF" in name for name in load_bundle(tmp_path / "run").facts.scores)


def test_too_few_minutes_say_how_many_would_do(command, quick, tmp_path):
    result = command(*quick(0.0001))
    assert result.code == 2
    assert "0.0001 minutes are too few: preparing took" in result.err
    enough = re.search(rf"crosslight train --resume {tmp_path / 'run'} --minutes ([\d.]+)", result.err)
    assert command("train", "--resume", tmp_path / "run", "--minutes", enough[1]).code == 0


def test_the_learning_rate_falls_to_nothing(command, quick, monkeypatch):
    from crosslight.train.progress import Progress

    rates = []
    shown = Progress.step

    def step(self, ledger, result, rate, share):
        rates.append(rate)
        shown(self, ledger, result, rate, share)

    monkeypatch.setattr(Progress, "step", step)
    assert command(*quick(0.15)).code == 0
    assert rates[0] < max(rates) / 2  # preparing is no part of the schedule: it begins with a rise
    assert rates[-1] < 0.1 * max(rates)
