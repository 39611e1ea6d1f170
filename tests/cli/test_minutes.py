"""A run of given minutes, from end to end on a toy: it ends when it should, or says what it needs."""

import re
import time

import pytest

from crosslight.bundle import load_bundle
from crosslight.train.progress import Progress


@pytest.fixture
def quick(toy, tmp_path):
    """The toy, with its preset named."""
    return [*toy.train(tmp_path / "run"), "--preset", "tiny", "--minutes", "0.0001"]


def test_too_few_minutes_name_a_budget_that_will_do_and_is_kept(command, quick, tmp_path, monkeypatch):
    """However busy the machine is: what the message asks for is measured on it."""
    rates = []
    shown = Progress.step

    def step(self, ledger, result, rate, share):
        rates.append(rate)
        shown(self, ledger, result, rate, share)

    monkeypatch.setattr(Progress, "step", step)
    result = command(*quick)
    assert result.code == 2
    assert "0.0001 minutes are too few: preparing took" in result.err
    enough = re.search(rf"crosslight train --resume {tmp_path / 'run'} --minutes ([\d.]+)", result.err)
    assert not rates

    started = time.monotonic()
    result = command("train", "--resume", tmp_path / "run", "--minutes", enough[1])
    took = time.monotonic() - started
    assert result.code == 0
    assert 0.5 < took / (60 * float(enough[1])) < 1.5
    assert re.search(r"forecast: [\d,]+ tokens/s, [\d.]+ epochs of 285 pairs, \d+ validations", result.err)
    assert re.search(r"time: preparing \d:\d\d, training \d:\d\d; this session \d:\d\d", result.err)
    assert "100%  valid at step" in result.err
    assert any("chrF" in name for name in load_bundle(tmp_path / "run").facts.scores)
    # Preparing is no part of the schedule, nor is the end: it begins with a rise, and falls to nothing.
    assert rates[0] < max(rates) / 2
    assert rates[-1] < 0.2 * max(rates)
