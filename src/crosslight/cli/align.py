"""`crosslight align`: which attention of a bundle shows best which words belong together."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def align(
    bundle: Annotated[Path, typer.Argument(help="A bundle, or a finished run; the result is kept in it.")],
    src: Annotated[str, typer.Option(help="Source side of sentence pairs; 500 or more do well.")],
    tgt: Annotated[
        str | None, typer.Option(help="Target side; without it --src is a table of source TAB target.")
    ] = None,
) -> None:
    """Choose the attention head that word alignments are read from, by what an aligner learns from the pairs.

    `crosslight translate --alignments FILE` does it by itself where the bundle carries validation pairs. More
    pairs make a better aligner to choose by.

    crosslight align runs/mine --src valid.fr --tgt valid.en
    """
    from crosslight.cli.output import results
    from crosslight.tasks.alignments import align_bundle

    chosen, file = align_bundle(bundle, src, tgt)
    with results() as out:
        out.write(
            f"layer {chosen.layer}, head {chosen.head}, where a piece is {chosen.row}\n"
            f"F1 {chosen.f1:.3f}, alignment error rate {chosen.error_rate:.3f} against an aligner that "
            f"learned from {chosen.n_learned:,} pairs; judged by {chosen.n_pairs:,}\n"
        )
    print(f"wrote {file}", file=sys.stderr)
