"""A run goes on under other settings: what differs from its checkpoint, and which is in force."""

import shutil
from pathlib import Path

import pytest

from crosslight.config.load import read_toml
from crosslight.train.checkpoints import Checkpoints


@pytest.fixture
def stopped(tiny_run, tmp_path) -> Path:
    """A finished run that has lost its bundle: resuming makes it again."""
    run = shutil.copytree(tiny_run, tmp_path / "run")
    shutil.rmtree(run / "bundle")
    return run


def edit(run: Path, *changes: tuple[str, str]) -> None:
    file = run / "config.toml"
    text = file.read_text(encoding="utf-8")
    for before, after in changes:
        assert text.count(before) == 1
        text = text.replace(before, after)
    file.write_text(text, encoding="utf-8")


def test_an_edited_file(command, stopped, differences, tiny_run, weights_of):
    """What a trained model rests on stays; the rest is as the file says; and the file is put right."""
    edit(
        stopped,
        ("d_ff = 64", "d_ff = 65"),
        ("[train]\nseed = 1", "[train]\nseed = 2"),
        ("beam = 4", "beam = 2"),
    )
    result = command("train", "--resume", stopped)
    assert result.code == 0, result.err
    pinned = "(cannot change in a run that has begun)"
    assert differences(result.err) == {
        "model.d_ff": ["64", "65 (config.toml)", f"64 {pinned}"],
        "train.seed": ["1", "2 (config.toml)", f"1 {pinned}"],
        "decode.beam": ["4", "2 (config.toml)", "2"],
    }
    assert "model.d_ff" in (stopped / "log.txt").read_text(encoding="utf-8")
    settings = read_toml(stopped / "config.toml")
    assert (settings["model"]["d_ff"], settings["train"]["seed"], settings["decode"]["beam"]) == (64, 1, 2)
    assert weights_of(stopped) == weights_of(tiny_run)
    assert differences(command("train", "--resume", stopped, "--steps", "31").err).keys() == {"train.steps"}


def test_options_win_over_a_file_and_a_file_over_the_run(command, stopped, differences, tmp_path):
    edit(stopped, ("beam = 4", "beam = 2"), ("alpha = 1.0", "alpha = 0.7"))
    (tmp_path / "mine.toml").write_text("[decode]\nbeam = 3\nmax_extra = 9\n[model]\nd_ff = 8\n")
    options = ["--config", tmp_path / "mine.toml", "--set", "decode.max_extra=7"]
    assert differences(command("train", "--resume", stopped, *options).err) == {
        "model.d_ff": ["64", "8 (mine.toml)", "64 (cannot change in a run that has begun)"],
        "decode.alpha": ["1.0", "0.7 (config.toml)", "0.7"],
        "decode.beam": ["4", "3 (mine.toml)", "3"],
        "decode.max_extra": ["8", "7 (option)", "7"],
    }


def test_a_length_in_a_file_replaces_the_other(command, stopped, differences, tmp_path):
    (tmp_path / "mine.toml").write_text("[train]\nminutes = 0.0001\n")
    rows = differences(command("train", "--resume", stopped, "--config", tmp_path / "mine.toml").err)
    assert rows == {
        "train.minutes": ["not set", "0.0001 (mine.toml)", "0.0001"],
        "train.steps": ["30", "not set (mine.toml)", "not set"],
    }


def test_a_file_that_is_broken_costs_nothing(command, stopped, tiny_run, weights_of):
    before = (stopped / "config.toml").read_text(encoding="utf-8")
    edit(stopped, ("beam = 4", "beam = 0"))
    result = command("train", "--resume", stopped)
    assert result.code == 2
    assert "decode.beam = 0: input should be greater than or equal to 1" in result.err
    (stopped / "config.toml").write_text(before, encoding="utf-8")
    assert command("train", "--resume", stopped).code == 0
    assert weights_of(stopped) == weights_of(tiny_run)


def test_the_run_may_lack_its_newest_checkpoint(command, stopped, differences, tiny_run, weights_of):
    """The safe one before it knows the settings too."""
    Checkpoints(stopped / "checkpoints", keep=2).last.unlink()
    edit(stopped, ("d_ff = 64", "d_ff = 65"))
    result = command("train", "--resume", stopped)
    assert list(differences(result.err)) == ["model.d_ff"]
    assert weights_of(stopped) == weights_of(tiny_run)
