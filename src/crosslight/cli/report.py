"""`crosslight report`: a run as one page."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def report(
    run: Annotated[Path, typer.Argument(help="The directory of a run, finished or not.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Where to write the page; RUN/report.html unless given."),
    ] = None,
) -> None:
    """Make the page about a training run: curves, samples, corpus, settings, and how to repeat it.

    Training keeps it up to date by itself; this makes it anew from the files of the run.

    crosslight report runs/mine
    """
    from crosslight.tasks.report import write_report

    page = write_report(run, out)
    print(f"wrote {page}: open it in a browser", file=sys.stderr)
