"""A run's directory: free for a new run, opened again, and taken back where nothing came of it.

What makes a run is its config.toml. One that fails before its training has begun is removed, so that
the corrected command works at once in the same place.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crosslight.config.load import merge, read_toml, run_config, to_toml
from crosslight.config.run import RunConfig
from crosslight.errors import ConfigError, CrosslightError, RunError, TrainingError
from crosslight.tasks.files import write_text
from crosslight.train.checkpoints import Checkpoints
from crosslight.train.loop import finished

CHANGEABLE = ("train", "decode")
PINNED = (
    "seed",
    "threads",
    "precision",
)  # of [train]: what the random numbers and the last bits of sums depend on


@contextmanager
def new_run(out: Path) -> Iterator[None]:
    """Inside, a new run is planned and trained in `out`; an error before the training undoes it.

    Raises:
        RunError: `out` holds another run or other things, or cannot be written.
    """
    existed = out.is_dir()
    if out.exists() and not (existed and all(file.suffix == ".part" for file in out.iterdir())):
        is_run = (out / "config.toml").is_file()
        raise RunError(
            f"{out} already {'holds a run' if is_run else 'exists and holds other things'}",
            (f"go on with it: crosslight train --resume {out}, or " if is_run else "")
            + "choose another place with -o",
        )
    try:
        with _writing(out):
            yield
    except BaseException as error:
        at_fault = isinstance(error, CrosslightError) and not isinstance(error, TrainingError | RunError)
        has_begun = (out / "checkpoints").is_dir()
        # What was only interrupted can be resumed; a corpus or a setting at fault cannot.
        if not has_begun and (at_fault or not (out / "config.toml").is_file()):
            _clear(out, keep_directory=existed)
        raise


@contextmanager
def old_run(out: Path) -> Iterator[None]:
    """Inside, the run in `out` goes on.

    Raises:
        RunError: `out` cannot be written.
    """
    with _writing(out):
        yield


def write_settings(out: Path, config: RunConfig) -> None:
    """Make the directory a run: from here on it can be resumed."""
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "config.toml", to_toml(config))


def reopen(out: Path, changes: Mapping[str, Any] | None = None) -> tuple[RunConfig, list[str]]:
    """The settings of the run in `out` under these changes, and a line for each that is new.

    A new length replaces the old one, be it steps or minutes. Changed settings are written into the
    run, and patience begins anew.

    Raises:
        RunError: there is no run, or it is finished and was given no longer length.
        ConfigError: a change that cannot be made in a run that has begun.
    """
    file = out / "config.toml"
    if not file.is_file():
        raise RunError(f"{out} holds no run to resume", "leave --resume out to start one")
    before = run_config(read_toml(file), str(file))
    after = _changed(before, changes or {})
    checkpoints = Checkpoints(out / "checkpoints", after.train.average_last)
    ledger = checkpoints.ledger() if checkpoints.last.is_file() else None
    if ledger and ledger.stale and after != before:
        ledger.stale = 0
        checkpoints.amend(ledger)
    if ledger and finished(ledger, after.train) and (out / "bundle").is_dir():
        raise RunError(
            f"the run in {out} is finished, after {ledger.step:,} steps "
            f"and {ledger.seconds / 60:.1f} minutes",
            f"use it: crosslight translate {out}; or train it longer: add --steps or --minutes, "
            "counted from its beginning",
        )
    if after != before:
        write_text(file, to_toml(after))
    return after, _differences(before, after)


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        go_on = f"; then go on: crosslight train --resume {out}" if (out / "config.toml").is_file() else ""
        raise RunError(
            f"{out} could not be written: {error}",
            f"check that the place exists, may be written, and has space left{go_on}",
        ) from error


def _clear(out: Path, keep_directory: bool) -> None:
    if not keep_directory:
        shutil.rmtree(out, ignore_errors=True)
        return
    for entry in out.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink()


def _changed(config: RunConfig, changes: Mapping[str, Any]) -> RunConfig:
    tree = config.model_dump(exclude_none=True)
    if {"steps", "minutes"} & changes.get("train", {}).keys():
        tree["train"] = {k: v for k, v in tree["train"].items() if k not in ("steps", "minutes")}
    changed = run_config(merge(tree, changes), "--resume")
    for section in RunConfig.model_fields:
        for name, value in getattr(config, section):
            may_change = section in CHANGEABLE and name not in PINNED
            if getattr(getattr(changed, section), name, None) != value and not may_change:
                raise ConfigError(
                    f"{section}.{name} cannot change in a run that has begun; it is {value!r}",
                    f"start a new run with -o; [train] (but {', '.join(PINNED)}) and [decode] may change",
                )
    return changed


def _differences(before: RunConfig, after: RunConfig) -> list[str]:
    return [
        f"{section}.{name}: {_said(value)} → {_said(getattr(getattr(after, section), name))}"
        for section in CHANGEABLE
        for name, value in getattr(before, section)
        if getattr(getattr(after, section), name) != value
    ]


def _said(value: object) -> str:
    return "not set" if value is None else str(value)
