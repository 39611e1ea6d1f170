"""Interrupted and resumed, a run ends with the same weights, bit for bit: dropout and sampling are on.

`test_benches.py` does the same by SIGKILL at random moments.
"""

import json
import re
import shutil
import signal
from pathlib import Path

import pytest
import torch
from rich.console import Console

from crosslight.bundle import load_bundle
from crosslight.config.load import read_toml, run_config
from crosslight.tasks.prepare import prepare
from crosslight.tasks.train import stream_of
from crosslight.train.checkpoints import Checkpoints, load_weights, weights
from crosslight.train.loop import fit, schedule_of
from crosslight.train.progress import Progress, Validation

HINT = "Go on with: crosslight train --resume {}"


def signal_at(monkeypatch, *steps: int, number: int = signal.SIGTERM, times: int = 1) -> None:
    """Sends a signal to this process at the end of these steps."""
    shown = Progress.step

    def step(self, ledger, *rest):
        shown(self, ledger, *rest)
        if ledger.step in steps:
            for _ in range(times):
                signal.raise_signal(number)

    monkeypatch.setattr(Progress, "step", step)


@pytest.mark.parametrize(
    ("number", "steps"),
    [(signal.SIGTERM, [11]), (signal.SIGINT, [1]), (signal.SIGTERM, [15]), (signal.SIGINT, [30])],
    ids=["mid-epoch", "first", "validation", "last"],
)
def test_asked_to_stop(command, toy, tiny_run, tmp_path, monkeypatch, weights_of, number, steps):
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        signal_at(patch, *steps, number=number)
        result = command(*toy.train(out, "--steps", "30"))
    assert result.code == 128 + number
    assert HINT.format(out) in result.err
    assert not (out / "bundle").exists()
    assert Checkpoints(out / "checkpoints", keep=2).ledger().step == steps[0]
    assert command("train", "--resume", out).code == 0
    assert weights_of(out) == weights_of(tiny_run)


def test_stopped_again_and_again(command, toy, tiny_run, tmp_path, monkeypatch, weights_of):
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        signal_at(patch, *range(3, 30, 4))
        assert command(*toy.train(out, "--steps", "30")).code == 143
        codes = [command("train", "--resume", out).code for _ in range(7)]
    assert codes == [143] * 6 + [0]
    assert weights_of(out) == weights_of(tiny_run)
    check_metrics(out)


def check_metrics(run: Path) -> None:
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if row["kind"] == "valid"] == [8, 15, 23, 30]
    steps = [row["step"] for row in rows]
    assert steps == sorted(steps)


def test_a_second_ctrl_c_stops_at_once(command, toy, tiny_run, tmp_path, monkeypatch, weights_of):
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        signal_at(patch, 11, number=signal.SIGINT, times=2)
        result = command(*toy.train(out, "--steps", "30"))
    assert result.code == 130
    assert "Interrupted. " + HINT.format(out) in result.err
    assert command("train", "--resume", out).code == 0
    assert weights_of(out) == weights_of(tiny_run)
    check_metrics(out)


@pytest.mark.parametrize("place", ["plan.count_pairs", "prepare.write_text", "prepare._subwords"])
def test_interrupted_while_preparing(command, toy, tiny_run, tmp_path, monkeypatch, weights_of, place):
    def interrupt(*_):
        raise KeyboardInterrupt

    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(f"crosslight.tasks.{place}", interrupt)
        result = command(*toy.train(out, "--steps", "30"))
    assert result.code == 130
    assert (HINT.format(out) in result.err) == out.exists() == (place != "plan.count_pairs")
    again = ["train", "--resume", str(out)] if out.exists() else toy.train(out, "--steps", "30")
    assert command(*again).code == 0
    assert weights_of(out) == weights_of(tiny_run)


def test_metrics_of_steps_that_a_crash_took_back(command, toy, tmp_path, monkeypatch):
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr("crosslight.train.progress.METRIC_SECONDS", -1)
        signal_at(patch, 17, number=signal.SIGINT, times=2)  # the last checkpoint is of step 15
        command(*toy.train(out, "--steps", "30"))
        with (out / "metrics.jsonl").open("a") as file:
            file.write('{"kind": "tr')
    with monkeypatch.context() as patch:
        patch.setattr("crosslight.train.progress.METRIC_SECONDS", -1)
        assert command("train", "--resume", out).code == 0
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if row["kind"] == "train"] == list(range(1, 31))
    check_metrics(out)


