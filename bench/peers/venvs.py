"""A venv for every system, made once under a cache directory and reused while its recipe stays.

torch is the same exact version everywhere, but for a system that only runs with one of its own. A venv
that cannot be made is a line in the results, with the reason; it stops nobody else.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = ROOT / "constraints.txt"


@dataclass(frozen=True)
class System:
    """What is compared: a script beside this file, and what its venv needs besides torch."""

    name: str
    title: str
    packages: tuple[str, ...]
    constrained: bool = False  # to all of constraints.txt, not to its torch alone
    torch: str = ""  # its own one, as pip names it, where the torch of all others is too new for it


OURS = System("ours", "Crosslight", ("-e", str(ROOT)), constrained=True)
PEERS = (
    System("torch_nn", "torch.nn.Transformer", ("numpy",)),
    System("huggingface", "Transformers MarianMT", ("transformers==5.23.0", "numpy")),
    # JoeyNMT 2.3.0 imports importlib_metadata, and Eole 0.6.4 aiohttp, without asking for them.
    System("joeynmt", "JoeyNMT", ("joeynmt==2.3.0", "importlib_metadata")),
    System("eole", "Eole", ("eole==0.6.4", "aiohttp")),
)


class VenvError(Exception):
    """A venv could not be made; the message is pip's own last words."""


def python_of(system: System, cache: Path, torch: str) -> Path:
    """The interpreter of the system's venv, which is made where it is not there yet.

    Args:
        torch: what to install as torch, with pip's options; its version is taken from constraints.txt.
            A system with its own torch gets that one.

    Raises:
        VenvError: pip or venv failed; nothing is left of the attempt.
    """
    folder = cache / system.name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pinned, torch = constraints(system, cache), system.torch or torch
    recipe = f"{sys.version}\n{torch}\n{system.packages}\n{pinned.read_text()}"
    mark = folder / "recipe.sha256"
    digest = hashlib.sha256(recipe.encode()).hexdigest()
    if mark.is_file() and mark.read_text() == digest:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    print(f"making the venv of {system.title}", flush=True)
    try:
        _run([sys.executable, "-m", "venv", str(folder)])
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "-q", "-c", str(pinned)]
        _run([*pip, *torch.split()])
        _run([*pip, *system.packages])
    except VenvError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    mark.write_text(digest)
    return python


def constraints(system: System, cache: Path) -> Path:
    """The file of versions that pip has to keep to: all that we test, or torch's alone."""
    if system.constrained:
        return CONSTRAINTS
    cache.mkdir(parents=True, exist_ok=True)
    if system.torch:
        file = cache / f"torch-of-{system.name}.txt"
        file.write_text(f"{system.torch}\n", encoding="utf-8")
        return file
    file = cache / "torch-only.txt"
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    file.write_text("".join(f"{line}\n" for line in lines if line.startswith("torch==")), encoding="utf-8")
    return file


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise VenvError(f"{command[0]}: {error}") from error
    if done.returncode:
        words = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("WARNING")]
        raise VenvError("\n".join(words[-6:]) or f"{command[0]} ended with {done.returncode}")
