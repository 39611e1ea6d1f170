"""The disk is full, or the process dies in the middle of a file: what was good before stays good."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from crosslight.bundle import load_bundle, save_bundle
from crosslight.errors import BundleError, TrainingError
from crosslight.train import checkpoints as checkpoints_module
from crosslight.train.checkpoints import Checkpoints, Ledger
from crosslight.train.step import adam

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fills_up(save_file, n_good: int):
    """A `save_file` for which the disk is full after n_good files: half a file is written, then the error."""

    def save(tensors, path, metadata=None):
        nonlocal n_good
        save_file(tensors, path, metadata)
        if n_good == 0:
            os.truncate(path, Path(path).stat().st_size // 2)
            raise FULL
        n_good -= 1

    return save


# Before the first step `last` is written, at a validation `kept`, `best` and `last`.
@pytest.mark.parametrize(("n_good", "step"), [(0, None), (1, 0), (4, 8), (6, 8)])
def test_a_checkpoint_that_does_not_fit(
    command, toy, tiny_run, tmp_path, monkeypatch, weights_of, n_good, step
):
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints_module, "save_file", fills_up(checkpoints_module.save_file, n_good))
        result = command(*toy.train(out, "--steps", "30"))
    assert result.code == 2
    assert "safetensors could not be written: [Errno 28] No space left on device" in result.err
    assert "free some space on the disk and resume; the checkpoint before this one is good" in result.err
    assert not list(out.rglob("*.part"))
    saved = Checkpoints(out / "checkpoints", keep=2)
    assert (saved.ledger().step if saved.newest() else None) == step
    assert command("train", "--resume", out).code == 0
    assert weights_of(out) == weights_of(tiny_run)


def test_a_bundle_that_does_not_fit(command, tiny_run, tmp_path, monkeypatch, weights_of):
    out = shutil.copytree(tiny_run, tmp_path / "run")
    with monkeypatch.context() as patch:
        patch.setattr("crosslight.bundle.save_file", fills_up(checkpoints_module.save_file, 0))
        result = command("train", "--resume", out, "--steps", "34")
    assert result.code == 2
    assert f"{out / 'bundle'} could not be written: [Errno 28] No space left on device" in result.err
    assert "a bundle that was there before is untouched" in result.err
    assert weights_of(out) == weights_of(tiny_run)
    assert load_bundle(out).facts.steps == 30
    assert not list(out.glob("bundle.*"))
    shutil.rmtree(out / "bundle")
    assert command("train", "--resume", out).code == 0
    assert load_bundle(out).facts.steps == 34


def test_a_bundle_that_cannot_take_its_place(tiny_run, tmp_path, monkeypatch, weights_of):
    out = shutil.copytree(tiny_run, tmp_path / "run")
    rename = Path.rename

    def fails_for_the_new(path, target):
        if path.name == "bundle.part":
            raise FULL
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fails_for_the_new)
    with pytest.raises(BundleError, match="could not be written"):
        save_bundle(load_bundle(out), out / "bundle")
    assert weights_of(out) == weights_of(tiny_run)
    assert not list(out.glob("bundle.*"))


def test_a_bundle_does_not_take_the_place_of_something_else(tiny_run, tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "to-a-friend.txt").touch()
    with pytest.raises(BundleError, match="exists and is no bundle"):
        save_bundle(load_bundle(tiny_run), tmp_path / "letters")


def test_the_system_itself_refuses_a_large_file(tiny_run, tmp_path):
    """A true failure of the write below Python: files may not grow beyond 20 kB."""
    resource = pytest.importorskip("resource")
    bundle = load_bundle(tiny_run)
    saved = Checkpoints(tmp_path / "checkpoints", keep=2)
    optimizer = adam(bundle.model, 0.9, 0.98, 1e-9)
    for parameter in bundle.model.parameters():
        parameter.grad = parameter.detach().clone()
    optimizer.step()
    saved.save(bundle.model, optimizer, Ledger(step=3))
    save_bundle(bundle, tmp_path / "bundle")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(TrainingError, match="could not be written"):
            saved.save(bundle.model, optimizer, Ledger(step=4))
        with pytest.raises(BundleError, match="could not be written"):
            save_bundle(bundle, tmp_path / "bundle")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert saved.ledger().step == 3
    assert load_bundle(tmp_path).facts == bundle.facts
    assert names(tmp_path) == ["bundle", "checkpoints"]
    assert names(tmp_path / "checkpoints") == ["last.safetensors"]


@pytest.mark.parametrize("place", ["crosslight.data.ragged.RaggedWriter.extend", "pathlib.Path.write_bytes"])
def test_a_corpus_that_does_not_fit(command, toy, tiny_run, tmp_path, monkeypatch, weights_of, place):
    def full(*_):
        raise FULL

    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(place, full)
        result = command(*toy.train(out, "--steps", "30"))
    assert result.code == 2
    assert f"{out} could not be written: [Errno 28] No space left on device" in result.err
    assert f"crosslight train --resume {out}" in result.err
    assert command("train", "--resume", out).code == 0
    assert weights_of(out) == weights_of(tiny_run)


def test_what_a_killed_process_leaves_beside_is_ignored(command, toy, tiny_run, tmp_path, weights_of):
    out = tmp_path / "run"
    out.mkdir()
    (out / "config.toml.part").write_text("[dat")
    assert command(*toy.train(out, "--steps", "30", "--set", "train.patience=3")).code == 0
    shutil.rmtree(out / "bundle")
    for name in ("last.part", "best.part", "kept-0000000099.part"):
        (out / "checkpoints" / name).write_bytes(b"half")
    for name in ("bundle.part", "bundle.old"):
        (out / name).mkdir()
        (out / name / "config.toml").write_bytes(b"half")
    assert command("train", "--resume", out).code == 0
    assert weights_of(out) == weights_of(tiny_run)
    assert not list(out.glob("bundle.*"))
    assert command("translate", out, stdin=b"un\n").code == 0
