"""`crosslight export`: a bundle as another program's model, certified to be the same."""

from pathlib import Path
from typing import Annotated

import typer


def export(
    bundle: Annotated[Path, typer.Argument(help="A bundle, or a finished run.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Directory to write; an earlier export is replaced.")
    ],
    to: Annotated[
        str,
        typer.Option(
            help="ctranslate2 (a fast engine), huggingface (a MarianMT model for transformers), or bundle "
            "(our own again, with weights of one byte: a quarter of the size)."
        ),
    ] = "ctranslate2",
    quantize: Annotated[
        str | None, typer.Option(help="int8: weights of one byte, a quarter of the size.")
    ] = None,
    sample: Annotated[
        Path | None,
        typer.Option(
            help="Sentences to certify it on, or a table of source TAB reference; "
            "the bundle's own unless given."
        ),
    ] = None,
    shortlist: Annotated[
        list[Path] | None,
        typer.Option(
            help="For ctranslate2: learn from this table of source TAB target (or two files, with the option "
            "twice) which pieces a source can need; faster with use_vmap=True."
        ),
    ] = None,
) -> None:
    """Write a model for another program, if both engines agree on a sample; the certificate stays in it.

    crosslight export runs/mine --to ctranslate2 --quantize int8 -o mine-int8
    """
    from crosslight.cli.output import results
    from crosslight.tasks import export as task

    certificate = task.export(bundle, to, out, quantize, sample, shortlist or ())
    with results() as stdout:
        stdout.write(task.certificate_table(certificate) + "\n")
