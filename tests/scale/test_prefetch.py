"""Batches made in the background are the ones made here, bit for bit, whatever happens to their maker."""

import multiprocessing
import os
import signal
import threading
from contextlib import closing
from dataclasses import fields, replace
from itertools import islice

import pytest
import torch

from crosslight.config.load import read_toml, run_config
from crosslight.data import prefetch
from crosslight.data.prefetch import batches_ahead, prefetched
from crosslight.data.stream import Position, Stream
from crosslight.errors import CorpusError
from crosslight.tasks.prepare import prepare
from crosslight.tasks.train import stream_of


@pytest.fixture(scope="module")
def stream(toy, tmp_path_factory) -> Stream:
    """Windows so small that several borders are met in an epoch; with BPE-dropout."""
    config = run_config(
        {**read_toml(toy.config), "data": {"pairs": (str(toy.pairs),)}, "train": {"steps": 1}}, "the test"
    )
    prepared = prepare(config, tmp_path_factory.mktemp("stream") / "data", lambda text: None)
    return replace(stream_of(config, prepared), window_pairs=50, max_tokens=256)


def same(ours, theirs) -> bool:
    (batch, after), (other, other_after) = ours, theirs
    values = [(getattr(batch, field.name), getattr(other, field.name)) for field in fields(batch)]
    return after == other_after and all(
        torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b for a, b in values
    )


def children() -> list[multiprocessing.Process]:
    return [child for child in multiprocessing.active_children() if "Spawn" in type(child).__name__]


@pytest.mark.parametrize("lost", [False, True], ids=["to the end", "its maker is killed"])
def test_the_same_batches_from_a_position_on(stream, lost):
    (position,) = {after for _, after in islice(stream.batches(), 7, 8)}
    expected = list(islice(stream.batches(position), 130))
    assert expected[-1][1].epoch > position.epoch
    with closing(prefetched(stream, position, depth=4)) as batches:
        for n, (ours, theirs) in enumerate(zip(batches, expected, strict=False)):
            assert same(ours, theirs), n
            if n == 20:
                (maker,) = children()
                if lost:
                    os.kill(maker.pid, signal.SIGKILL)
    assert n == 129
    assert not children()


def test_closing_ends_the_process_and_the_thread(stream):
    n_threads = threading.active_count()
    batches = prefetched(stream, Position(), depth=2)
    next(batches)
    batches.close()
    assert not children()
    assert threading.active_count() == n_threads


def test_an_error_comes_as_it_would_have_come(stream):
    short = replace(stream, max_length=1)
    with pytest.raises(CorpusError, match="no pair of the corpus has less than max_length = 1"):
        next(prefetched(short, Position()))


def test_a_process_is_started_where_that_pays(stream, monkeypatch):
    def started(stream: Stream, of_size: int) -> bool:
        monkeypatch.setattr(prefetch, "WORTH_IT", of_size)
        with closing(batches_ahead(stream, Position())) as batches:
            next(batches)
            return bool(children())

    assert not started(stream, len(stream.corpus) + 1)
    assert not started(replace(stream, sampling=0.0), 1)
    assert started(stream, len(stream.corpus))
