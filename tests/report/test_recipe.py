"""What a run notes of its making: commands, files, how it ended; and that the recipe works."""

import hashlib
import json
import shlex
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from crosslight.config.load import read_toml, run_config
from crosslight.data.stream import ParallelCorpus
from crosslight.report.facts import again
from crosslight.report.run import read_run
from crosslight.tasks import recipe
from crosslight.tasks import report as report_task
from crosslight.tasks.plan import plan
from crosslight.text.subword import Subword


def sessions(run: Path) -> list[dict]:
    return json.loads((run / "recipe.json").read_text(encoding="utf-8"))["sessions"]


def test_the_recipe_gives_the_same_weights(command, tiny_run, tmp_path, weights, monkeypatch):
    words = shlex.split(again(read_run(tiny_run)))
    assert words[0] == "crosslight"
    assert words[words.index("--config") + 1] == "run/config.toml"
    monkeypatch.chdir(tiny_run.parent)
    words[words.index("-o") + 1] = str(tmp_path / "again")
    assert command(*words[1:]).code == 0
    assert weights(tmp_path / "again") == weights(tiny_run)


@pytest.fixture
def weights():
    def digest(run: Path) -> str:
        return hashlib.sha256((run / "bundle" / "model.safetensors").read_bytes()).hexdigest()

    return digest


def test_settings_that_were_chosen_are_chosen_again(tiny_run, tmp_path):
    file = tiny_run / "config.toml"
    assert plan({}, tmp_path / "again", None, file)[0] == run_config(read_toml(file), "the run")


def test_sessions_and_how_they_end(command, toy, tiny_run, tmp_path, monkeypatch):
    out = tmp_path / "run"
    assert [session["outcome"] for session in sessions(tiny_run)] == ["finished"]
    from crosslight.train import loop

    real, calls = loop.training_step, 0

    def step(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == 5:
            raise MemoryError("no memory for step 5")
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "training_step", step)
        with pytest.raises(MemoryError):
            command(*toy.train(out, "--steps", "10", "--set", "train.checkpoint_seconds=1e-9"))
    assert sessions(out)[0]["outcome"] == "failed: no memory for step 5"
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "no memory for step 5" in page
    assert '<span class="state failed">failed</span>' in page
    assert command("train", "--resume", out).code == 0
    found = sessions(out)
    assert [session["outcome"] for session in found] == ["failed: no memory for step 5", "finished"]
    assert found[1]["command"] == f"crosslight train --resume {out}"
    assert found[0]["started"] <= found[0]["ended"] <= found[1]["started"] <= found[1]["ended"]


def test_the_files_that_were_read(tiny_run, toy):
    (file,) = json.loads((tiny_run / "recipe.json").read_text(encoding="utf-8"))["inputs"]
    assert file == {
        "path": str(toy.pairs),
        "bytes": toy.pairs.stat().st_size,
        "sha256": subprocess.run(["sha256sum", toy.pairs], capture_output=True, text=True, check=True).stdout[
            :64
        ],
    }


def test_the_commit_of_a_checkout(tmp_path, monkeypatch):
    def git(*arguments: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        return subprocess.run(
            ["git", "-C", str(tmp_path), *who, *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    assert recipe.commit(tmp_path) is None, "no repository"
    folder = tmp_path / "pkg" / "tasks"
    folder.mkdir(parents=True)
    git("init", "-q")
    (folder / "recipe.py").write_text("1")
    assert recipe.commit(folder) is None, "a repository that does not have the program"
    git("add", ".")
    git("commit", "-qm", "one")
    assert recipe.commit(folder) == git("rev-parse", "HEAD")
    (folder / "recipe.py").write_text("2")
    assert recipe.commit(folder) == git("rev-parse", "HEAD") + "+"
    monkeypatch.setenv("PATH", "")
    assert recipe.commit(folder) is None, "no git"


def test_the_statistics_are_those_of_the_ids(tiny_run):
    found = json.loads((tiny_run / "data" / "statistics.json").read_text(encoding="utf-8"))
    corpus = ParallelCorpus.open(tiny_run / "data" / "train")
    subword = Subword.from_bytes((tiny_run / "data" / "src.subword").read_bytes())
    rows = [subword.encode(corpus.pair(i).src) for i in range(len(corpus))]
    lengths, counts = np.unique([len(row) for row in rows], return_counts=True)
    assert found["pairs"] == len(rows)
    assert found["src"]["lengths"] == [[int(x), int(n)] for x, n in zip(lengths, counts, strict=True)]
    assert found["src"]["tokens"] == sum(map(len, rows))
    assert found["src"]["vocab_size"] == 420
    from safetensors.numpy import load_file

    tensors = load_file(tiny_run / "bundle" / "model.safetensors")
    assert found["parameters"] == sum(tensor.size for tensor in tensors.values())


def test_a_page_that_cannot_be_made_costs_no_training(command, toy, tmp_path, monkeypatch):
    def fail(run):
        raise ZeroDivisionError("no page today")

    monkeypatch.setattr(report_task, "report_page", fail)
    out = tmp_path / "run"
    assert command(*toy.train(out, "--steps", "6")).code == 0
    assert (
        "report.html could not be made: ZeroDivisionError('no page today')" in (out / "log.txt").read_text()
    )
    assert not (out / "report.html").exists()
    assert (out / "bundle" / "bundle.json").is_file()


def test_the_page_is_there_from_the_beginning(toy, command, tmp_path, monkeypatch):
    """Before the corpus is prepared, after each validation, and at the end; always whole."""
    states = []
    real = report_task.report_page

    def watched(run):
        states.append((run.state, len(run.valid)))
        return real(run)

    monkeypatch.setattr(report_task, "report_page", watched)
    result = command(*toy.train(tmp_path / "run", "--steps", "12"))
    assert states == [("running", n) for n in range(5)] + [("finished", 4)]
    assert f"report: {tmp_path / 'run' / 'report.html'}" in result.err
    assert not list((tmp_path / "run").rglob("*.part"))


def test_the_command(command, tiny_run, tmp_path):
    run = shutil.copytree(tiny_run, tmp_path / "run")
    before = (run / "report.html").read_text(encoding="utf-8")
    (run / "report.html").unlink()
    assert f"wrote {run / 'report.html'}" in command("report", run).err
    assert before.splitlines()[:7] == (run / "report.html").read_text(encoding="utf-8").splitlines()[:7]
    assert command("report", run, "-o", tmp_path / "x.html").code == 0
    assert (tmp_path / "x.html").is_file()
    result = command("report", tmp_path)
    assert result.code == 2
    assert "holds no run: it has no config.toml" in result.err
