"""The command line: one verb a file, and one place where errors become messages."""

import sys
from typing import Annotated

import typer

from crosslight import __version__
from crosslight.allocator import start_again_with_tcmalloc
from crosslight.cli import (
    align,
    alternatives,
    calibrate,
    compare,
    compare_architectures,
    configs,
    contrast,
    demo,
    distill,
    doctor,
    evaluate,
    export,
    get,
    import_,
    inspect,
    report,
    score,
    serve,
    train,
    translate,
    tune,
)
from crosslight.errors import CrosslightError

app = typer.Typer(
    name="crosslight",
    help="Train your own translator, run it fast on a plain CPU, and see inside it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("train")(train.train)
app.command("translate")(translate.translate)
app.command("alternatives")(alternatives.alternatives)
app.command("serve")(serve.serve)
app.command("evaluate")(evaluate.evaluate)
app.command("calibrate")(calibrate.calibrate)
app.command("align")(align.align)
app.command("compare")(compare.compare)
app.command("compare-architectures")(compare_architectures.compare_architectures)
app.command("contrast")(contrast.contrast)
app.command("distill")(distill.distill)
app.command("export")(export.export)
app.command("import")(import_.import_)
app.command("score")(score.score)
app.command("tune")(tune.tune)
app.command("report")(report.report)
app.command("inspect")(inspect.inspect)
app.command("get")(get.get)
app.command("configs")(configs.configs)
app.command("doctor")(doctor.doctor)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"crosslight {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """Train your own translator, run it fast on a plain CPU, and see inside it."""


def main() -> None:
    """The program `crosslight`."""
    if {"train", "demo", "compare-architectures"} & {*sys.argv[1:3]}:
        start_again_with_tcmalloc()
    # Names of files may hold bytes that are no text: they go out as they came in, or escaped.
    for stream, errors in ((sys.stdout, "surrogateescape"), (sys.stderr, "backslashreplace")):
        stream.reconfigure(encoding="utf-8", errors=errors)  # type: ignore[union-attr]
    try:
        app()
    except CrosslightError as error:
        if "--debug" in sys.argv:
            raise
        print(f"crosslight: {error}", file=sys.stderr)
        sys.exit(2)
