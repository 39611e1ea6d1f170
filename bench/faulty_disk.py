"""A disk that fails at one operation, chosen by its number: for this process, below one directory.

What Python writes goes through a raw file of our own, which counts every write that reaches the system,
and so do flushes, renames, links, removals and new directories. At the chosen one

    ENOSPC   half of the bytes are written, then the disk is full, and stays so
    EIO      half of the bytes are written, then an error of the device, once
    SIGKILL  the operation is made (a write perhaps in part), then the process dies
    power    the same, and the machine with it: whatever was not flushed may be gone

A power cut shortens files to any length between what was flushed and what was written, and takes back
the last few renames of directories that were not flushed since. safetensors writes by itself, below
Python: its files count as one write each, which may be cut anywhere.
"""

import builtins
import errno
import io
import os
import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

KINDS = ("ENOSPC", "EIO", "SIGKILL", "power")


class FaultyDisk:
    """Counts operations below `root`; the one with number `at` (from 1; 0: none) goes wrong."""

    def __init__(self, root: Path, kind: str, at: int, chance: random.Random, shadows: Path) -> None:
        self.root, self.kind, self.at, self.chance, self.shadows = str(root), kind, at, chance, shadows
        self.n = 0
        self.flushed: dict[int, int] = {}  # by inode, the length that outlives a power cut
        self.renames: list[tuple[str, str, str]] = []  # from, to, a copy of what was there; not yet flushed
        self.real = {
            name: getattr(os, name)
            for name in ("fsync", "replace", "rename", "link", "unlink", "mkdir", "rmdir")
        }

    def install(self) -> None:
        """From now on the disk is this one."""
        from crosslight import bundle
        from crosslight.train import checkpoints

        io.open = builtins.open = self._open  # type: ignore[assignment]
        os.fsync = self._fsync
        os.replace = self._rename("replace")
        os.rename = self._rename("rename")
        os.link = self._plain("link")
        os.unlink = os.remove = self._plain("unlink")
        os.mkdir = self._plain("mkdir")
        os.rmdir = self._plain("rmdir")
        checkpoints.save_file = bundle.save_file = self._save_file(checkpoints.save_file)

    # ---- the fault

    def _goes_wrong(self) -> bool:
        self.n += 1
        return self.n == self.at or (self.kind == "ENOSPC" and 0 < self.at < self.n)

    def _fail(self) -> None:
        if self.kind in ("SIGKILL", "power"):
            self._die()
        number = errno.ENOSPC if self.kind == "ENOSPC" else errno.EIO
        raise OSError(number, os.strerror(number))

    def _die(self) -> None:
        if self.kind == "power":
            self._cut_power()
        os.kill(os.getpid(), signal.SIGKILL)

    def _cut_power(self) -> None:
        for _ in range(self.chance.randint(0, len(self.renames))):
            source, target, shadow = self.renames.pop()
            if os.path.lexists(target) and not os.path.lexists(source):
                self.real["rename"](target, source)
            if shadow:
                self.real["rename"](shadow, target)
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(folder, name)
                entry = os.stat(path)
                least = self.flushed.get(entry.st_ino)
                if least is not None and least < entry.st_size:
                    os.truncate(path, self.chance.randint(least, entry.st_size))

    # ---- the operations

    def _ours(self, path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and os.path.abspath(os.fspath(path)).startswith(self.root)

    def _open(self, file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, errors: Any = None,
              newline: Any = None, closefd: bool = True, opener: Any = None) -> Any:  # fmt: skip
        if not self._ours(file) or not set(mode) & set("wax+"):
            return _REAL_OPEN(file, mode, buffering, encoding, errors, newline, closefd, opener)
        raw = _Raw(self, os.fspath(file), mode.replace("b", "").replace("t", ""))
        buffer = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffer if "b" in mode else io.TextIOWrapper(buffer, encoding, errors, newline)

    def write(self, raw: "_Raw", data: Any) -> int:
        """Write, or fail to."""
        self.flushed.setdefault(os.fstat(raw.fileno()).st_ino, 0)
        if not self._goes_wrong():
            return io.FileIO.write(raw, data)
        dies = self.kind in ("SIGKILL", "power")
        n = self.chance.randint(0, len(data)) if dies else len(data) // 2 * (self.n == self.at)
        io.FileIO.write(raw, bytes(data)[:n])
        self._fail()
        return n

    def _fsync(self, descriptor: int) -> None:
        wrong = self._goes_wrong() if self._ours(_path_of(descriptor)) else False
        if wrong and self.kind != "SIGKILL":
            self._fail()  # with the power goes what was to be flushed
        path = _path_of(descriptor)
        if os.path.isdir(path):
            self.renames = [entry for entry in self.renames if os.path.dirname(entry[1]) != path]
        else:
            entry = os.fstat(descriptor)
            self.flushed[entry.st_ino] = entry.st_size
        if wrong:
            self._fail()

    def _rename(self, name: str) -> Callable[..., None]:
        def rename(source: Any, target: Any, **options: Any) -> None:
            if not self._ours(target):
                return self.real[name](source, target, **options)
            wrong = self._goes_wrong()
            if wrong and self.kind in ("ENOSPC", "EIO"):
                self._fail()
            source, target = os.fspath(source), os.fspath(target)
            shadow = ""
            if os.path.isfile(target):
                shadow = str(self.shadows / str(self.n))
                self.real["link"](target, shadow)
            self.real[name](source, target, **options)
            self.renames.append((source, target, shadow))
            if wrong:
                self._fail()
            return None

        return rename

    def _plain(self, name: str) -> Callable[..., Any]:
        def operation(path: Any, *rest: Any, **options: Any) -> Any:
            if "dir_fd" not in options and not self._ours(path):
                return self.real[name](path, *rest, **options)
            wrong = self._goes_wrong()
            if wrong and self.kind in ("ENOSPC", "EIO") and not (self.kind == "ENOSPC" and name in FREEING):
                self._fail()
            result = self.real[name](path, *rest, **options)
            if wrong and self.kind in ("SIGKILL", "power"):
                self._fail()
            return result

        return operation

    def _save_file(self, real: Callable[..., None]) -> Callable[..., None]:
        def save_file(tensors: Any, path: Any, metadata: Any = None) -> None:
            if not self._goes_wrong():
                real(tensors, path, metadata)
                self.flushed.setdefault(os.stat(path).st_ino, 0)
                return
            if self.kind != "ENOSPC" or self.n == self.at:
                real(tensors, path, metadata)
                os.truncate(path, self.chance.randint(0, os.stat(path).st_size))
            self._fail()

        return save_file


FREEING = ("unlink", "rmdir")  # a full disk lets one remove
_REAL_OPEN = io.open


class _Raw(io.FileIO):
    def __init__(self, disk: FaultyDisk, path: str, mode: str) -> None:
        self._disk = disk
        super().__init__(path, mode)

    def write(self, data: Any) -> int:  # type: ignore[override]
        return self._disk.write(self, data)

    def truncate(self, size: int | None = None) -> int:
        wrong = self._disk._goes_wrong()
        if wrong and self._disk.kind == "EIO":
            self._disk._fail()
        length = super().truncate(size)
        inode = os.fstat(self.fileno()).st_ino
        self._disk.flushed[inode] = min(self._disk.flushed.get(inode, 0), length)
        if wrong and self._disk.kind in ("SIGKILL", "power"):
            self._disk._fail()
        return length


def _path_of(descriptor: int) -> str:
    return os.readlink(f"/proc/self/fd/{descriptor}")


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it."""
    shutil.rmtree(folder, ignore_errors=True)
