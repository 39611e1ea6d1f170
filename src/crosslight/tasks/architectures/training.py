"""Every training of a contest, one after the other or some side by side; what is finished is passed over.

Each is a run like any other, with its own page and log; `crosslight train --resume` would go on with it, too.
"""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from crosslight.config.run import RunConfig
from crosslight.errors import TrainingError
from crosslight.tasks.architectures.arms import Arm
from crosslight.tasks.architectures.contest import Contest
from crosslight.tasks.prepare import adopt
from crosslight.tasks.runs import begin_or_go_on, write_settings
from crosslight.train.progress import duration
from crosslight.train.stop import StopRequest

POLL_SECONDS, SAY_SECONDS = 0.5, 60.0
Say = Callable[[str], None]


def train_all(contest: Contest, console: Console, say: Say) -> int | None:
    """Train what is not finished on what is prepared; the signal that stopped it, or None when all is done.

    Raises:
        TrainingError: a training failed. The others keep what they have.
    """
    left = [entry for entry in contest.entries if not is_finished(contest.run(*entry))]
    if n_done := len(contest.entries) - len(left):
        say(f"{n_done} of {len(contest.entries)} trainings are there already")
    if contest.parallel > 1 and len(left) > 1:
        return _side_by_side(contest, left, say)
    for i, (arm, seed) in enumerate(left):
        say(
            f"\n{arm.label}, seed {seed}: training {i + 1} of {len(left)}{_time_left(contest, len(left) - i)}"
        )
        run = contest.run(arm, seed)
        _clear_unbegun(run)
        outcome = begin_or_go_on(run, lambda: (_planned(contest, arm, seed), []), console)  # noqa: B023
        if outcome.stopped_by is not None:
            return outcome.stopped_by
    return None


def is_finished(run: Path) -> bool:
    """Whether a training has come to its end."""
    return (run / "bundle" / "bundle.json").is_file()


def _planned(contest: Contest, arm: Arm, seed: int) -> RunConfig:
    config = contest.config(arm, seed)
    adopt(config, contest.out / "data", contest.run(arm, seed) / "data")
    return config


def _side_by_side(contest: Contest, left: list[tuple[Arm, int]], say: Say) -> int | None:
    """Each training in a process of its own, `contest.parallel` at a time."""
    waiting = list(left)
    running: dict[tuple[str, int], tuple[subprocess.Popen[bytes], Path]] = {}
    failed: list[str] = []
    said = time.monotonic()
    with StopRequest() as stop:
        while (waiting or running) and not (stop.signal or failed):
            while waiting and len(running) < contest.parallel:
                arm, seed = waiting.pop(0)
                running[arm.name, seed] = (_started(contest, arm, seed), contest.run(arm, seed))
                say(
                    f"{arm.label}, seed {seed}: training {len(left) - len(waiting)} of {len(left)}"
                    f"{_time_left(contest, len(waiting) + len(running))}"
                )
            time.sleep(POLL_SECONDS)
            for name, (process, run) in list(running.items()):
                if process.poll() is not None:
                    del running[name]
                    if not is_finished(run):
                        failed.append(f"{name[0]}, seed {name[1]}: {_last_words(run)}")
            if running and time.monotonic() - said > SAY_SECONDS:
                said = time.monotonic()
                say(" · ".join(f"{arm}-{seed}: {_where(run)}" for (arm, seed), (_, run) in running.items()))
        for process, _ in running.values():
            process.send_signal(signal.SIGTERM)
        for process, _ in running.values():
            process.wait()
    if failed and not stop.signal:
        raise TrainingError(
            "a training did not come to its end: " + "; ".join(failed),
            f"the logs are in {contest.out / 'runs'}; the same command goes on with what is left",
        )
    return stop.signal


def _started(contest: Contest, arm: Arm, seed: int) -> subprocess.Popen[bytes]:
    run = contest.run(arm, seed)
    _clear_unbegun(run)
    if not (run / "config.toml").is_file():
        write_settings(run, _planned(contest, arm, seed))
    with (run / "stderr.txt").open("ab") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "crosslight", "train", "--resume", str(run)],
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
        )


def _clear_unbegun(run: Path) -> None:
    """What a crash left of a run that has no settings yet is in nobody's way."""
    if run.is_dir() and not (run / "config.toml").is_file():
        shutil.rmtree(run)


def _time_left(contest: Contest, n_left: int) -> str:
    if contest.minutes is None:
        return ""
    rounds = -(-n_left // contest.parallel)
    return f"; about {duration(60 * contest.minutes * rounds)} left for training"


def _where(run: Path) -> str:
    """How far a training is, by its last record."""
    record = last_record(run)
    return f"step {record['step']:,}, {record['seconds'] / 60:.1f} min" if record else "begins"


def last_record(run: Path, kind: str | None = None) -> dict[str, Any]:
    """The last line of a run's metrics that knows the tokens seen; nothing if there is none yet.

    Args:
        kind: train, valid or rollback; any unless given.
    """
    file = run / "metrics.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    for line in reversed(lines):
        try:
            record: dict[str, Any] = json.loads(line)
        except ValueError:
            continue  # it is being written
        if "tokens" in record and kind in (None, record["kind"]):
            return record
    return {}


def _last_words(run: Path) -> str:
    text = (run / "stderr.txt").read_text(encoding="utf-8", errors="replace").strip()
    return text.splitlines()[-1] if text else "it said nothing"
