"""Copies of a source say how often it counts in an epoch; how much text there is, they do not say."""

import random

import pytest

from crosslight.bundle import load_bundle
from crosslight.config.run import TrainConfig
from crosslight.tasks import budget, choose
from crosslight.tasks.plan import plan
from crosslight.tasks.prepare import prepare
from crosslight.tasks.probe import Speed
from crosslight.train.budget import Costs, Timetable, Wish

N_PAIRS = {"rare": 200, "common": 100}  # different ones of each source
COPIES = (300, 1)  # 60,100 pairs in an epoch: of another preset, another dropout, another vocabulary


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> tuple[str, ...]:
    """Pairs of words that occur once, so that the number of words limits no vocabulary."""
    rng = random.Random(1)

    def sentence() -> str:
        return " ".join("".join(rng.choices("abcdefghiklmnoprstuv", k=6)) for _ in range(12))

    folder = tmp_path_factory.mktemp("copies")
    for name, n in N_PAIRS.items():
        lines = [f"{sentence()}\t{sentence()}\n" for _ in range(n)]
        (folder / f"{name}.tsv").write_text("".join(lines))
    return tuple(str(folder / f"{name}.tsv") for name in N_PAIRS)


def planned(sources, folder, copies, **train):
    """The settings chosen for them, and why."""
    data = {"pairs": sources, "copies": copies, "valid_pairs": sources[:1]}
    return plan({"data": data, "train": train}, folder, None, None)


@pytest.fixture(scope="module")
def once_and_often(sources, tmp_path_factory):
    """Prepared without copies and with them; what was said each time."""
    found = []
    for copies in ((1, 1), COPIES):
        folder, said = tmp_path_factory.mktemp("prepared"), []
        data = {"pairs": sources, "copies": copies, "valid_size": 1}
        config, _ = plan({"data": data, "train": {"steps": 1}}, folder, None, None)
        found.append((prepare(config, folder / "data", said.append), said, folder, config))
    return found


@pytest.mark.parametrize("length", [{"steps": 10}, {"minutes": 30}, {"minutes": 120}])
def test_what_is_chosen_is_chosen_without_them(sources, tmp_path, length, monkeypatch):
    monkeypatch.setattr(choose, "training_speed", lambda *_: Speed(3000.0, 0.1))
    once, why = planned(sources, tmp_path, (1, 1), **length)
    often, why_often = planned(sources, tmp_path, COPIES, **length)
    assert why_often == why
    assert why[0].startswith("300 pairs")
    assert often.model_copy(update={"data": once.data}) == once


def test_the_vocabulary_is_chosen_without_them(once_and_often):
    (_, said, *_), (_, said_often, *_) = once_and_often
    (reason,) = [line for line in said if line.startswith("vocabulary:")]
    assert reason == "vocabulary: 2,000 pieces suit 299 sentence pairs"
    assert reason in said_often


def test_a_corpus_knows_both_numbers_also_when_it_is_opened_again(once_and_often):
    for (prepared, _, folder, config), n_rows in zip(once_and_often, (299, None), strict=True):
        again = prepare(config, folder / "data", print)
        assert prepared.n_pairs == again.n_pairs == 299
        assert len(prepared.train) == (n_rows or len(again.train))
    # The pair held out is of the one source or of the other.
    assert len(prepared.train) in (200 * 300 + 99, 199 * 300 + 100)


def test_the_forecast_of_chrf_is_that_of_the_text_there_is(once_and_often, monkeypatch):
    asked = []
    monkeypatch.setattr(budget, "expected_chrf", lambda n_pairs, n_tokens: asked.append(n_pairs))
    costs = Costs(step=1.0, loss_batch=0.1, sentence=0.1, files=0.1)
    for prepared, *_ in once_and_often:
        table = Timetable.of(10.0, costs, Wish(2, 2, 2, 2))
        (line, _) = budget.Pace(TrainConfig(minutes=10), table, costs, 1e3, None, prepared).forecast(1.0)
        assert f"epochs of {len(prepared.train):,} pairs" in line, "an epoch is with its copies"
    assert asked == [299, 299]


def test_the_model_card_counts_each_pair_once(toy, command, tmp_path):
    run = tmp_path / "run"
    assert command(*toy.train(run, "--steps", "1", "--set", "data.copies=[3]")).code == 0
    assert load_bundle(run).facts.n_pairs == 285
