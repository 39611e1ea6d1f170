"""Too little memory, too little disk: said before the training, with what to do, and nothing is lost."""

import re
from collections import namedtuple
from dataclasses import replace

import pytest
import torch

from crosslight.bundle import load_bundle
from crosslight.config.load import read_toml, run_config
from crosslight.tasks.prepare import prepare
from crosslight.tasks.train import stream_of
from crosslight.train import disk, rehearsal
from crosslight.train.checkpoints import Checkpoints
from crosslight.train.objectives import objective_of
from crosslight.train.rehearsal import activation_bytes, longest_side, n_bytes
from crosslight.train.step import adam, training_step

# ---- memory


def cure_of(message: str) -> list[str]:
    """The settings that the message tells to resume with."""
    assert "resume with" in message
    options = re.findall(r"train\.(\w+)=(\d+)", message)
    times = re.search(r"train.accumulate (\d+) times", message)
    return [f"train.{name}={value}" for name, value in options] + [f"train.accumulate={times[1]}"]


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("[...] can't allocate memory: 9 bytes")])
def test_a_step_that_does_not_fit_and_one_that_does(command, toy, tiny_run, tmp_path, monkeypatch, error):
    """Memory for a third of the largest batch: it is cut in four, and what the message says works."""
    out = tmp_path / "run"
    tried = []

    def step(model, shards, **options):
        tried.append(sum(len(shard.src) for shard in shards))
        if max(len(shard.src) for shard in shards) > tried[0] // 3:
            raise error
        return training_step(model, shards, **options)

    with monkeypatch.context() as patch:
        patch.setattr("crosslight.train.loop.training_step", step)
        result = command(*toy.train(out, "--steps", "30", "--set", "train.max_tokens_per_batch=1024"))
        assert result.code == 2
        assert (
            "the largest step with train.max_tokens_per_batch = 1024 does not fit into memory" in result.err
        )
        assert not Checkpoints(out / "checkpoints", 2).ledger().step
        cure = cure_of(result.err)
        assert cure == ["train.max_tokens_per_batch=256", "train.accumulate=4"]
        tried.clear()
    options = [option for setting in cure for option in ("--set", setting)]
    assert command("train", "--resume", out, *options).code == 0


def test_an_error_of_another_kind_is_not_hidden(command, toy, tmp_path, monkeypatch):
    def step(*_, **__):
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr("crosslight.train.loop.training_step", step)
    with pytest.raises(RuntimeError, match="multiplied"):
        command(*toy.train(tmp_path / "run", "--steps", "30"))


def test_less_memory_than_the_estimate(command, toy, tiny_run, tmp_path, monkeypatch, weights_of):
    """A CPU that would not say so: nothing is tried."""
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(rehearsal, "available_memory", lambda: 1_000_000)
        result = command(*toy.train(out, "--steps", "30"))
    assert result.code == 2
    assert re.search(r"needs about \d+ MB of memory, and 1 MB are available", result.err)
    with monkeypatch.context() as patch:
        patch.setattr(rehearsal, "available_memory", lambda: 1)
        assert "lower train.max_length, or train a smaller model" in command("train", "--resume", out).err
    assert command("train", "--resume", out).code == 0
    assert weights_of(out) == weights_of(tiny_run)


@pytest.fixture
def parts(tiny_run):
    settings = run_config(read_toml(tiny_run / "config.toml"), "the test")
    stream = stream_of(settings, prepare(settings, tiny_run / "data", lambda text: None))
    model = load_bundle(tiny_run).model.train()
    return model, stream, objective_of(settings.train)


