"""Two processes at the same run: the second is told, and the first does not notice."""

import subprocess
import sys
from pathlib import Path

import pytest

from crosslight.errors import RunError
from crosslight.tasks import alone
from crosslight.tasks.alone import LOCK, alone_in
from crosslight.train.checkpoints import Checkpoints

HOLD = """
import sys, pathlib
from crosslight.tasks.alone import alone_in
with alone_in(pathlib.Path(sys.argv[1])):
    print(flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(alone, "PATIENCE", 0.2)


@pytest.fixture
def held():
    """Another process that is at work in a directory; when it is killed, it is not asked."""
    processes: list[subprocess.Popen[str]] = []

    def hold(directory: Path) -> subprocess.Popen[str]:
        directory.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, directory],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout
        process.stdout.readline()
        return process

    yield hold
    for process in processes:
        process.kill()
        process.communicate()


def test_a_run_that_another_process_trains(command, refused, wait_for, toy, tmp_path):
    out = tmp_path / "run"
    training = [sys.executable, "-m", "crosslight", *toy.train(out, "--steps", "100000")]
    often = ["--set", "train.checkpoint_seconds=0.1"]
    with subprocess.Popen([*training, *often], stderr=subprocess.DEVNULL) as process:
        try:
            saved = Checkpoints(out / "checkpoints", keep=2)
            wait_for(lambda: saved.newest() is not None and saved.ledger().step > 3)
            message = refused("train", "--resume", out, "--steps", "100001")
            assert f"another process is at work in {out}" in message
            assert "wait until it is done, or stop it" in message
            assert "steps = 100000" in (out / "config.toml").read_text()
            step = saved.ledger().step
            wait_for(lambda: saved.ledger().step > step + 3)
        finally:
            process.kill()
    last = saved.ledger().step
    assert command("train", "--resume", out, "--steps", last + 2).code == 0
    assert saved.ledger().step == last + 2


def test_a_place_where_another_process_prepares(command, refused, toy, held, tmp_path):
    out = tmp_path / "run"
    other = held(out)
    assert "another process is at work in" in refused(*toy.train(out, "--steps", "2"))
    assert [path.name for path in out.iterdir()] == [LOCK]
    other.kill()
    other.wait()
    assert command(*toy.train(out, "--steps", "2")).code == 0


def test_outputs_that_another_process_writes(refused, tiny_run, held, tmp_path):
    out, src = tmp_path / "out", tmp_path / "text.fr"
    src.write_text("Bonjour !\nLe chat dort.\n", encoding="utf-8")
    held(out)
    assert "another process is at work in" in refused("distill", tiny_run, "--src", src, "-o", out)
    assert [path.name for path in out.iterdir()] == [LOCK]


def test_architectures_that_another_process_compares(command, refused, held, toy, tmp_path, monkeypatch):
    out = tmp_path / "arms"
    compare = [
        "compare-architectures",
        "--pairs",
        toy.pairs,
        "-o",
        out,
        *"--steps 2 --only transformer".split(),
    ]
    with monkeypatch.context() as patch:
        patch.setattr("crosslight.tasks.architectures.compare.prepare", interrupted)
        assert command(*compare).code == 130
    held(out)
    assert "another process is at work in" in refused(*compare)


def interrupted(*_, **__):
    raise KeyboardInterrupt


def test_whoever_is_done_lets_others_in(tmp_path):
    with pytest.raises(ZeroDivisionError), alone_in(tmp_path):
        raise ZeroDivisionError
    with alone_in(tmp_path):
        pass


def test_one_process_twice(tmp_path):
    with alone_in(tmp_path), pytest.raises(RunError, match="another process is at work"), alone_in(tmp_path):
        pytest.fail("it is alone already")


def test_where_nothing_comes_of_it_nothing_is_left(tmp_path):
    there, new = tmp_path / "there", tmp_path / "new"
    there.mkdir()
    for place in (there, new):
        with alone_in(place):
            pass
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]


@pytest.mark.parametrize("name", ["train", "distill", "compare-architectures"])
def test_a_place_that_cannot_be(refused, toy, tiny_run, name):
    out = toy.pairs / "out"  # below a file
    arguments = {"train": ["--pairs", toy.pairs], "distill": [tiny_run, "--src", toy.pairs]}
    message = refused(name, *arguments.get(name, ["--pairs", toy.pairs]), "-o", out)
    assert f"{out} could not be written" in message
