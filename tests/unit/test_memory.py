"""What Linux says about memory, read from trees of files like its own."""

from pathlib import Path

import pytest

from crosslight.train.memory import available_memory

MB = 2**20


def system(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="ascii")
    return root


MACHINE = {"proc/meminfo": "MemTotal:  8192000 kB\nMemFree: 100 kB\nMemAvailable:  1024000 kB\n"}


def test_the_machine_alone(tmp_path):
    assert available_memory(system(tmp_path, MACHINE)) == 1000 * MB


def test_a_system_that_says_nothing(tmp_path):
    assert available_memory(tmp_path) is None


def version_2(limit: str, at: str = "") -> dict[str, str]:
    folder = f"sys/fs/cgroup/{at}"
    return {
        "proc/self/cgroup": "0::/batch/job\n",
        f"{folder}memory.max": f"{limit}\n",
        f"{folder}memory.current": f"{500 * MB}\n",
        f"{folder}memory.stat": f"anon {300 * MB}\ninactive_file {200 * MB}\n",
    }


def version_1(limit: int) -> dict[str, str]:
    folder = "sys/fs/cgroup/memory/batch"
    return {
        "proc/self/cgroup": "7:cpu,cpuacct:/batch\n4:memory:/batch\n",
        f"{folder}/memory.limit_in_bytes": f"{limit}\n",
        f"{folder}/memory.usage_in_bytes": f"{500 * MB}\n",
        f"{folder}/memory.stat": f"inactive_file 1\ntotal_inactive_file {200 * MB}\n",
    }


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        (version_2(str(700 * MB)), 400),  # as seen in a container: the top is the container's own
        (version_2(str(700 * MB), "batch/job/"), 400),
        (version_2(str(700 * MB), "batch/"), 400),  # of a group above
        (version_2("max"), 1000),
        (version_2(str(9000 * MB)), 1000),  # more than the machine has
        (version_2(str(100 * MB)), 0),
        (version_1(700 * MB), 400),
        (version_1(2**63 - 4096), 1000),
    ],
)
def test_a_control_group(tmp_path, group, expected):
    assert available_memory(system(tmp_path, {**MACHINE, **group})) == expected * MB
