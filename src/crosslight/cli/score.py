"""`crosslight score`: how probable given translations are."""

from pathlib import Path
from typing import Annotated

import typer


def score(
    bundle: Annotated[Path, typer.Argument(help="A bundle, or a finished run.")],
    src: Annotated[str, typer.Option(help="Source, one text a line; `-` is standard input.")],
    ref: Annotated[str, typer.Option(help="The translations to score, line by line.")],
    output: Annotated[
        str, typer.Option("--output", "-o", help="Where to write; `-` is standard output.")
    ] = "-",
    tokens: Annotated[
        bool, typer.Option("--tokens", help="Also the log-probability of every token, after a TAB.")
    ] = False,
) -> None:
    """Print the log-probability of each given translation, in nats: forced decoding.

    crosslight score runs/mine --src test.fr --ref test.en
    """
    from crosslight.cli.output import results
    from crosslight.tasks.score import score_lines
    from crosslight.tasks.translate import load_for_files

    translator = load_for_files(bundle)
    with results(output) as out:
        for row in score_lines(translator, src, ref):
            each = " ".join(f"{value:.4f}" for value in row)
            out.write(f"{sum(row):.4f}" + f"\t{each}" * tokens + "\n")
