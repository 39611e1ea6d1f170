"""`crosslight alternatives`: what else could come next in a translation."""

from pathlib import Path
from typing import Annotated

import typer


def alternatives(
    bundle: Annotated[Path, typer.Argument(help="A bundle, or a finished run.")],
    sentence: Annotated[str, typer.Argument(help="A sentence in the source language.")],
    after: Annotated[str, typer.Option(help="How its translation begins, up to the end of a word.")] = "",
    n: Annotated[int, typer.Option("-n", min=1, help="How many words, at most.")] = 5,
) -> None:
    """List the most probable next words of a translation, and where each leads.

    A line is a probability, the word, and the whole translation, with TABs between them. An empty word
    is the end.

    crosslight alternatives runs/mine "Jane visite l'Afrique." --after "Jane visits"
    """
    from crosslight.cli.output import results
    from crosslight.tasks.translate import load

    with results() as out:
        for word, probability, translation in load(bundle).alternatives(sentence, after, n):
            out.write(f"{probability:.4f}\t{word}\t{translation.text}\n")
