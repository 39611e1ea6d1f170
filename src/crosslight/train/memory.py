"""How much memory a process may still take, before the system kills one to help itself.

Linux promises memory that it does not have; who writes to too much of it dies without a word. Two
figures say how much there is: of the machine, and of the control groups that a container or a batch
system puts the process in.
"""

from collections.abc import Iterator
from pathlib import Path


def available_memory(root: Path = Path("/")) -> int | None:
    """Bytes that this process can still take; None where the system does not say.

    Args:
        root: of the system whose files are read.
    """
    limits = [limit for limit in (_of_machine(root), *_of_groups(root)) if limit is not None]
    return max(0, min(limits)) if limits else None


def _of_machine(root: Path) -> int | None:
    available = _fields(root / "proc/meminfo").get("MemAvailable:")
    return None if available is None else available * 1024


def _of_groups(root: Path) -> Iterator[int | None]:
    """What each control group above this process leaves; page caches are given back when needed."""
    try:
        groups = (root / "proc/self/cgroup").read_text(encoding="ascii").split()
    except OSError:
        return
    for group in groups:
        _, controllers, path = group.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        top = root / "sys/fs/cgroup" / controllers
        limit, usage, cache = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            if controllers
            else ("memory.max", "memory.current", "inactive_file")
        )
        folder = top / path.strip("/")
        # In a container the path may be that of the host, of which only the top is seen here.
        for place in {folder, *(parent for parent in folder.parents if parent.is_relative_to(top)), top}:
            most, used = _number(place / limit), _number(place / usage)
            if most is not None and used is not None:
                yield most - used + _fields(place / "memory.stat").get(cache, 0)


def _fields(file: Path) -> dict[str, int]:
    try:
        rows = [line.split() for line in file.read_text(encoding="ascii").splitlines()]
    except OSError:
        return {}
    return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}


def _number(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None  # "max" is none
