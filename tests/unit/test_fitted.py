"""What time and corpus change of a preset: batch, dropout and BPE-dropout, unless the user says otherwise."""

import tomllib

import pytest

from crosslight.config.load import Tree, merge, preset_text, run_config
from crosslight.config.run import RunConfig
from crosslight.tasks.choose import Outlook, fitted

FEW, MANY = 29_000, 1_000_000


def preset(name: str) -> RunConfig:
    return run_config(merge(tomllib.loads(preset_text(name)), {"train": {"minutes": 30}}), name)


@pytest.mark.parametrize(
    ("outlook", "n_pairs", "batch", "dropout", "sampling"),
    [
        (Outlook(1.6e6, 3.0), FEW, 512, 0.05, 0.0),
        (Outlook(15e6, 29.0), FEW, 2048, 0.25, 0.0),
        (Outlook(15e6, 120.0), FEW, 2048, 0.25, 0.1),
        (Outlook(1.6e6, 0.1), MANY, 512, 0.0, 0.0),
        (Outlook(1e9, 60.0), MANY, 2048, 0.1, 0.0),
    ],
)
def test_short_runs_take_small_steps_and_long_ones_are_kept_from_learning_by_heart(
    outlook: Outlook, n_pairs: int, batch: int, dropout: float, sampling: float
) -> None:
    layer, _ = fitted(preset("tiny"), n_pairs, outlook, {})
    assert layer == {
        "train": {"max_tokens_per_batch": batch},
        "model": {"dropout": dropout},
        "subword": {"sampling": sampling},
    }


def test_what_is_the_presets_or_the_users_is_not_talked_about() -> None:
    many = fitted(preset("tiny"), MANY, Outlook(1e9, 60.0), {})[1]
    assert many == []
    short = Outlook(1.6e6, 3.0)
    wishes: list[Tree] = [{}, {"train": {"max_tokens_per_batch": 64}}, {"model": {"dropout": 0.4}}]
    batch, dropout = (
        "batches of 512 tokens: 3,125 updates",
        "dropout 0.05, because each pair is seen 3.0 times",
    )
    said = [fitted(preset("tiny"), FEW, short, each)[1] for each in wishes]
    assert said == [[batch, dropout], [dropout], [batch]]


def test_a_run_of_steps_knows_no_time() -> None:
    layer, reasons = fitted(preset("tiny"), FEW, None, {})
    assert layer == {"model": {"dropout": 0.2}, "subword": {"sampling": 0.0}}
    assert reasons == ["dropout 0.2, because 29,000 pairs are few"]
