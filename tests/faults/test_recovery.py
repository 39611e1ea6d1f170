"""Training blows up: it goes back to a safe state, on at half the rate, and the same after interruptions."""

import json
import math
import random
import signal

import pytest

from crosslight.bundle import load_bundle
from crosslight.train import objectives, recovery
from crosslight.train.checkpoints import Checkpoints, Ledger, Pulse
from crosslight.train.progress import Progress
from crosslight.train.recovery import trouble
from crosslight.train.step import StepResult

# ---- what is trouble


def first_trouble(losses, norms=None) -> tuple[int, str] | None:
    ledger = Ledger()
    for loss, norm in zip(losses, norms or [2.0] * len(losses), strict=True):
        ledger.step += 1
        if what := trouble(ledger, StepResult(loss, 100, norm)):
            return ledger.step, what
    return None


def test_a_healthy_run_is_left_alone():
    """A falling loss with noise of half a nat, and now and then a batch that is very hard."""
    chance = random.Random(1)
    losses = [2 + 5 * math.exp(-i / 300) + chance.gauss(0, 0.5) + 9 * (i % 40 == 0) for i in range(5000)]
    norms = [0.3 + 5 * math.exp(-i / 50) + chance.expovariate(2) + 1e4 * (i % 40 == 0) for i in range(5000)]
    assert first_trouble(losses, norms) is None


def test_a_loss_that_stays_up():
    step, what = first_trouble([7.0] * 30 + [3.0] * 100 + [5.5] * 40)
    assert 130 < step <= 130 + recovery.WINDOW
    assert "the loss has risen from 3.00 to" in what


def test_a_model_that_is_worse_than_knowing_nothing():
    step, what = first_trouble([6.3, 9.0, 15.0] + [20.0] * 40)
    assert step == recovery.WINDOW
    assert "the loss has risen from 6.30 to 20.00" in what


def test_a_gradient_that_explodes():
    step, what = first_trouble([5.0] * 200, [1.0] * 100 + [1000.0] * 100)
    assert 100 < step <= 100 + recovery.WINDOW
    assert "the norm of the gradient has risen from 1 to" in what


# ---- going back


def spoiled(monkeypatch, *calls: int, value: float = math.nan):
    """Spoils the loss at these calls of the objective, counted over all sessions from 1."""
    n_calls = 0

    def made(config):
        objective = objectives.objective_of(config)

        def sometimes(model, batch):
            nonlocal n_calls
            n_calls += 1
            loss = objective(model, batch)
            return loss._replace(total=loss.total * value) if n_calls in calls else loss

        return sometimes

    monkeypatch.setattr("crosslight.train.loop.objective_of", made)
    monkeypatch.setattr("crosslight.train.loop.rehearse", lambda *_: None)  # which calls it too


def rows(run, kind):
    lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row["kind"] == kind]


@pytest.fixture
def short(monkeypatch):
    """Safe states every ten steps."""
    monkeypatch.setattr(recovery, "SAFE_STEPS", 10)


def test_a_loss_that_is_not_a_number(command, toy, tmp_path, monkeypatch, short):
    out = tmp_path / "run"
    spoiled(monkeypatch, 17)
    result = command(*toy.train(out, "--steps", "30"))
    assert result.code == 0, result.err
    told = "the loss is nan"
    assert told in result.err
    assert "at step 17: back to step 10, and on with 0.5 times the learning rate" in result.err
    assert told in (out / "log.txt").read_text(encoding="utf-8")
    (row,) = rows(out, "rollback")
    assert (row["step"], row["factor"]) == (10, 0.5)
    assert [row["step"] for row in rows(out, "valid")] == [8, 15, 23, 30]
    assert load_bundle(out).facts.steps == 30


def test_interrupted_anywhere_the_same_rollback_is_made(command, toy, tmp_path, monkeypatch, weights_of):
    """A rate that blows up, which is no accident of the machine but comes again."""
    monkeypatch.setattr(recovery, "SAFE_STEPS", 10)
    monkeypatch.setattr(recovery, "WINDOW", 4)
    monkeypatch.setattr(recovery, "LOSS_MARGIN", 0.4)
    wild = ["--steps", "30", "--set", "train.learning_rate=3", "--set", "train.schedule=linear"]
    whole = tmp_path / "whole"
    result = command(*toy.train(whole, *wild))
    assert result.code == 0, result.err
    assert result.err.count(" times the learning rate\n") >= 2
    shown = Progress.step
    out = tmp_path / "run"

    def stopping(self, ledger, *rest):
        shown(self, ledger, *rest)
        if ledger.step % 3 == 0:
            signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "step", stopping)
        code = command(*toy.train(out, *wild)).code
        while code == 143:
            code = command("train", "--resume", out).code
    assert code == 0
    assert [row["step"] for row in rows(out, "rollback")] == [row["step"] for row in rows(whole, "rollback")]
    assert weights_of(out) == weights_of(whole)