# ---- best, last, average, patience


class Scripted:
    """A validation with losses from a list; remembers the weights that it judged."""

    def __init__(self, model, losses):
        self.model, self.losses, self.seen = model, list(losses), []

    def __call__(self):
        self.seen.append({name: w.clone() for name, w in weights(self.model).items()})
        loss = self.losses.pop(0)
        if loss is None:
            signal.raise_signal(signal.SIGTERM)
            loss = self.losses.pop(0)
        return Validation(loss, {}, ("", "", ""))


@pytest.fixture
def fitted(tiny_run, tmp_path):
    """Trains in tmp_path with scripted validations; returns ledger, signal, validation and checkpoints."""
    settings = run_config(read_toml(tiny_run / "config.toml"), "the test")
    prepared = prepare(settings, tiny_run / "data", lambda text: None)
    start = {name: w.clone() for name, w in weights(load_bundle(tiny_run).model).items()}

    def run(losses, *, resume=False, **train):
        config = settings.train.model_copy(update={"steps": 20, "validations": 10, **train})
        model = load_bundle(tiny_run).model
        load_weights(model, start)
        validate = Scripted(model, losses)
        saved = Checkpoints(tmp_path / "checkpoints", config.average_last)
        with Progress(tmp_path, Console(quiet=True)) as progress:
            ledger, stopped_by = fit(
                model,
                stream_of(settings, prepared),
                config,
                schedule_of(config, settings.model.d_model),
                saved,
                validate,
                progress,
                resume=resume,
            )
        return ledger, stopped_by, validate, saved

    return run


def equal(a, b) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_best_last_and_average(fitted):
    losses = [5.0, 4.0, 3.0, 4.5, 3.5, 3.0, 6.0, 7.0, 8.0, 9.0]
    ledger, _, validate, saved = fitted(losses, average_last=3)
    assert (ledger.best_step, ledger.best_loss) == (6, 3.0)
    assert equal(saved.best_weights(), validate.seen[2])
    assert [path.name for path in saved.kept()] == [f"kept-{n:010d}.safetensors" for n in (16, 18, 20)]
    for name, tensor in saved.average().items():
        by_hand = torch.stack([seen[name].double() for seen in validate.seen[-3:]]).mean(dim=0)
        torch.testing.assert_close(tensor.double(), by_hand, rtol=1e-6, atol=1e-9)
        assert tensor.dtype == torch.float32
    assert not equal(saved.average(), validate.seen[-1])


def test_patience_ends_the_run_and_survives_resuming(fitted, tmp_path):
    losses = [5.0, 4.0, 4.5, 4.6, 4.7, 1.0]
    ledger, stopped_by, _, saved = fitted(losses, patience=3)
    assert (ledger.step, stopped_by, ledger.stale, ledger.best_step) == (10, None, 3, 4)
    kept = {path.name: path.read_bytes() for path in saved.directory.iterdir()}
    shutil.rmtree(saved.directory)
    ledger, stopped_by, _, _ = fitted([5.0, 4.0, 4.5, None, 4.6], patience=3)
    assert (ledger.step, stopped_by, ledger.stale) == (8, signal.SIGTERM, 2)
    ledger, stopped_by, _, saved = fitted([4.7, 1.0], patience=3, resume=True)
    assert (ledger.step, stopped_by, ledger.stale, ledger.best_step) == (10, None, 3, 4)
    assert {path.name for path in saved.directory.iterdir()} == kept.keys()
    for name in kept.keys() - {"last.safetensors", "safe.safetensors"}:  # whose ledgers have the seconds
        assert (saved.directory / name).read_bytes() == kept[name]


