"""`crosslight tune`: beam and length penalty, chosen on a validation set."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from crosslight.errors import ConfigError


def tune(
    bundle: Annotated[Path, typer.Argument(help="A bundle, or a finished run.")],
    src: Annotated[
        str | None, typer.Option(help="Source side of a validation set; else what the bundle carries.")
    ] = None,
    ref: Annotated[str | None, typer.Option(help="Its references.")] = None,
    minutes: Annotated[float, typer.Option(min=0.01, help="About as long as this may take.")] = 5.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the table, and leave the bundle as it is.")
    ] = False,
) -> None:
    """Choose beam and length penalty on a validation set, and store them in the bundle.

    crosslight tune runs/mine --src valid.fr --ref valid.en
    """
    from crosslight.cli.output import results
    from crosslight.tasks import tune as task
    from crosslight.tasks.own import own_directory
    from crosslight.tasks.translate import load_for_files
    from crosslight.text.corpus import read_parallel

    if (src is None) != (ref is None):
        raise ConfigError("--src and --ref come together", "give both, or neither")
    translator = load_for_files(bundle)
    if not dry_run:
        own_directory(translator.bundle)  # said before the work, not after it
    pairs = list(read_parallel(src, ref)) if src and ref else list(translator.bundle.validation)
    tuning = task.tune(translator, pairs, minutes, lambda line: print(line, file=sys.stderr))
    if not dry_run:
        task.store(translator, tuning)
    with results() as stdout:
        stdout.write(tuning.table() + "\n")
