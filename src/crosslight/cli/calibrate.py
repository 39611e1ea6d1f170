"""`crosslight calibrate`: from a test set, how sure a bundle's translations are."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def calibrate(
    bundle: Annotated[Path, typer.Argument(help="A bundle, or a finished run; the result is kept in it.")],
    src: Annotated[str, typer.Option(help="Source side of a test set that was not trained on.")],
    ref: Annotated[str, typer.Option(help="References, or a table of source TAB reference TAB ...")],
    acceptable: Annotated[
        float,
        typer.Option(min=0, max=100, help="chrF from which a sentence's translation counts as acceptable."),
    ] = 50.0,
) -> None:
    """Learn to say how probable it is that a translation is acceptable, and how far that can be trusted.

    Afterwards `crosslight translate --min-confidence 0.5` marks or withholds what is not sure enough.

    crosslight calibrate runs/mine --src valid.fr --ref valid.en
    """
    from crosslight.cli.output import results
    from crosslight.tasks.confidence import calibrate_bundle

    confidence, file = calibrate_bundle(bundle, src, ref, acceptable)
    found = confidence.calibration
    with results() as out:
        out.write(f"{found.n_acceptable:,} of {found.n:,} acceptable (chrF ≥ {acceptable:g})\n")
        for name, weight in zip(found.signs, found.weights, strict=True):
            out.write(f"{name:<22}{weight:+8.3f}  of one standard deviation\n")
        out.write("probability     sentences   said  happened\n")
        for b in found.bins:
            out.write(
                f"{b.low:.1f} to {b.high:.1f}{b.n:15,}   {b.mean_probability:.2f}  {b.share_acceptable:.2f}\n"
            )
        out.write(
            f"expected calibration error {found.ece:.4f}, held out; "
            f"a perfect one would have {found.ece_by_chance:.4f} on so many sentences\n"
        )
    print(f"wrote {file}", file=sys.stderr)
