"""Writes the two pages that are made from the program itself: docs/cli.md and docs/config.md.

    python docs/generate.py

Every sentence in them stands beside the code that it describes: the help of an option in `cli/`, the
description of a setting in `config/`. A test makes the pages anew and compares, so neither can go stale.
Torch is never imported.
"""

import json
import tomllib
import types
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from crosslight.cli.main import app
from crosslight.config.architecture import MODEL_CONFIGS
from crosslight.config.load import preset_names, preset_text
from crosslight.config.run import RunConfig

DOCS = Path(__file__).parent
MADE = "<!-- Made by docs/generate.py (`make docs`): edit the program, not this page. -->"

ABOUT_COMMANDS = """\
Results go to standard output, everything else to standard error. An error says what happened and
what to do, with exit status 2; `crosslight --debug COMMAND ...` shows where it came from. Training
that a signal stopped ends with 128 plus the signal's number. `crosslight --version` prints the version."""
ABOUT_SETTINGS = """\
A run is described by a TOML file with six sections. What is given later wins: the preset, then
`--config FILE`, then the options of `crosslight train`, of which `--set` (section.key=value) reaches
every setting here. An unknown key is an error that names the nearest known one, and all faults are
reported at once. The settings in force are written into the run as `config.toml`.
`crosslight configs all` prints them all with their defaults. A dash means: not set."""
ABOUT_PRESETS = """\
What each preset sets; where a cell is empty, the default above holds. `paper` is another name for
`base`. `crosslight configs NAME` prints one with its comments. Under a preset without `train.steps` a
run takes 30 minutes, unless it is told otherwise."""

# For the commands whose own help shows none.
EXAMPLES = {
    "demo": ["crosslight demo --minutes 6"],
    "get": ["crosslight get fr-en", "crosslight get fr-en --corpus Tatoeba -o data/"],
    "doctor": ["crosslight doctor"],
}
VALUES = {str: "text", Path: "path", int: "integer", float: "number", bool: ""}
BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def pages() -> dict[Path, str]:
    """The text of every page that is made, by the path it belongs to."""
    return {DOCS / "cli.md": cli_page(), DOCS / "config.md": config_page()}


def cli_page() -> str:
    """Every command with its usage, its options and an example."""
    commands: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    callbacks = {info.name: info.callback for info in app.registered_commands}
    parts = [
        "# The command line",
        MADE,
        ABOUT_COMMANDS,
        "\n".join(f"- [`crosslight {n}`](#crosslight-{n}): {_first(c)}" for n, c in commands.items()),
    ]
    for name, command in commands.items():
        parts += _command(name, command, get_type_hints(callbacks[name], include_extras=True))
    return "\n\n".join(parts) + "\n"


def config_page() -> str:
    """Every setting with its type, its default and its meaning; and what each preset says."""
    parts = [
        "# Settings",
        MADE,
        ABOUT_SETTINGS,
    ]
    for name in RunConfig.model_fields:
        parts.append(f"## [{name}]")
        for kind, section in kinds_of(name).items():
            parts += [f'### kind = "{kind}"'] if kind else []
            parts += [cleandoc(section.__doc__ or ""), _settings(section)]
    return "\n\n".join([*parts, *_presets()]) + "\n"


def kinds_of(section: str) -> dict[str, type[BaseModel]]:
    """The settings of a section: for the model those of each architecture, by name; else one, without."""
    if section == "model":
        return dict(MODEL_CONFIGS)
    annotation = RunConfig.model_fields[section].annotation
    assert isinstance(annotation, type)
    assert issubclass(annotation, BaseModel)
    return {"": annotation}


def _command(name: str, command: Any, hints: dict[str, Any]) -> Iterator[str]:
    text = [line for line in command.help.split("\n") if line]
    examples = [line for line in text if line.startswith("crosslight ")] or EXAMPLES[name]
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
    yield f"## crosslight {name}"
    yield " ".join(line for line in text if line not in examples)
    words = [p.name.upper() if p.required else f"[{p.name.upper()}]" for p in arguments]
    yield f"Usage: `{' '.join(['crosslight', name, *(['[OPTIONS]'] if options else []), *words])}`"
    rows = [(f"`{p.name.upper()}`", _value(hints[p.name]), "–", p.help) for p in arguments]
    rows += [
        (", ".join(f"`{o}`" for o in p.opts), _value(hints[p.name]), _default(p), p.help) for p in options
    ]
    if rows:
        yield _table(("argument or option", "value", "default", "meaning"), rows)
    yield "Example:" if len(examples) == 1 else "Examples:"
    yield "\n".join(["```sh", *examples, "```"])


def _first(command: Any) -> str:
    line: str = command.help.split("\n")[0]
    return line[0].lower() + line[1:]


def _value(hint: Any) -> str:
    """The kind of value that an option takes; nothing for one that takes none."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _value(args[0])
    if origin in (Union, types.UnionType):
        return _value(next(a for a in args if a is not type(None)))
    if origin is tuple:
        return ", ".join(map(_value, args))
    return _value(args[0]) if origin is list else VALUES[hint]


def _default(option: Any) -> str:
    return "–" if option.default is None or option.is_flag else f"`{option.default}`"


def _settings(section: type[BaseModel]) -> str:
    rows = []
    for key, field in section.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = "–" if default is None else f"`{_toml(default)}`"
        rows.append((f"`{key}`", type_text(field.annotation, field.metadata), shown, field.description))
    return _table(("setting", "type", "default", "meaning"), rows)


def type_text(annotation: Any, bounds: list[Any] | None = None) -> str:
    """A type as people say it.

    >>> type_text(Literal["pre", "post"] | None), type_text(tuple[int, ...])
    ('`"pre"` or `"post"`', 'list of integers')
    """
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        metadata = [
            m for part in args[1:] for m in (part.metadata if isinstance(part, FieldInfo) else [part])
        ]
        return type_text(args[0], metadata)
    if origin in (Union, types.UnionType):
        return type_text(next(a for a in args if a is not type(None)), bounds)
    if origin is Literal:
        return " or ".join(f'`"{choice}"`' for choice in args)
    if origin is tuple:
        kind, *bound = type_text(args[0]).split(" ", 1)
        return " ".join([f"list of {kind}s", *bound])
    name = {str: "text", bool: "`true` or `false`", int: "integer", float: "number"}[annotation]
    limits = [
        f"{sign} {getattr(bound, key):g}"
        for bound in bounds or []
        for key, sign in BOUNDS.items()
        if hasattr(bound, key)
    ]
    return " ".join([name, " and ".join(limits)]).strip()


def _presets() -> Iterator[str]:
    trees = {name: tomllib.loads(preset_text(name)) for name in preset_names()}
    rows = []
    for section in RunConfig.model_fields:
        for key in dict.fromkeys(key for kind in kinds_of(section).values() for key in kind.model_fields):
            values = [tree.get(section, {}).get(key) for tree in trees.values()]
            if values != [None] * len(trees):
                cells = ["" if value is None else f"`{_toml(value)}`" for value in values]
                rows.append((f"`{section}.{key}`", *cells))
    yield "## Presets"
    yield ABOUT_PRESETS
    yield _table(("setting", *trees), rows)


def _toml(value: object) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else f"{value!r}"


def _table(head: tuple[str, ...], rows: list[Any]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8", newline="\n")
        print(path)
