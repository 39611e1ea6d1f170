"""`crosslight serve`: bundles as a page and as a service over HTTP."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from crosslight.errors import ConfigError

NEEDED = ("fastapi", "uvicorn", "prometheus_client", "python_multipart")


def serve(
    bundles: Annotated[
        list[str],
        typer.Argument(
            metavar="BUNDLE...",
            help="Bundles, finished runs, or fr-en: the model that comes with Crosslight. One that does not "
            "know its languages is told: sv-en=runs/mine.",
        ),
    ],
    host: Annotated[
        str, typer.Option(help="The address to listen at; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 is any that is free.")] = 5000,
    engine: Annotated[str, typer.Option(help="As for `crosslight translate`.")] = "auto",
    threads: Annotated[
        int, typer.Option(min=0, help="Batches translated at a time; 0: as many as this machine gains from.")
    ] = 0,
    loaded: Annotated[
        int, typer.Option(min=1, help="Bundles in memory at a time; the longest unused makes room.")
    ] = 4,
    *,
    keys: Annotated[
        Path | None,
        typer.Option(help="File with API keys, one a line; else CROSSLIGHT_API_KEYS, apart by commas."),
    ] = None,
    corrections: Annotated[
        Path | None, typer.Option(help="TMX file that takes the corrections people send.")
    ] = None,
    cors: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="A site whose pages may use the service; * is all."),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="Another name it is called by, behind a server in front of it."),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE", help="Another limit, such as queued=200; docs/serving.md has all."
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No line for each request.")] = False,
) -> None:
    """Serve bundles as a web page and over HTTP, to the clients of LibreTranslate and DeepL.

    Only this machine can reach it unless --host says otherwise, and it never calls any other.

    crosslight serve fr-en
    crosslight serve runs/fr-en runs/en-fr --port 8000 --corrections mine.tmx
    """
    if missing := [module for module in NEEDED if find_spec(module) is None]:
        raise ConfigError(
            f"the service needs what is not installed: {', '.join(missing)}",
            "pip install 'crosslight[serve,fast]'",
        )
    from crosslight.serve import run
    from crosslight.serve.settings import ServeSettings, limits_from, read_keys

    settings = ServeSettings(
        limits_from(limit or []),
        host,
        port,
        read_keys(keys),
        tuple(cors or ()),
        tuple(name or ()),
        corrections,
    )
    run.serve(bundles, settings, engine, threads, loaded, log_requests=not quiet)
