"""The contestants of a comparison: their names, and the settings in which they differ (`arms.toml`)."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from crosslight.config.load import Tree, merge, preset_text, read_toml
from crosslight.errors import ConfigError

ALL = "all"
KEYS = {"label", "preset", "control", "model", "train"}


@dataclass(frozen=True)
class Arm:
    """One contestant."""

    name: str
    label: str  # what people call it
    control: bool  # whether it is there to be compared with, and cannot win
    settings: Tree  # of [model] and [train]


def read_arms(
    file: Path | None = None, only: Sequence[str] = (), *, with_controls: bool = False
) -> tuple[list[Arm], Tree]:
    """The arms in a file, those that come with the program unless given; and the settings of all of them.

    Args:
        only: the names of those to take; controls among them are taken too.
        with_controls: whether to take controls that `only` does not name.

    Raises:
        ConfigError: the file is not what it should be, or has no such arm.
    """
    tree = read_toml(file) if file else tomllib.loads(_own())
    origin = str(file) if file else "arms.toml"
    shared = tree.pop(ALL, {})
    arms = [_arm(name, settings, origin) for name, settings in tree.items()]
    unknown = [name for name in only if name not in tree]
    if unknown or not arms:
        raise ConfigError(
            f"{origin} has no arm called {', '.join(unknown)}" if unknown else f"{origin} has no arm",
            f"choose among {', '.join(tree)}" if tree else "write one table for each architecture",
        )
    if only:
        return [arm for arm in arms if arm.name in only], shared
    return [arm for arm in arms if with_controls or not arm.control], shared


def _arm(name: str, tree: Any, origin: str) -> Arm:
    if not isinstance(tree, dict) or tree.keys() - KEYS:
        wrong = ", ".join(sorted(tree.keys() - KEYS)) if isinstance(tree, dict) else repr(tree)
        raise ConfigError(
            f"{origin}: [{name}] has {wrong}; expected some of {', '.join(sorted(KEYS))}",
            "write settings of the model into [NAME.model], of the training into [NAME.train]",
        )
    begin = tomllib.loads(preset_text(tree["preset"])) if "preset" in tree else {}
    own = {section: tree[section] for section in ("model", "train") if section in tree}
    settings = merge(begin, own)
    for length in ("steps", "minutes"):
        settings.get("train", {}).pop(length, None)
    return Arm(name, str(tree.get("label", name)), bool(tree.get("control", False)), settings)


def _own() -> str:
    file = resources.files("crosslight.tasks.architectures").joinpath("arms.toml")
    return file.read_text(encoding="utf-8")
