"""Which settings are in force when a run goes on: those it was trained with, as changed since.

Somebody may have edited the run's config.toml, given a file, and given options; the later wins. What
a trained model rests on (text, pieces, shape, random numbers) cannot change any more. Every setting
on which the checkpoint and a wish differ is a row of a table:

    setting      in the checkpoint  asked for         in force
    train.steps  30                 60 (--steps)      60
    model.d_ff   64                 65 (config.toml)  64 (cannot change in a run that has begun)
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from crosslight.config.load import merge, run_config
from crosslight.config.run import RunConfig
from crosslight.errors import ConfigError

CHANGEABLE = ("train", "decode")
# Of [train]: what the random numbers and the last bits of sums depend on.
PINNED = ("seed", "threads", "precision")
LENGTHS = {"steps", "minutes"}
HEAD = ("setting", "in the checkpoint", "asked for", "in force")
Key = tuple[str, str]


class Wish(NamedTuple):
    """Settings from one place."""

    origin: str  # as people know it, such as a file name
    settings: Mapping[str, Any]  # some of them, as a tree
    must: bool  # whether one that cannot be granted is an error; else it is told


def settings_in_force(trained: RunConfig, wishes: list[Wish]) -> tuple[RunConfig, list[str]]:
    """The settings that a run trained with `trained` goes on with, and the table of differences.

    Returns: the settings, and the lines of the table; none if there is no difference.

    Raises:
        ConfigError: a wish that cannot be, or one that must be granted and cannot in this run.
    """
    wanted, origins = trained, dict[Key, str]()
    for wish in wishes:
        later = _laid_over(wanted, wish)
        for section, name in _differing(wanted, later):
            origins[section, name] = wish.origin
            if wish.must and not _may_change(section, name):
                raise ConfigError(
                    f"{section}.{name} cannot change in a run that has begun; "
                    f"it is {_value(trained, (section, name))!r}",
                    f"start a new run with -o; [train] (but {', '.join(PINNED)}) and [decode] may change",
                )
        wanted = later
    differing = _differing(trained, wanted)
    granted = trained.model_dump(exclude_none=True)
    for section, name in differing:
        if _may_change(section, name):
            granted[section].pop(name, None)
            if (value := _value(wanted, (section, name))) is not None:
                granted[section][name] = value
    in_force = run_config(granted, "--resume")
    rows = [
        (
            ".".join(key),
            _said(_value(trained, key)),
            f"{_said(_value(wanted, key))} ({origins[key]})",
            _said(_value(in_force, key))
            + ("" if _may_change(*key) else " (cannot change in a run that has begun)"),
        )
        for key in differing
    ]
    return in_force, _table([HEAD, *rows]) if rows else []


def _laid_over(config: RunConfig, wish: Wish) -> RunConfig:
    tree = config.model_dump(exclude_none=True)
    train = wish.settings.get("train")
    if isinstance(train, Mapping) and LENGTHS & train.keys():
        tree["train"] = {name: value for name, value in tree["train"].items() if name not in LENGTHS}
    return run_config(merge(tree, wish.settings), wish.origin)


def _differing(before: RunConfig, after: RunConfig) -> list[Key]:
    return [
        (section, name)
        for section in RunConfig.model_fields
        for name in sorted({*dict(getattr(before, section)), *dict(getattr(after, section))})
        if _value(before, (section, name)) != _value(after, (section, name))
    ]


def _may_change(section: str, name: str) -> bool:
    return section in CHANGEABLE and name not in PINNED


def _value(config: RunConfig, key: Key) -> object:
    return getattr(getattr(config, key[0]), key[1], None)


def _said(value: object) -> str:
    return "not set" if value is None else str(value)


def _table(rows: list[tuple[str, str, str, str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
