"""`crosslight train`: from a parallel corpus to a bundle."""

from pathlib import Path
from typing import Annotated, Any

import typer

from crosslight.errors import ConfigError


def train(
    src: Annotated[
        str | None, typer.Option(help="Source side, one sentence a line (.gz and .xz too).")
    ] = None,
    tgt: Annotated[str | None, typer.Option(help="Target side, line by line its translation.")] = None,
    pairs: Annotated[
        list[str] | None, typer.Option(help="File of source TAB target; `-` reads a pipe; repeatable.")
    ] = None,
    valid_src: Annotated[str | None, typer.Option(help="Source side of a validation set.")] = None,
    valid_tgt: Annotated[str | None, typer.Option(help="Target side of the validation set.")] = None,
    held_out: Annotated[
        list[str] | None, typer.Option(help="Test file whose sentences must not be trained on; repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Directory of the run.")] = None,
    minutes: Annotated[
        float | None, typer.Option(help="How long to train (30 unless --steps is given).")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="How many updates to train: reproducible bit for bit.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="tiny, small, base, big; chosen for you unless given.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="A TOML file of settings, laid over the preset.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="One setting, e.g. model.dropout=0.2.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Decides everything that is random.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the run in this directory.")] = None,
) -> None:
    """Train a translator on your own sentences.

    crosslight train --src my.fr --tgt my.en --minutes 30 -o runs/mine
    """
    from rich.console import Console

    from crosslight.config.load import merge
    from crosslight.tasks import train as task

    console = Console(stderr=True)
    if resume is not None:
        directory, settings = resume, task.open_run(resume, None)
    else:
        given = {
            "data": _given(
                src=src, tgt=tgt, pairs=pairs, valid_src=valid_src, valid_tgt=valid_tgt, held_out=held_out
            ),
            "train": _given(minutes=minutes, steps=steps, seed=seed),
        }
        directory = out or Path("runs") / "mine"
        settings, reasons = task.plan(merge(given, *map(assignment, set_ or [])), directory, preset, config)
        task.open_run(directory, settings)
        for reason in reasons:
            console.print(reason, markup=False, highlight=False)
    outcome = task.train(settings, directory, console, resume=resume is not None)
    if outcome.stopped_by is not None:
        console.print(f"\nStopped and saved. Go on with: crosslight train --resume {directory}", markup=False)
        raise typer.Exit(128 + outcome.stopped_by)
    console.print(
        f"\nDone. Try it:\n  echo 'Bonjour !' | crosslight translate {directory}\n"
        f"  crosslight inspect {directory} 'A sentence.' -o page.html",
        markup=False,
        highlight=False,
    )


def assignment(text: str) -> dict[str, Any]:
    """`section.key=value` as a tree; the value as TOML where it is that, as a string where not.

    >>> assignment("model.dropout=0.2"), assignment("model.norm=pre")
    ({'model': {'dropout': 0.2}}, {'model': {'norm': 'pre'}})
    """
    import tomllib

    path, equals, value = text.partition("=")
    parts = path.strip().split(".")
    if not equals or len(parts) != 2:
        raise ConfigError(f"--set {text!r} is not section.key=value", "write e.g. --set model.dropout=0.2")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()
    return {parts[0]: {parts[1]: parsed}}


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value not in (None, [])}
