"""The two benches of broken runs, at toy scale: processes that are killed, and disks that fail."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the sessions are forked"),
]


def bench(name: str, n_trials: int, folder: Path) -> dict[str, object]:
    """What a bench writes down; it runs in a process of its own, which has not started any thread yet."""
    command = [sys.executable, "-m", f"bench.{name}", "--trials", n_trials, "--out", folder / "result.json"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    done = subprocess.run(
        list(map(str, command)), env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "result.json").read_text())


def test_killed_at_random_moments(tmp_path):
    result = bench("kill_resume", 50, tmp_path)
    assert result["identical"] == result["trials"] == 50
    assert result["kills"] >= 50
    assert result["kills_by_stage"].keys() >= {"averaging", "about to stop early"}


@pytest.mark.skipif(sys.platform != "linux", reason="asks the system which file a descriptor belongs to")
def test_a_disk_that_fails_at_any_operation(tmp_path):
    result = bench("faults", 60, tmp_path)
    assert result["good"] == result["trials"] == 60
    assert Counter(result["good_by_fault"]) == {"ENOSPC": 15, "EIO": 15, "SIGKILL": 15, "power": 15}


@pytest.mark.skipif(sys.platform != "linux", reason="asks the system which file a descriptor belongs to")
def test_the_faulty_disk_would_notice_a_file_that_is_not_flushed(tmp_path):
    """A power cut right after a rename: the file is whole if it was flushed, and not before."""
    program = """
import os, random, sys
from pathlib import Path
from bench.faulty_disk import FaultyDisk
from crosslight.durable import take_place
root, flushed = Path(sys.argv[1]), sys.argv[2] == "yes"
disk = FaultyDisk(root / "run", "power", int(sys.argv[3]), random.Random(4), root)
(root / "run").mkdir()
disk.install()
with open(root / "run" / "a.part", "wb") as file:
    file.write(bytes(1000))
(take_place if flushed else os.replace)(root / "run" / "a.part", root / "run" / "a")
os.mkdir(root / "run" / "b")
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    for flushed, last in (("yes", 5), ("no", 3)):
        folder = tmp_path / flushed
        folder.mkdir()
        command = [sys.executable, "-c", program, str(folder), flushed, str(last)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == -9, done.stderr
        whole = (folder / "run" / "a").is_file() and (folder / "run" / "a").stat().st_size == 1000
        assert whole == (flushed == "yes")
