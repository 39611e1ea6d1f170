"""`crosslight configs`: the ready presets."""

import sys
from typing import Annotated

import typer


def configs(
    name: Annotated[str | None, typer.Argument(help="Print this preset; `all` prints every setting.")] = None,
) -> None:
    """List the presets, or print one as commented TOML to copy and change.

    crosslight configs small > mine.toml
    """
    from crosslight.cli.output import results
    from crosslight.config.load import preset_names, preset_text, to_toml
    from crosslight.config.run import RunConfig

    with results() as stdout:
        if name == "all":
            stdout.write(to_toml(RunConfig(), comments=True))
        elif name is not None:
            stdout.write(preset_text(name))
        else:
            for preset in preset_names():
                stdout.write(preset_text(preset).splitlines()[0].removeprefix("# ") + "\n")
    if name is None:
        print(
            "\ncrosslight configs NAME prints one; crosslight configs all prints every setting.",
            file=sys.stderr,
        )