def test_another_objective_is_no_trouble(command, toy, tmp_path, monkeypatch):
    """From the middle on the loss counts disagreement, too, and jumps; before, it is the plain run's."""
    monkeypatch.setattr(recovery, "WINDOW", 4)
    losses = {}
    for name, consistency in (("plain", "none"), ("later", "simcut")):
        settings = {
            "consistency": consistency,
            "consistency_from": 0.5,
            "consistency_weight": 100,
            "cut_rate": 0.5,
        }
        out = tmp_path / name
        more = [word for key, value in settings.items() for word in ("--set", f"train.{key}={value}")]
        losses[name] = []
        with monkeypatch.context() as patch:
            seen, step = losses[name], Progress.step

            def watched(self, ledger, result, *rest, seen=seen, step=step):
                seen.append(result.loss)
                step(self, ledger, result, *rest)

            patch.setattr(Progress, "step", watched)
            result = command(*toy.train(out, "--steps", "40", *more))
        assert result.code == 0, result.err
        assert rows(out, "rollback") == []
    assert losses["later"][:20] == losses["plain"][:20]
    assert min(losses["later"][20:]) > max(losses["plain"][20:]) + recovery.LOSS_MARGIN


def test_what_going_back_cannot_cure(command, toy, tiny_run, tmp_path, monkeypatch, weights_of, short):
    """After five returns in vain it stops with a diagnosis, and nothing is lost."""
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        spoiled(patch, 17, *(17 + 7 * i for i in range(1, 6)))
        result = command(*toy.train(out, "--steps", "30"))
    assert result.code == 2
    assert "at step 17, after 5 returns to a safe state and at 0.031 times the learning rate" in result.err
    assert "lower train.learning_rate" in result.err
    assert "look into the corpus" in result.err
    saved = Checkpoints(out / "checkpoints", keep=2).ledger()
    assert (saved.step, saved.pulse.factor, saved.pulse.rollbacks) == (15, 1 / 32, 5)
    assert command("train", "--resume", out, "--set", "decode.beam=4").code == 0
    assert load_bundle(out).facts.steps == 30


def test_trouble_that_was_overcome_does_not_count(command, toy, tmp_path, monkeypatch, short):
    out = tmp_path / "run"
    spoiled(monkeypatch, 5, 6 + 15, 21 + 5 + 20)
    monkeypatch.setattr(recovery, "MAX_ROLLBACKS", 1)
    result = command(*toy.train(out, "--steps", "60"))
    assert result.code == 0, result.err
    assert [row["step"] for row in rows(out, "rollback")] == [0, 10, 30]
    assert rows(out, "rollback")[-1]["factor"] == 1 / 8


def test_a_learning_rate_beyond_reason_is_corrected_on_resuming(
    command, toy, tiny_run, tmp_path, weights_of, differences
):
    out = tmp_path / "run"
    result = command(*toy.train(out, "--steps", "30", "--set", "train.learning_rate=1e30"))
    assert result.code == 2
    assert "lower train.learning_rate" in result.err
    result = command("train", "--resume", out, "--set", "train.learning_rate=3e-3")
    assert result.code == 0
    assert differences(result.err) == {"train.learning_rate": ["1e+30", "0.003 (option)", "0.003"]}
    assert weights_of(out) == weights_of(tiny_run)


def test_a_run_about_to_blow_up_goes_on_from_its_safe_state(tmp_path, tiny_run):
    """Stopped by hand in the middle of it, and resumed with other settings."""
    from crosslight.train.recovery import begin_anew
    from crosslight.train.step import adam

    model = load_bundle(tiny_run).model
    optimizer = adam(model, 0.9, 0.98, 1e-9)
    for parameter in model.parameters():
        parameter.grad = parameter.detach().clone()
    optimizer.step()
    saved = Checkpoints(tmp_path, keep=2)
    calm = Pulse(losses=[3.0] * 9, norms=[1.0] * 9, lowest_loss=3.0, lowest_norm=1.0, factor=0.5)
    saved.save(model, optimizer, Ledger(step=500, stale=2, pulse=calm))
    saved.make_safe()
    wild = Pulse(losses=[3.8] * 9, norms=[1.0] * 9, lowest_loss=3.0)
    saved.save(model, optimizer, Ledger(step=530, pulse=wild))
    begin_anew(saved)
    assert saved.ledger() == Ledger(step=500)
