"""`crosslight inspect`: see what the model looked at while it translated a sentence."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def inspect(
    bundle: Annotated[Path, typer.Argument(help="A bundle or a finished run.")],
    sentence: Annotated[str, typer.Argument(help="A sentence in the source language.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write a stand-alone page.")] = None,
    json: Annotated[
        Path | None, typer.Option(help="Write all views as JSON, the search too (docs/inside.md).")
    ] = None,
    kind: Annotated[str, typer.Option(help="For the terminal: encoder, decoder or cross.")] = "cross",
    layer: Annotated[
        int | None, typer.Option(help="For the terminal: one layer, from 1; the last unless given.")
    ] = None,
    head: Annotated[
        int | None, typer.Option(help="For the terminal: one head, from 1; their mean unless given.")
    ] = None,
) -> None:
    """Translate one sentence and show every attention weight behind it.

    crosslight inspect runs/mine "Le chat dort." -o page.html
    """
    from crosslight.cli.output import results
    from crosslight.interpret.steps_table import terminal_steps
    from crosslight.tasks import explain

    inspection = explain.inspect(bundle, sentence)
    with results() as stdout:
        stdout.write(explain.heatmap(inspection, kind, layer, head) + "\n")
        if inspection.steps is not None:
            stdout.write("\n" + terminal_steps(inspection.steps) + "\n")
    if out is not None:
        explain.write_page(inspection, out)
        print(f"\nwrote {out}: open it in a browser", file=sys.stderr)
    if json is not None:
        from crosslight.tasks.inside import write_views

        write_views(bundle, sentence, json)
        print(f"wrote {json}", file=sys.stderr)
