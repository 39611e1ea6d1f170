"""A run's directory, read: whatever is there, of a run that is finished, going on, cut off, or older.

Only config.toml must be there. A file that is missing or damaged leaves its part of the page empty, and
a line that was not written to its end is passed over.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from crosslight.config.load import read_toml
from crosslight.errors import RunError

Tree = dict[str, Any]
State = Literal["running", "finished", "stopped", "failed", "cut off"]
SILENT_SECONDS = 900.0  # no number for so long: nobody is training any more


@dataclass(frozen=True)
class Run:
    """What the files of a run say."""

    name: str
    state: State
    state_detail: str  # e.g. the error that ended it
    settings: Tree
    train: list[Tree]  # the records of metrics.jsonl, in the order of their steps
    valid: list[Tree]
    samples: list[Tree]
    cleaning: Tree
    statistics: Tree
    environment: Tree
    recipe: Tree
    bundle: Tree
    log: str

    def setting(self, section: str, name: str) -> Any:
        """One setting in force, None if it is not set."""
        return self.settings.get(section, {}).get(name)

    @property
    def languages(self) -> str:
        """What is translated into what."""
        return (
            f"{self.setting('data', 'src_lang') or 'source'} → {self.setting('data', 'tgt_lang') or 'target'}"
        )

    @property
    def last(self) -> Tree:
        """The newest record."""
        newest = [records[-1] for records in (self.train, self.valid) if records]
        return max(newest, key=lambda record: float(record["step"]), default={})

    @property
    def best(self) -> Tree | None:
        """The validation with the lowest loss."""
        judged = [record for record in self.valid if record.get("loss") is not None]
        return min(judged, key=lambda record: float(record["loss"]), default=None)

    @property
    def share(self) -> float | None:
        """How much of the planned length is behind the run, from 0 to 1."""
        steps, minutes = self.setting("train", "steps"), self.setting("train", "minutes")
        if not self.last:
            return 0.0
        if steps:
            return min(1.0, float(self.last["step"]) / float(steps))
        return min(1.0, float(self.last["seconds"]) / (60 * float(minutes))) if minutes else None


def read_run(directory: Path) -> Run:
    """The run in this directory.

    Raises:
        RunError: there is none.
        ConfigError: its config.toml is not TOML.
    """
    config = directory / "config.toml"
    if not config.is_file():
        raise RunError(
            f"{directory} holds no run: it has no config.toml", "give the directory of a run, or of a bundle"
        )
    metrics = _records(directory / "metrics.jsonl")
    recipe = _json(directory / "recipe.json")
    state, detail = _state(directory, recipe)
    return Run(
        name=directory.resolve().name,
        state=state,
        state_detail=detail,
        settings=read_toml(config),
        train=[record for record in metrics if record.get("kind") == "train"],
        valid=[record for record in metrics if record.get("kind") == "valid"],
        samples=_records(directory / "samples.jsonl"),
        cleaning=_json(directory / "data" / "cleaning.json"),
        statistics=_json(directory / "data" / "statistics.json"),
        environment=_json(directory / "environment.json"),
        recipe=recipe,
        bundle=_json(directory / "bundle" / "bundle.json"),
        log=_text(directory / "log.txt"),
    )


def _state(directory: Path, recipe: Tree) -> tuple[State, str]:
    sessions = recipe.get("sessions") or [{}]
    outcome = sessions[-1].get("outcome")
    if outcome is not None:
        kind, _, detail = str(outcome).partition(": ")
        known: dict[str, State] = {"finished": "finished", "stopped": "stopped"}
        return known.get(kind, "failed"), detail
    if "sessions" not in recipe and (directory / "bundle" / "bundle.json").is_file():
        return "finished", ""
    signs = [directory / name for name in ("metrics.jsonl", "log.txt", "config.toml")]
    last_sign = max(file.stat().st_mtime for file in signs if file.is_file())
    return ("running" if time.time() - last_sign < SILENT_SECONDS else "cut off"), ""


def _records(file: Path) -> list[Tree]:
    records = []
    for line in _text(file).split("\n"):
        try:
            record = json.loads(line)
            numbers = float(record["step"]), float(record.get("seconds", 0)), float(record.get("tokens", 0))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        if all(0 <= number < float("inf") for number in numbers):
            records.append(record)
    return sorted(records, key=lambda record: float(record["step"]))


def _json(file: Path) -> Tree:
    try:
        tree = json.loads(_text(file))
    except ValueError:
        return {}
    return tree if isinstance(tree, dict) else {}


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
