"""The quickest of several ways, with a clock that the ways themselves move on."""

import pytest

from crosslight.export import quickest
from crosslight.export.quickest import EVERY, FIRST, Quickest


class Ways:
    """Two ways that take so many seconds, and write down when they were called."""

    def __init__(self, *seconds: float) -> None:
        self.seconds = list(seconds)
        self.now = 0.0
        self.called: list[int] = []

    def way(self, which: int):
        def run(word: str) -> str:
            self.called.append(which)
            self.now += self.seconds[which]
            return word.upper()

        return run

    def quickest(self) -> Quickest:
        return Quickest([self.way(0), self.way(1)], clock=lambda: self.now)

    def next_called(self, call) -> int:
        """Which way answers: the last that is called."""
        assert call("word") == "WORD"
        return self.called[-1]


@pytest.mark.parametrize(("seconds", "expected"), [((3.0, 2.0), 1), ((2.0, 3.0), 0), ((2.0, 2.0), 0)])
def test_the_quicker_one_is_taken_once_it_is_known(seconds, expected):
    ways = Ways(*seconds)
    call = ways.quickest()
    assert [ways.next_called(call) for _ in range(FIRST)] == [0] * FIRST
    assert {ways.next_called(call) for _ in range(EVERY // 2)} == {expected}


def test_a_machine_that_changes_is_tried_again():
    ways = Ways(3.0, 2.0)
    call = ways.quickest()
    for _ in range(EVERY):
        last = ways.next_called(call)
    assert last == 1
    ways.seconds = [2.0, 40.0]
    assert {ways.next_called(call) for _ in range(EVERY)} == {1, 0}
    assert ways.next_called(call) == 0


def test_what_is_hopeless_gets_no_further_turn():
    ways = Ways(1.0, 50.0)
    call = ways.quickest()
    for _ in range(FIRST + 1):
        call("word")
    assert ways.called.count(1) == 2  # to warm up, and one turn


def test_one_outlier_decides_nothing(monkeypatch):
    monkeypatch.setattr(quickest, "FIRST", 0)
    ways = Ways(3.0, 2.0)
    fast = ways.way(1)

    def with_a_hitch(word: str) -> str:
        if ways.called.count(1) == 2:
            ways.now += 5.0
        return fast(word)

    call = Quickest([ways.way(0), with_a_hitch], clock=lambda: ways.now)
    assert ways.next_called(call) == 1
