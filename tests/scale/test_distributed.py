"""Several processes train as one does: the same examples a step, the same weights, whoever goes away."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from crosslight.errors import ConfigError, RunError, TrainingError
from crosslight.tasks.follow import follow
from crosslight.train.checkpoints import Checkpoints
from crosslight.train.distributed import World, joined

MEMBER = Path(__file__).with_name("member.py")


def last_weights(run: Path) -> dict[str, torch.Tensor]:
    tensors = load_file(run / "checkpoints" / "last.safetensors")
    return {name: tensor for name, tensor in tensors.items() if name.startswith("model.")}


def difference(a: Path, b: Path) -> float:
    ours, theirs = last_weights(a), last_weights(b)
    return max(float((ours[name] - theirs[name]).abs().max()) for name in ours.keys() | theirs.keys())


def examples(folder: Path) -> dict[int, Counter[str]]:
    """The multiset of examples of every step, of all processes together."""
    seen: dict[int, Counter[str]] = {}
    for file in sorted(folder.glob("examples-*.jsonl")):
        for line in file.read_text().splitlines():
            step, rows = json.loads(line)
            seen.setdefault(step, Counter()).update(map(json.dumps, rows))
    return seen


def test_two_processes_learn_what_one_learns(alone, together, toy, tmp_path):
    """Dropout is off; only the order of sums may differ."""
    settings = ["--steps", "50", "--set", "model.dropout=0", "--set", "train.precision=fp32"]
    assert alone(tmp_path / "seen-1", toy.train(tmp_path / "one", *settings)) == 0
    both = together(tmp_path / "seen-2", toy.train(tmp_path / "two", *settings))
    assert [code for code, _ in both] == [0, 0], both
    assert difference(tmp_path / "one", tmp_path / "two") <= 1e-5
    one, two = examples(tmp_path / "seen-1"), examples(tmp_path / "seen-2")
    assert list(one) == list(range(1, 51))
    assert one == two
    n_shards = [len(file.read_text().splitlines()) for file in (tmp_path / "seen-2").glob("examples-*")]
    assert n_shards == [50, 50], "both have worked, at every step"
    assert both[1][1] == "", "the second one has nothing to say"
    environment = json.loads((tmp_path / "two" / "environment.json").read_text())
    assert (environment["processes"], environment["threads"]) == (2, 2)


def test_stopped_in_one_resumed_in_two_and_again_in_one(alone, together, toy, tmp_path):
    """Dropout and sampling are on. A signal to any process stops all after the step."""
    settings = ["--steps", "30", "--set", "train.threads=2"]
    whole, parts, seen = tmp_path / "whole", tmp_path / "parts", tmp_path / "seen"
    assert alone(seen, toy.train(whole, *settings)) == 0
    assert alone(seen, toy.train(parts, *settings), 11, int(signal.SIGINT)) == 130
    assert Checkpoints(parts / "checkpoints", keep=2).ledger().step == 11
    stopped = together(seen, ["train", "--resume", parts], 9, int(signal.SIGTERM))
    assert [code for code, _ in stopped] == [143, 143], stopped
    assert f"Stopped and saved. Go on with: crosslight train --resume {parts}" in stopped[0][1]
    assert Checkpoints(parts / "checkpoints", keep=2).ledger().step == 20
    assert alone(seen, ["train", "--resume", parts]) == 0
    assert difference(whole, parts) <= 1e-6


def test_a_killed_process_ends_all_and_the_run_goes_on_in_one(loopback, command, wait_for, toy, tmp_path):
    out = tmp_path / "run"
    training = toy.train(out, "--steps", "100000", "--set", "train.checkpoint_seconds=0.1")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command_line = [*torchrun, MEMBER, tmp_path, "0", "0", *training]
    with subprocess.Popen(command_line, env=loopback, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for((out / "checkpoints" / "last.safetensors").is_file)
            wait_for((tmp_path / "examples-0.jsonl").read_text)  # the first step is under way
            os.kill(int((tmp_path / "pid-1").read_text()), signal.SIGKILL)
            began = time.monotonic()
            _, err = process.communicate(timeout=100)
        finally:
            process.kill()
    assert process.returncode != 0
    assert time.monotonic() - began < 60
    assert "crosslight: process 0 of 2 has lost another one: " in err
    assert "the last checkpoint is good" in err
    saved = Checkpoints(out / "checkpoints", keep=2).ledger().step
    assert command("train", "--resume", out, "--steps", saved + 3).code == 0
    assert Checkpoints(out / "checkpoints", keep=2).ledger().step == saved + 3


@pytest.mark.parametrize("rank", [0, 1], ids=["the first waits", "the first never comes"])
def test_a_process_that_never_comes(loopback, rank):
    place = {**loopback, "RANK": str(rank), "WORLD_SIZE": "2"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in place.items():
            patch.setenv(name, value)
        began = time.monotonic()
        with (
            pytest.raises(TrainingError, match=rf"process {rank} waited .* not all 2") as caught,
            joined(seconds=1),
        ):
            pytest.fail("nobody else is there")
    assert time.monotonic() - began < 10
    assert "nothing was written" in caught.value.cure


@pytest.mark.parametrize(("name", "value"), [("RANK", "2"), ("RANK", "x"), ("LOCAL_RANK", "1")])
def test_a_place_that_makes_no_sense(loopback, name, value):
    place = {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1"}
    with (
        pytest.raises(ConfigError, match=rf"{name}={value}\b.* is no place among several processes"),
        joined({**loopback, **place, name: value}),
    ):
        pytest.fail("there is no such place")


def test_alone_without_torchrun():
    with joined({"RANK": "3", "WORLD_SIZE": "8"}) as world:  # of a scheduler, without a place to meet
        assert world == World()
        parameter = nn.Parameter(torch.ones(2))
        assert world.told(5) == 5
        assert world.sum_gradients([parameter], 1.5) == 1.5
        assert parameter.grad is None


def test_shards_are_dealt_out_once():
    for size in (1, 2, 3, 7):
        for n_shards in (1, 2, 6, 9):
            dealt = [i for rank in range(size) for i in World(rank, size).share(n_shards)]
            assert sorted(dealt) == list(range(n_shards))


def test_every_process_needs_a_gpu_of_its_own(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    world = World(rank=1, size=2, local_rank=1, n_local=2)
    assert world.device(torch.device("cpu")) == torch.device("cpu")
    with pytest.raises(ConfigError, match="finds no GPU of its own: there are 1"):
        world.device(torch.device("cuda"))


def test_a_follower_that_does_not_see_the_run(tmp_path):
    with pytest.raises(RunError, match=r"process 1 sees no run in .*elsewhere"):
        follow(tmp_path / "elsewhere", World(rank=1))
