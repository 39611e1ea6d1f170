"""The order in which things reach the disk, as the system sees it."""

import errno
import os

import pytest

from crosslight.durable import flush, flush_tree, take_place


@pytest.fixture
def calls(monkeypatch):
    """What is flushed and renamed, in order: the names of files and directories."""
    seen = []
    fsync, replace = os.fsync, os.replace

    def name_of(descriptor: int) -> str:
        entry = os.fstat(descriptor)
        return next(n for n, known in seen_names.items() if known == (entry.st_dev, entry.st_ino))

    def seen_fsync(descriptor):
        seen.append(f"flush {name_of(descriptor)}")
        fsync(descriptor)

    def seen_replace(source, target):
        seen.append(f"rename to {target.name}")
        replace(source, target)

    seen_names: dict[str, tuple[int, int]] = {}
    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(os, "replace", seen_replace)

    def known(*paths):
        seen_names.update({path.name: (path.stat().st_dev, path.stat().st_ino) for path in paths})
        return seen

    return known


def test_a_file_is_flushed_before_it_takes_its_name_and_the_directory_after(tmp_path, calls):
    beside, place = tmp_path / "a.part", tmp_path / "a"
    beside.write_text("new")
    place.write_text("old")
    seen = calls(beside, tmp_path)
    take_place(beside, place)
    assert seen == ["flush a.part", "rename to a", f"flush {tmp_path.name}"]
    assert (place.read_text(), beside.exists()) == ("new", False)


def test_all_of_a_tree_and_the_tree_itself_last(tmp_path, calls):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c").write_text("c")
    (tmp_path / "a").write_text("a")
    seen = calls(tmp_path, tmp_path / "a", tmp_path / "b", tmp_path / "b" / "c")
    flush_tree(tmp_path)
    assert sorted(seen) == sorted(f"flush {name}" for name in ("a", "b", "c", tmp_path.name))
    assert seen[-1] == f"flush {tmp_path.name}"


def test_a_file_system_that_cannot_flush_directories(tmp_path, monkeypatch):
    def cannot(_):
        raise OSError(errno.EINVAL, "no")

    (tmp_path / "a").write_text("a")
    monkeypatch.setattr(os, "fsync", cannot)
    flush(tmp_path)
    with pytest.raises(OSError, match="no"):
        flush(tmp_path / "a")
