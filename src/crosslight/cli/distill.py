"""`crosslight distill`: a small, fast student from a large teacher."""

from pathlib import Path
from typing import Annotated

import typer


def distill(
    teacher: Annotated[Path, typer.Argument(help="A bundle, or a finished run.")],
    src: Annotated[list[Path], typer.Option(help="Text to learn on, in the source language; repeatable.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory of the student.")],
    *,
    with_: Annotated[
        list[Path] | None,
        typer.Option("--with", help="Another bundle that translates together with the teacher; repeatable."),
    ] = None,
    reverse: Annotated[
        Path | None,
        typer.Option(help="A bundle of the other direction, that chooses among the teacher's outputs."),
    ] = None,
    pairs: Annotated[
        list[Path] | None,
        typer.Option(help="File of source TAB target by people, to learn from as well; repeatable."),
    ] = None,
    student: Annotated[str, typer.Option(help="Preset of the student.")] = "small-fast",
    minutes: Annotated[
        float | None, typer.Option(help="How long to train the student (30 unless --steps is given).")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="How many updates to train it.")] = None,
    held_out: Annotated[
        list[str] | None, typer.Option(help="Test file whose sentences must not be trained on; repeatable.")
    ] = None,
    beam: Annotated[int | None, typer.Option(help="Of the teacher; as its bundle says unless given.")] = None,
    worst: Annotated[
        float, typer.Option(help="Share of the teacher's outputs to leave out: the lowest scores.")
    ] = 0.05,
    config: Annotated[
        Path | None, typer.Option(help="A TOML file of settings, laid over the student's preset.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="One setting of the student, e.g. model.dropout=0.2.")
    ] = None,
) -> None:
    """Train a small, fast student on what a teacher translates. The same command goes on after a stop.

    crosslight distill runs/mine --src my.fr -o runs/student
    """
    from rich.console import Console

    from crosslight.cli.train import assignment
    from crosslight.config.load import merge, read_toml
    from crosslight.tasks import distill as task
    from crosslight.tasks.alone import alone_in

    wishes = merge(
        read_toml(config) if config else {},
        {"data": {"held_out": held_out}} if held_out else {},
        {"train": {name: n for name, n in (("minutes", minutes), ("steps", steps)) if n is not None}},
        *map(assignment, set_ or []),
    )
    console = Console(stderr=True)
    with alone_in(out):
        outcome = task.distill(
            teacher,
            src,
            out,
            console,
            student=student,
            partners=with_ or (),
            reverse=reverse,
            pairs=pairs or (),
            wishes=wishes,
            beam=beam,
            worst=worst,
        )
    if outcome.stopped_by is not None:
        console.print("\nStopped and saved. The same command goes on.", markup=False, highlight=False)
        raise typer.Exit(128 + outcome.stopped_by)
    console.print(f"\nDone. Try it:\n  crosslight translate {out / 'student'}", markup=False, highlight=False)
