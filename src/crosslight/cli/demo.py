"""`crosslight demo`: train a small translator on the sample corpus and look inside it."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory of the run.")] = Path("runs") / "demo",
    minutes: Annotated[float, typer.Option(help="How long to train.")] = 6.5,
) -> None:
    """Train a French-English translator on the sample corpus, score it, and see inside it."""
    from rich.console import Console

    from crosslight.tasks.demo import demo as run

    run(out, minutes, Console(stderr=True))
