"""`crosslight contrast`: does the model notice errors made in the user's own references?"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

WIDTH = 110  # where the output is no terminal


def contrast(
    bundle: Annotated[Path, typer.Argument(help="A bundle, or a finished run.")],
    src: Annotated[str, typer.Option(help="Source side of the test set.")],
    ref: Annotated[str, typer.Option(help="Its references, one a line.")],
    mistakes: Annotated[
        bool, typer.Option("--mistakes", help="Also show contrasts that the model prefers.")
    ] = False,
    json_: Annotated[Path | None, typer.Option("--json", help="Also write all of it as JSON here.")] = None,
) -> None:
    """Make one error in each reference (a number, a negation, names, a clause, a phrase): is it noticed?

    The model notices if it finds the true reference more probable, by the mean of a token. What is
    printed is the share of such contrasts, with the 95 % interval.

    crosslight contrast runs/mine --src test.fr --ref test.en
    """
    from rich.console import Console
    from rich.table import Table

    from crosslight.cli.output import results
    from crosslight.tasks.contrast import contrast as task
    from crosslight.tasks.files import write_text

    found = task(bundle, src, ref, say=lambda line: print(line, file=sys.stderr))
    if json_:
        tree = [result.as_dict() for result in found]
        write_text(json_, json.dumps(tree, indent=1, ensure_ascii=False) + "\n")
    table = Table("contrast")
    for name in ("contrasts", "noticed", "accuracy", "95 %"):
        table.add_column(name, justify="right")
    for result in found:
        accuracy, span = result.accuracy, result.interval
        table.add_row(
            result.name,
            f"{result.n:,}",
            f"{result.right:,}",
            "–" if accuracy is None else f"{accuracy:.1%}",
            "–" if span is None else f"{span[0]:.1%} to {span[1]:.1%}",
        )
        if result.note:
            print(f"{result.name}: {result.note}", file=sys.stderr)
    with results() as out:
        console = Console(file=out, width=None if out.isatty() else WIDTH, markup=False, highlight=False)
        console.print(table)
        for result in found if mistakes else []:
            for m in result.mistakes:
                out.write(f"\n{result.name}, line {m.line}: {m.src}\n")
                out.write(f"  {m.logp:8.3f}  {m.reference}\n  {m.logp_wrong:8.3f}  {m.wrong}\n")
