"""recipe.json: what it takes to make a run again.

inputs      the files that were read: path as given, size, SHA-256
sessions    one for each time that training was begun or resumed: the command, the version of the
            program (and its commit, where it runs from a checkout), when, and how it ended
"""

import hashlib
import json
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crosslight import __version__
from crosslight.config.run import DataConfig
from crosslight.tasks.files import write_text
from crosslight.text.tmx import file_of, is_tmx

Recipe = dict[str, Any]


def begin_session(run: Path, data: DataConfig) -> None:
    """Note that training begins in `run`, with which command and, the first time, from which files."""
    file = run / "recipe.json"
    recipe = _read(file)
    recipe.setdefault("inputs", [_fingerprint(name) for name in _files(data)])
    sessions = recipe.setdefault("sessions", [])
    sessions.append(
        {
            "command": command_line(sys.argv),
            "version": __version__,
            "commit": commit(Path(__file__).parent),
            "started": _now(),
            "ended": None,
            "outcome": None,
        }
    )
    _write(file, recipe)


def end_session(run: Path, outcome: str) -> None:
    """Note how the session under way ended: "finished", "stopped", or what went wrong."""
    file = run / "recipe.json"
    recipe = _read(file)
    if recipe.get("sessions"):
        recipe["sessions"][-1] |= {"ended": _now(), "outcome": outcome}
        _write(file, recipe)


def command_line(arguments: list[str]) -> str:
    """The command as one would type it.

    >>> command_line(["/usr/bin/crosslight", "train", "--pairs", "my corpus.tsv"])
    "crosslight train --pairs 'my corpus.tsv'"
    >>> command_line(["-c", "demo"])
    'crosslight demo'
    """
    program = Path(arguments[0]).name
    if program in ("-c", "__main__.py", "crosslight.exe"):
        program = "crosslight"
    return shlex.join([program, *arguments[1:]])


def commit(directory: Path) -> str | None:
    """The git commit of the program's own files, with a + if they were changed since; None without git."""

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(directory), *arguments], capture_output=True, text=True, timeout=10, check=True
        ).stdout.strip()

    try:
        # An installed copy can lie inside the repository of something else.
        git("ls-files", "--error-unmatch", Path(__file__).name)
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "..")
        return git("rev-parse", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _files(data: DataConfig) -> list[str]:
    given = [data.src, data.tgt, *data.pairs, data.valid_src, data.valid_tgt, *data.valid_pairs]
    return [name for name in (*given, *data.held_out) if name]


def _fingerprint(name: str) -> dict[str, Any]:
    path = file_of(name) if is_tmx(name) else Path(name)
    if not path.is_file():
        return {"path": name, "bytes": None, "sha256": None}
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"path": name, "bytes": path.stat().st_size, "sha256": digest}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _read(file: Path) -> Recipe:
    try:
        recipe: Recipe = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return recipe


def _write(file: Path, recipe: Recipe) -> None:
    write_text(file, json.dumps(recipe, indent=1))
