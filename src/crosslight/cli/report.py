"""`crosslight report`: a run, or the inside of a bundle, as a page."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def report(
    place: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|BUNDLE",
            help="The directory of a run, finished or not; or a bundle, or fr-en: the one in the box.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Where to write the page; RUN/report.html or, of a bundle, site/index.html unless given.",
        ),
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Option(
            help="A sentence to look into; may come several times. Of a run, its bundle is then reported on."
        ),
    ] = None,
) -> None:
    """Make a page to share: of a training run, or of the inside of a finished model.

    A run's page has curves, samples, corpus, settings, and how to repeat it. Training keeps it up to date by
    itself; this makes it anew from the files of the run.

    A bundle's page shows what the service shows of the inside: attention, the search, each word's path, every
    head switched off, positions, and a guided tour, for a few sentences. It is one file that fetches nothing.

    crosslight report runs/mine
    crosslight report fr-en -o site/ --text "Jane visite l'Afrique en septembre."
    """
    from crosslight.facts import boxed

    is_bundle = (place / "bundle.json").is_file() or (not place.exists() and str(place) in boxed())
    if is_bundle or text:
        from crosslight.bundle import load_bundle
        from crosslight.serve.site import write_site

        page = write_site(load_bundle(place), text or (), out or Path("site"))
    else:
        from crosslight.tasks.report import write_report

        page = write_report(place, out)
    print(f"wrote {page}: open it in a browser", file=sys.stderr)
