"""What waits is translated together: order, limits, deadlines, cancellation, shutdown."""

import random
import threading
import time
from concurrent.futures import CancelledError

import pytest

from crosslight.serve.batching import Batcher, BatchLimits
from crosslight.serve.unanswered import DeadlineError, ServiceClosedError, ServiceFullError


def occupied(engine, limits=BatchLimits()):  # noqa: B008
    """A batcher whose thread is held up in a first request, so that others must wait."""
    engine.gate.clear()
    batcher = Batcher(lambda: engine, limits)
    first = batcher.submit(["first"], "x")
    assert engine.entered.wait(20)
    return batcher, first


def test_a_request_alone_is_answered(engine):
    batcher = Batcher(lambda: engine)
    assert batcher.submit(["ab", "cd"], "x").result(20) == ["ba", "dc"]
    batcher.close()
    assert batcher.join(20)


def test_what_waits_is_translated_together_and_equal_settings_only(engine):
    batcher, first = occupied(engine)
    futures = [batcher.submit([text], settings) for text, settings in (("ab", 1), ("cd", 2), ("ef", 1))]
    engine.gate.set()
    assert [f.result(20) for f in (first, *futures)] == [["tsrif"], ["ba"], ["dc"], ["fe"]]
    assert engine.batches == [(["first"], "x"), (["ab", "ef"], 1), (["cd"], 2)]


@pytest.mark.parametrize("limits", [BatchLimits(segments=3), BatchLimits(characters=12)])
def test_batches_keep_their_limits_and_nothing_is_lost(engine, limits):
    batcher, _ = occupied(engine, limits)
    chance = random.Random(1)
    requests = [[str(chance.random())[2:6] for _ in range(chance.randint(1, 9))] for _ in range(20)]
    futures = [batcher.submit(texts, "x") for texts in requests]
    engine.gate.set()
    assert [f.result(20) for f in futures] == [[text[::-1] for text in texts] for texts in requests]
    for texts, _ in engine.batches:
        assert len(texts) <= limits.segments
        assert sum(map(len, texts)) <= limits.characters


def test_a_large_request_does_not_hold_up_a_small_one(engine):
    batcher, _ = occupied(engine, BatchLimits(segments=2))
    order = []
    large = batcher.submit(list("abcdef"), "x")
    small = batcher.submit(["z"], "x")
    large.add_done_callback(lambda _: order.append("large"))
    small.add_done_callback(lambda _: order.append("small"))
    engine.gate.set()
    assert large.result(20) == list("abcdef")
    assert order == ["small", "large"]


def test_the_queue_is_bounded(engine):
    batcher, _ = occupied(engine, BatchLimits(queued=2))
    waiting = [batcher.submit(["a"], "x") for _ in range(2)]
    with pytest.raises(ServiceFullError, match="2 requests wait"):
        batcher.submit(["b"], "x")
    waiting[0].cancel()  # whoever is gone takes no place
    third = batcher.submit(["c"], "x")
    engine.gate.set()
    assert third.result(20) == ["c"]


def occupied_and_experienced(engine, limits):
    """A batcher that has learned that a character takes 0.2 ms, and is held up in 2,000 of them."""
    batcher = Batcher(lambda: engine, limits)
    slow = engine.translate

    def translate(texts, settings):
        time.sleep(0.0002 * sum(map(len, texts)))
        return slow(texts, settings)

    engine.translate = translate
    batcher.submit(["a" * 1000], "x").result(20)
    engine.gate.clear()
    engine.entered.clear()
    batcher.submit(["b" * 2000], "x")
    assert engine.entered.wait(20)
    return batcher


def test_what_cannot_be_done_in_time_is_refused_at_once(engine):
    batcher = occupied_and_experienced(engine, BatchLimits(seconds=1.0))
    with pytest.raises(ServiceFullError, match="more than 1 s"):
        batcher.submit(["c" * 20_000], "x")
    fits = batcher.submit(["d"], "x")
    engine.gate.set()
    assert fits.result(20) == ["d"]


def test_only_so_much_work_waits_and_what_is_in_hand_is_none_of_it(engine):
    batcher = occupied_and_experienced(engine, BatchLimits(queued_seconds=0.3))
    accepted = [batcher.submit([text], "x") for text in ("c" * 100, "d" * 5000)]
    with pytest.raises(ServiceFullError, match="s of work wait already") as refused:
        batcher.submit(["e"], "x")
    assert refused.value.wait >= 1
    engine.gate.set()
    assert [len(future.result(20)[0]) for future in accepted] == [100, 5000]


def test_whose_deadline_passed_is_dropped_before_it_is_translated(engine):
    batcher, _ = occupied(engine, BatchLimits(seconds=0.05))
    late = batcher.submit(["late"], "x")
    time.sleep(0.1)
    engine.gate.set()
    with pytest.raises(DeadlineError):
        late.result(20)
    assert ["late"] not in [texts for texts, _ in engine.batches]


def test_whose_client_is_gone_is_dropped_before_it_is_translated(engine):
    batcher, first = occupied(engine)
    gone, other = batcher.submit(["gone"], "x"), batcher.submit(["other"], "x")
    assert gone.cancel()
    engine.gate.set()
    assert other.result(20) == ["rehto"]
    with pytest.raises(CancelledError):
        gone.result(20)
    assert [texts for texts, _ in engine.batches] == [["first"], ["other"]]
    assert first.result(20) == ["tsrif"]


def test_a_fault_of_one_is_not_the_others(engine):
    batcher, _ = occupied(engine)
    futures = [batcher.submit([text], "x") for text in ("ab", "bad", "cd")]
    engine.gate.set()
    assert futures[0].result(20) == ["ba"]
    assert futures[2].result(20) == ["dc"]
    with pytest.raises(ValueError, match="bad"):
        futures[1].result(20)


def test_something_else_is_done_in_turn_and_in_the_same_thread(engine):
    batcher, _ = occupied(engine)
    before, called = batcher.submit(["ab"], "x"), batcher.call(lambda e: (e, threading.current_thread()))
    engine.gate.set()
    made, thread = called.result(20)
    assert made is engine
    assert thread is not threading.current_thread()
    assert before.done()


def test_closing_finishes_what_was_accepted(engine):
    batcher, first = occupied(engine)
    waiting = [batcher.submit([str(i)], i) for i in range(5)]
    batcher.close()
    with pytest.raises(ServiceClosedError):
        batcher.submit(["late"], "x")
    assert not batcher.join(0.05)
    engine.gate.set()
    assert batcher.join(20)
    assert [f.result(0) for f in (first, *waiting)] == [["tsrif"], *([str(i)] for i in range(5))]


def test_an_engine_that_cannot_be_opened_fails_those_that_wait():
    shut = threading.Event()

    def fail():
        shut.wait(20)
        raise OSError("no file")

    batcher = Batcher(fail)
    waiting = batcher.submit(["a"], "x")
    shut.set()
    with pytest.raises(OSError, match="no file"):
        waiting.result(20)
    assert isinstance(batcher.failure, OSError)
    assert batcher.join(20)


def test_many_threads_at_once(engine):
    batcher = Batcher(lambda: engine, BatchLimits(segments=7, queued=1000))
    answers: dict[str, list[str]] = {}

    def ask(name):
        for i in range(20):
            text = f"{name}-{i}"
            answers[text] = batcher.submit([text], i % 2).result(20)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 160
    assert all(answer == [text[::-1]] for text, answer in answers.items())
