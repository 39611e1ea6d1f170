"""Model, machine, settings, and the recipe by which somebody else can run it again."""

import json
import shlex
from typing import Any

from crosslight.config.architecture import MODEL_CONFIGS, kind_of
from crosslight.config.run import RunConfig
from crosslight.report.markup import Html, element, joined, table
from crosslight.report.run import Run


def model_section(run: Run) -> Html:
    """The model and the machine, side by side."""
    model = {name: value for name, value in run.settings.get("model", {}).items() if name != "kind"}
    parameters = run.statistics.get("parameters")
    about: dict[str, Any] = {"parameters": f"{parameters:,}"} if parameters else {}
    return element(
        "div",
        element("div", element("h3", run.setting("model", "kind") or "model"), _pairs(about | model)),
        element("div", element("h3", "Machine"), _pairs(run.environment)),
        class_="columns",
    )


def settings_section(run: Run) -> Html:
    """All settings in force; those that differ from the program's defaults are marked."""
    blocks = []
    for section, field in RunConfig.model_fields.items():
        defaults = field.get_default(call_default_factory=True)
        if section == "model":
            defaults = MODEL_CONFIGS[kind_of(run.settings.get(section, {}))]()
        lines: list[str] = []
        for name, value in run.settings.get(section, {}).items():
            usual = getattr(defaults, name, None)
            is_usual = value == (list(usual) if isinstance(usual, tuple) else usual)
            line = f"{name} = {json.dumps(value, ensure_ascii=False)}\n"
            lines.append(line if is_usual else element("mark", line))
        blocks.append(element("pre", element("b", f"[{section}]\n"), *lines))
    lead = "Marked: other than the program's default. They are in the run as config.toml."
    return joined(element("p", lead, class_="lead"), element("div", *blocks, class_="settings"))


def recipe_section(run: Run) -> Html:
    """The commands that made the run, the files that they read, and how to do it again."""
    sessions = run.recipe.get("sessions", [])
    rows = [
        (
            element("code", str(session.get("command"))),
            str(session.get("started", "")).replace("T", " ").replace("+00:00", " UTC"),
            str(session.get("outcome") or "–"),
            _version(session),
        )
        for session in sessions
    ]
    inputs = [
        (
            str(file.get("path")),
            f"{file['bytes']:,}" if file.get("bytes") is not None else "–",
            element("code", str(file.get("sha256") or "not a file")),
        )
        for file in run.recipe.get("inputs", [])
    ]
    none = element("p", "This run was made by a version that did not keep its commands.", class_="lead")
    return joined(
        table(("command", "begun", "ended", "version"), rows, class_="commands") if rows else none,
        element("h3", "Again"),
        element("pre", again(run), class_="command"),
        element("p", _how_exact(run), class_="lead"),
        element("h3", "Input files") if inputs else None,
        table(("file", "bytes", "SHA-256"), inputs, class_="inputs") if inputs else None,
    )


def again(run: Run) -> str:
    """The command that repeats the run from its settings."""
    words = ["crosslight", "train", "--config", f"{run.name}/config.toml"]
    if threads := run.environment.get("threads"):
        words += ["--set", f"train.threads={threads}"]
    return shlex.join([*words, "-o", "runs/again"])


def _how_exact(run: Run) -> str:
    versions = ", ".join(
        f"{name} {run.environment[name]}" for name in ("crosslight", "torch") if name in run.environment
    )
    if run.setting("train", "steps"):
        return (
            "The same weights, bit for bit, on the same kind of processor with "
            f"{versions or 'the same versions'}."
        )
    return (
        "A run of given minutes depends on the speed of the machine: the same settings, not the same weights."
        + (f" Made with {versions}." if versions else "")
    )


def _version(session: dict[str, Any]) -> Html:
    commit = str(session.get("commit") or "")
    changed = " with changes" if commit.endswith("+") else ""
    return joined(
        str(session.get("version", "")), element("code", f" {commit[:12]}") if commit else None, changed
    )


def _pairs(tree: dict[str, Any]) -> Html:
    return element(
        "dl", *(joined(element("dt", name), element("dd", _shown(value))) for name, value in tree.items())
    )


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {inner}" for key, inner in value.items()) or "–"
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
