"""TOML to settings and back: every fault reported at once, unknown keys with the nearest known one."""

import difflib
import json
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from crosslight.config.architecture import MODEL_CONFIGS
from crosslight.config.model import Settings
from crosslight.config.run import RunConfig
from crosslight.errors import ConfigError

S = TypeVar("S", bound=Settings)
Tree = dict[str, Any]

ALIASES = {"paper": "base"}


def preset_names() -> list[str]:
    """The ready presets: the Transformers, smallest first, then the other architectures."""
    return ["tiny", "small", "small-fast", "strong", "base", "big", "rnn", "rnn-plain", "conv", "universal"]


def preset_text(name: str) -> str:
    """The commented TOML of a preset.

    Raises:
        ConfigError: there is no preset of this name.
    """
    name = ALIASES.get(name, name)
    if name not in preset_names():
        raise ConfigError(
            f"no preset is called {name!r}", f"choose one of {', '.join([*preset_names(), *ALIASES])}"
        )
    return resources.files("crosslight").joinpath("configs", f"{name}.toml").read_text(encoding="utf-8")


def read_toml(path: Path) -> Tree:
    """A TOML file as a tree of plain values.

    Raises:
        ConfigError: the file is missing, unreadable, or not TOML (with line and column).
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"there is no config file {path}", "check the path, or use --preset") from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}", "give a TOML file that may be read"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}", "correct the file at that place") from None


def merge(*trees: Mapping[str, Any]) -> Tree:
    """Trees laid over each other: later ones win, key by key.

    >>> merge({"model": {"d_ff": 4, "d_model": 2}}, {"model": {"d_ff": 8}})
    {'model': {'d_ff': 8, 'd_model': 2}}
    """
    merged: Tree = {}
    for tree in trees:
        for key, value in tree.items():
            if isinstance(value, Mapping):
                before = merged.get(key)
                merged[key] = merge(before if isinstance(before, Mapping) else {}, value)
            else:
                merged[key] = value
    return merged


def settings(kind: type[S], tree: Mapping[str, Any], origin: str) -> S:
    """`tree` as settings of a kind; `origin` (a file, the command line) is named in errors.

    Raises:
        ConfigError: with all faults at once.
    """
    try:
        return kind.model_validate(tree)
    except ValidationError as error:
        faults = [_fault(kind, fault) for fault in error.errors()]
        raise ConfigError(
            f"{origin}: {len(faults)} setting(s) cannot be used\n" + "\n".join(f"  - {f}" for f in faults),
            "`crosslight configs base` shows every setting with its meaning",
        ) from None


def run_config(tree: Mapping[str, Any], origin: str) -> RunConfig:
    """The settings of a run."""
    return settings(RunConfig, tree, origin)


def to_toml(config: Settings, comments: bool = False) -> str:
    """Settings as TOML that reads back equal; unset ones are left out.

    Args:
        comments: put each field's description above it, unset fields included (commented out).
    """
    lines: list[str] = []
    for name, field in type(config).model_fields.items():
        value = getattr(config, name)
        if not isinstance(value, BaseModel):
            raise TypeError(f"{name} is not a section")
        lines += ["", f"[{name}]"] + ([f"# {type(value).__doc__}".split("\n")[0]] if comments else [])
        for key, entry in type(value).model_fields.items():
            setting = getattr(value, key)
            if comments:
                lines.append(f"# {entry.description}")
            if setting is None:
                lines += [f"# {key} ="] if comments else []
            else:
                lines.append(f"{key} = {_toml_value(setting)}")
        del field
    return "\n".join(lines).strip() + "\n"


def _toml_value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


def _fault(kind: type[Settings], fault: Any) -> str:
    place = [str(part) for part in fault["loc"]]
    path = [part for part in place if part not in MODEL_CONFIGS]  # the architecture is no key of the file
    where = ".".join(path) or "settings"
    if fault["type"] == "union_tag_invalid":
        return f"{where}.kind = {fault['input']['kind']!r}: expected one of {', '.join(MODEL_CONFIGS)}"
    if fault["type"] == "extra_forbidden":
        known = _keys(kind, place[:-1])
        near = difflib.get_close_matches(path[-1], known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
        return f"unknown key {where}: {hint}"
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "value_error":
        return f"{where}: {message}"
    return f"{where} = {fault['input']!r}: {message[0].lower() + message[1:]}"


def _keys(kind: type[BaseModel], path: list[str]) -> list[str]:
    for part in path:
        field = kind.model_fields.get(part)
        if part in MODEL_CONFIGS:
            kind = MODEL_CONFIGS[part]
        elif field is None:
            return []
        elif isinstance(field.annotation, type):
            kind = cast("type[BaseModel]", field.annotation)
    return list(kind.model_fields)
