"""A run's directory: free for a new run, opened again, and taken back where nothing came of it.

What makes a run is its config.toml. One that fails before its training has begun is removed, so that
the corrected command works at once in the same place.
"""

import shutil
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from crosslight.config.load import read_toml, run_config, to_toml
from crosslight.config.run import RunConfig
from crosslight.errors import CrosslightError, RunError, TrainingError
from crosslight.tasks.alone import LOCK, alone_in
from crosslight.tasks.differences import Wish, settings_in_force
from crosslight.tasks.files import write_text
from crosslight.tasks.train import Outcome, train
from crosslight.train.checkpoints import Checkpoints
from crosslight.train.recovery import begin_anew
from crosslight.train.span import finished


@contextmanager
def new_run(out: Path) -> Iterator[None]:
    """Inside, a new run is planned and trained in `out`; an error before the training undoes it.

    Raises:
        RunError: `out` holds another run or other things, or cannot be written, or another process is at work
            there.
    """
    _require_free(out)
    with _writing(out), alone_in(out):
        _require_free(out)  # another process may have been here meanwhile
        with _taken_back(out):
            yield


@contextmanager
def old_run(out: Path) -> Iterator[None]:
    """Inside, the run in `out` goes on.

    Raises:
        RunError: there is no run, or it cannot be written, or another process is at work there.
    """
    if not (out / "config.toml").is_file():
        raise RunError(f"{out} holds no run to resume", "leave --resume out to start one")
    with _writing(out), alone_in(out):
        yield


def begin_or_go_on(
    out: Path, planned: Callable[[], tuple[RunConfig, list[str]]], console: Console
) -> Outcome:
    """Train a new run in `out`, with settings and their reasons from `planned`, or go on with it.

    Raises:
        RunError: `out` holds other things, or cannot be written; and all that `tasks.train.train` raises.
    """
    if (out / "config.toml").is_file():
        with old_run(out):
            settings, changes = reopen(out)
            return train(settings, out, console, resume=True, notes=changes)
    with new_run(out):
        settings, reasons = planned()
        write_settings(out, settings)
        return train(settings, out, console, notes=reasons)


def write_settings(out: Path, config: RunConfig) -> None:
    """Make the directory a run: from here on it can be resumed."""
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "config.toml", to_toml(config))


def reopen(
    out: Path, changes: Mapping[str, Any] | None = None, file: Path | None = None
) -> tuple[RunConfig, list[str]]:
    """The settings that the run in `out` goes on with, and a table of those that differ from its checkpoint.

    The run's config.toml may have been edited; `file` is laid over it, then `changes` (options). A new
    length replaces the old one, be it steps or minutes. What is in force is written into the run;
    where anything has changed, patience and the watch over the loss begin anew.

    Raises:
        RunError: the run is finished and was given no longer length.
        ConfigError: a file that is none, or an option that cannot change in a run that has begun.
    """
    own = out / "config.toml"
    written = run_config(read_toml(own), str(own))
    wishes = [Wish(own.name, _whole(written), must=False)]
    wishes += [Wish(file.name, read_toml(file), must=False)] if file else []
    wishes += [Wish("option", changes or {}, must=True)]
    checkpoints = Checkpoints(out / "checkpoints", written.train.average_last)
    if checkpoints.newest() is None:
        settings, table = settings_in_force(written, wishes[1:])
    else:
        ledger, trained_with = checkpoints.resumable()
        trained = run_config(tomllib.loads(trained_with), str(checkpoints.last)) if trained_with else written
        settings, table = settings_in_force(trained, wishes)
        if settings != trained:
            ledger.stale = 0
        if finished(ledger, settings.train) and (out / "bundle").is_dir():
            raise RunError(
                f"the run in {out} is finished, after {ledger.step:,} steps "
                f"and {ledger.seconds / 60:.1f} minutes",
                f"use it: crosslight translate {out}; or train it longer: add --steps or --minutes, "
                "counted from its beginning",
            )
        if settings != trained:
            checkpoints.settings = to_toml(settings)
            begin_anew(checkpoints)
    if settings != written:
        write_text(own, to_toml(settings))
    return settings, table


def _whole(config: RunConfig) -> dict[str, Any]:
    return {section: dict(getattr(config, section)) for section in RunConfig.model_fields}


@contextmanager
def _taken_back(out: Path) -> Iterator[None]:
    """What was only interrupted can be resumed; what a corpus or a setting at fault has left is removed."""
    try:
        yield
    except BaseException as error:
        at_fault = isinstance(error, CrosslightError) and not isinstance(error, TrainingError | RunError)
        has_begun = (out / "checkpoints").is_dir()
        if not has_begun and (at_fault or not (out / "config.toml").is_file()):
            _clear(out)
        raise


def _require_free(out: Path) -> None:
    if out.exists() and not (out.is_dir() and all(map(_is_left_over, out.iterdir()))):
        is_run = (out / "config.toml").is_file()
        raise RunError(
            f"{out} already {'holds a run' if is_run else 'exists and holds other things'}",
            (f"go on with it: crosslight train --resume {out}, or " if is_run else "")
            + "choose another place with -o",
        )


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


def _is_left_over(path: Path) -> bool:
    """Whether a run that was killed before it had its settings may have left this."""
    is_spooled = path.name == "data" and path.is_dir()
    is_passing = path.suffix == ".part" or path.name == LOCK
    return is_passing or (is_spooled and all(p.match("pipe-*.tsv") for p in path.iterdir()))


def _clear(out: Path) -> None:
    for entry in out.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        elif entry.name != LOCK:
            entry.unlink()