@pytest.mark.parametrize("works", [True, False])
def test_a_rehearsal_leaves_no_trace(parts, monkeypatch, works):
    model, stream, objective = parts
    optimizer = adam(model, 0.9, 0.98, 1e-9)
    for parameter in model.parameters():
        parameter.grad = parameter.detach().clone()
    optimizer.step()
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    moments = [{key: value.clone() for key, value in state.items()} for state in optimizer.state.values()]
    random_state = torch.get_rng_state()

    def step(shards, **options):
        training_step(model, shards, objective, optimizer, **{**options, "rate": 0.1})
        torch.rand(3)
        if not works:
            raise MemoryError

    arguments = (model, stream, objective, step, optimizer, 2, 1, 1, torch.float32)
    if works:
        rehearsal.rehearse(*arguments)
    else:
        with pytest.raises(rehearsal.TrainingError):
            rehearsal.rehearse(*arguments)
    assert all(torch.equal(weights[name], tensor) for name, tensor in model.state_dict().items())
    for before, after in zip(moments, optimizer.state.values(), strict=True):
        assert all(torch.equal(before[key], after[key]) for key in before)
    assert torch.equal(random_state, torch.get_rng_state())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_no_batch_of_the_stream_is_larger_than_the_rehearsed_one(parts):
    _, stream, _ = parts
    width = longest_side(stream)
    shapes = [batch.src.shape for batch in stream.one_epoch()] + [b.tgt_in.shape for b in stream.one_epoch()]
    assert max(columns for _, columns in shapes) <= width <= stream.max_length
    assert max(rows * columns for rows, columns in shapes) <= stream.max_tokens
    exact = replace(stream, sampling=0.0)
    sides = (stream.corpus.src_ids, stream.corpus.tgt_ids)
    longest = max(len(side[i]) for side in sides for i in range(len(side)))
    assert longest_side(exact) == longest + 1


def test_the_estimate_grows_as_saved_tensors_do(parts):
    """Of one matrix product and one that remembers its output, by hand."""

    class Two(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.table = torch.nn.Embedding(10, 8)
            self.up = torch.nn.Linear(8, 32, bias=False)

    model = Two()

    def objective(model, batch):
        return model.up(model.table(batch.src)).tanh().sum()

    # A row of 5 tokens: 5 ids of 8 bytes, 5 × 8 floats into the product, and 5 × 32 out of tanh.
    assert activation_bytes(model, objective, width=5) == 5 * 8 + 5 * 8 * 4 + 5 * 32 * 4
    assert n_bytes(model) == (10 * 8 + 8 * 32) * 4


# ---- disk

Usage = namedtuple("Usage", "total used free")


def test_a_budget_too_small_for_one_checkpoint(command, toy, tiny_run, tmp_path, weights_of):
    out = tmp_path / "run"
    result = command(*toy.train(out, "--steps", "30", "--set", "train.disk_gb=0.001"))
    assert result.code == 2
    assert re.search(r"the checkpoints need 0\.0\d GB on the disk, but train\.disk_gb = 0\.001", result.err)
    assert not (out / "checkpoints").exists()
    enough = re.search(r"--set (train\.disk_gb=[\d.]+) or more", result.err)[1]
    assert command("train", "--resume", out, "--set", enough).code == 0
    assert weights_of(out) == weights_of(tiny_run)


def test_a_disk_too_full_for_one_checkpoint(command, toy, tiny_run, tmp_path, monkeypatch, weights_of):
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(disk.shutil, "disk_usage", lambda _: Usage(9, 8, 1))
        result = command(*toy.train(out, "--steps", "30"))
    assert result.code == 2
    assert "0.01 GB are free for" in result.err
    assert "free some space, and resume" in result.err
    assert command("train", "--resume", out).code == 0
    assert weights_of(out) == weights_of(tiny_run)


@pytest.mark.parametrize("spare", [1, 2.5, 9])
def test_the_budget_is_kept_at_every_moment(command, toy, tiny_run, tmp_path, monkeypatch, spare):
    """Of the kept models the oldest go; the files together never take more than was given."""
    from crosslight.train import checkpoints

    sizes = []

    def measured(function):
        def call(*arguments, **options):
            function(*arguments, **options)
            files = {f.stat().st_ino: f.stat().st_size for f in (out / "checkpoints").iterdir()}
            sizes.append(sum(files.values()))

        return call

    out = tmp_path / "run"
    monkeypatch.setattr(checkpoints, "save_file", measured(checkpoints.save_file))
    monkeypatch.setattr(checkpoints, "take_place", measured(checkpoints.take_place))
    budget = (disk.NEEDED + spare) * n_bytes(load_bundle(tiny_run).model)
    settings = ["--set", f"train.disk_gb={budget / 1e9}", "--set", "train.average_last=4"]
    result = command(*toy.train(out, "--steps", "24", "--set", "train.validations=8", *settings))
    assert result.code == 0, result.err
    saved = Checkpoints(out / "checkpoints", 4)
    assert len(saved.kept()) == min(4, int(spare))
    assert (f"the disk has room for {int(spare)} of 4 models to average" in result.err) == (spare < 4)
    assert saved.best.is_file() and saved.last.is_file()
    headers = 12 * 20_000  # names, ledgers and settings, beside the numbers
    assert max(sizes) <= budget + headers
