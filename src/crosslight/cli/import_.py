"""`crosslight import`: a MarianMT checkpoint as a bundle."""

from pathlib import Path
from typing import Annotated

import typer


def import_(
    checkpoint: Annotated[
        Path,
        typer.Argument(
            help="Directory of a MarianMT / OPUS-MT checkpoint: config.json, vocab.json, source.spm, "
            "target.spm, and model.safetensors or pytorch_model.bin."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write the bundle.")],
) -> None:
    """Make a bundle of a MarianMT checkpoint in Hugging Face form. Nothing is downloaded, nothing unpickled.

    crosslight import opus-mt-fr-en -o opus-fr-en
    """
    from crosslight.bundle import model_card
    from crosslight.cli.output import results
    from crosslight.tasks.import_marian import import_marian

    bundle = import_marian(checkpoint, out)
    with results() as stdout:
        stdout.write(model_card(bundle))