def test_weights_kept_after_the_checkpoint_are_forgotten(fitted):
    """In a run of given minutes a crash takes back steps that will not come again the same."""
    _, _, _, saved = fitted([5.0, None, 4.0], average_last=10)
    shutil.copy(saved.kept()[0], saved.directory / "kept-0000000005.safetensors")
    fitted([3.0] * 8, resume=True, average_last=10)
    assert [int(path.stem[5:]) for path in saved.kept()] == [2, 4, *range(6, 21, 2)]


# ---- further than planned


@pytest.fixture
def finished(tiny_run, tmp_path) -> Path:
    return Path(shutil.copytree(tiny_run, tmp_path / "run"))


def files(run: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}


@pytest.mark.parametrize("more", [[], ["--steps", "30"], ["--steps", "12"]])
def test_a_finished_run_says_so(command, finished, more):
    before = files(finished)
    result = command("train", "--resume", finished, *more)
    assert result.code == 2
    assert re.search(rf"the run in {finished} is finished, after 30 steps and \d+\.\d minutes", result.err)
    assert "add --steps or --minutes" in result.err
    assert files(finished) == before


def test_a_finished_run_goes_on_to_a_new_length(command, finished, monkeypatch, differences):
    with monkeypatch.context() as patch:
        signal_at(patch, 44)
        result = command("train", "--resume", finished, "--steps", "60")
        assert result.code == 143
        assert differences(result.err) == {"train.steps": ["30", "60 (option)", "60"]}
    assert load_bundle(finished).facts.steps == 30
    assert read_toml(finished / "config.toml")["train"]["steps"] == 60
    result = command("train", "--resume", finished)
    assert result.code == 0
    assert differences(result.err) == {}
    assert load_bundle(finished).facts.steps == 60
    rows = [json.loads(line) for line in (finished / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if row["kind"] == "valid"] == [8, 15, 23, 30, 45, 60]


def test_minutes_may_follow_steps(command, finished, differences):
    result = command("train", "--resume", finished, "--minutes", "0.0001", "--set", "decode.beam=2")
    assert result.code == 2
    assert "is finished" in result.err
    result = command("train", "--resume", finished, "--minutes", "60", "--steps", "31")
    assert "exactly one of the two" in result.err
    seconds = Checkpoints(finished / "checkpoints", 2).ledger().seconds
    minutes = seconds / 60 + 0.01
    result = command("train", "--resume", finished, "--minutes", f"{minutes}", "--set", "decode.beam=2")
    assert result.code == 0
    assert differences(result.err) == {
        "train.steps": ["30", "not set (option)", "not set"],
        "train.minutes": ["not set", f"{minutes} (option)", f"{minutes}"],
        "decode.beam": ["4", "2 (option)", "2"],
    }
    assert load_bundle(finished).facts.steps > 30
    assert load_bundle(finished).config.decode.beam == 2


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (["--set", "model.d_ff=8"], "model.d_ff cannot change in a run that has begun; it is 64"),
        (["--seed", "2"], "train.seed cannot change"),
        (["--pairs", "other.tsv"], "data.pairs cannot change"),
        (["--set", "train.setps=8"], "did you mean steps?"),
        (["--preset", "small"], "--preset cannot be given with --resume"),
        (["-o", "elsewhere"], "--out cannot be given with --resume"),
    ],
)
def test_what_cannot_change(command, finished, option, expected):
    before = files(finished)
    result = command("train", "--resume", finished, "--steps", "40", *option)
    assert result.code == 2
    assert expected in result.err
    assert files(finished) == before


def test_patience_begins_anew_with_a_new_length(command, toy, tmp_path, monkeypatch):
    """The loss only rises: the first validation is the best, and patience ends the run at the second."""
    out = tmp_path / "run"
    n_calls = 0

    def loss(self):
        nonlocal n_calls
        n_calls += 1
        return float(n_calls)

    monkeypatch.setattr("crosslight.tasks.train.Validator.loss", loss)
    assert command(*toy.train(out, "--steps", "30", "--set", "train.patience=1")).code == 0
    assert load_bundle(out).facts.steps == 15
    assert "is finished, after 15 steps" in command("train", "--resume", out).err
    assert command("train", "--resume", out, "--steps", "40").code == 0
    assert load_bundle(out).facts.steps == 20
