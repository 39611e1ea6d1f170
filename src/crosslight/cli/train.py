"""`crosslight train`: from a parallel corpus to a bundle."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crosslight.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console


def train(
    *,
    src: Annotated[
        str | None, typer.Option(help="Source side, one sentence a line (.gz and .xz too).")
    ] = None,
    tgt: Annotated[str | None, typer.Option(help="Target side, line by line its translation.")] = None,
    pairs: Annotated[
        list[str] | None,
        typer.Option(help="File of source TAB target, or TMX; `-` reads a pipe; repeatable."),
    ] = None,
    valid_src: Annotated[str | None, typer.Option(help="Source side of a validation set.")] = None,
    valid_tgt: Annotated[str | None, typer.Option(help="Target side of the validation set.")] = None,
    held_out: Annotated[
        list[str] | None, typer.Option(help="Test file whose sentences must not be trained on; repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Directory of the run.")] = None,
    minutes: Annotated[
        float | None, typer.Option(help="How long to train (30 unless --steps is given).")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="How many updates to train: reproducible bit for bit.")
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            help="tiny, small, small-fast, strong, base, big, rnn, rnn-plain, conv, universal; or chosen."
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="A TOML file of settings, laid over the preset or the resumed run's.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="One setting, e.g. model.dropout=0.2.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Decides everything that is random.")] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="Start from this bundle or finished run: fine-tuning.")
    ] = None,
    old_valid_src: Annotated[
        str | None, typer.Option(help="Source side of the validation set of --from, if it carries none.")
    ] = None,
    old_valid_tgt: Annotated[str | None, typer.Option(help="Target side of that set.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the run in this directory.")] = None,
) -> None:
    """Train a translator on your own sentences.

    crosslight train --src my.fr --tgt my.en --minutes 30 -o runs/mine
    """
    started = time.monotonic()
    from rich.console import Console

    from crosslight.config.load import merge
    from crosslight.tasks import plan, runs
    from crosslight.tasks import train as task
    from crosslight.tasks.follow import follow
    from crosslight.train.distributed import joined

    files = _given(src=src, tgt=tgt, pairs=pairs, valid_src=valid_src, valid_tgt=valid_tgt, held_out=held_out)
    length = _given(minutes=minutes, steps=steps, seed=seed)
    start = _given(start=from_, old_valid_src=old_valid_src, old_valid_tgt=old_valid_tgt)
    wishes = merge(_given(data=files, train=length, finetune=start), *map(assignment, set_ or []))
    directory = resume or out or Path("runs") / "mine"
    console = Console(stderr=True)
    try:
        with joined() as world:
            console.quiet = not world.leads
            if not world.leads:
                outcome = follow(directory, world)
            elif resume is None:
                with runs.new_run(directory):
                    settings, reasons = plan.plan(wishes, directory, preset, config)
                    runs.write_settings(directory, settings)
                    outcome = task.train(
                        settings, directory, console, notes=reasons, started=started, world=world
                    )
            else:
                _refuse(out=out, preset=preset)
                with runs.old_run(directory):
                    settings, changes = runs.reopen(directory, wishes, config)
                    outcome = task.train(
                        settings, directory, console, resume=True, notes=changes, world=world
                    )
    except KeyboardInterrupt:
        go_on = f" {_go_on(directory)}" * (directory / "config.toml").is_file()
        _show(console, [f"\nInterrupted.{go_on}"])
        raise typer.Exit(130) from None
    if outcome.stopped_by is not None:
        _show(console, [f"\nStopped and saved. {_go_on(directory)}"])
        raise typer.Exit(128 + outcome.stopped_by)
    _show(
        console,
        [
            "\nDone. Try it:",
            f"  crosslight translate {directory} 'A sentence.'",
            f"  crosslight inspect {directory} 'A sentence.' -o page.html",
        ],
    )


def assignment(text: str) -> dict[str, Any]:
    """`section.key=value` as a tree; the value as TOML where it is that, as a string where not.

    >>> assignment("model.dropout=0.2"), assignment("model.norm=pre")
    ({'model': {'dropout': 0.2}}, {'model': {'norm': 'pre'}})
    """
    import tomllib

    path, equals, value = text.partition("=")
    parts = path.strip().split(".")
    if not equals or len(parts) != 2:
        raise ConfigError(f"--set {text!r} is not section.key=value", "write e.g. --set model.dropout=0.2")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()
    return {parts[0]: {parts[1]: parsed}}


def decode_settings(assignments: list[str]) -> dict[str, Any]:
    """The settings of a search that `key=value` texts name, `decode.` before the key or not, checked.

    Raises:
        ConfigError: there is no such setting, or it cannot be.
    """
    from crosslight.config.load import settings
    from crosslight.config.run import DecodeConfig

    chosen: dict[str, Any] = {}
    for text in assignments:
        chosen |= assignment(f"decode.{text.removeprefix('decode.')}")["decode"]
    settings(DecodeConfig, chosen, "--set")
    return chosen


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value not in (None, [], {})}


def _refuse(**options: object) -> None:
    given = [f"--{name}" for name, value in options.items() if value is not None]
    if given:
        raise ConfigError(
            f"{', '.join(given)} cannot be given with --resume: the run has its settings",
            "leave it out; --config, --steps, --minutes and --set may change what such a run still can",
        )


def _go_on(directory: Path) -> str:
    return f"Go on with: crosslight train --resume {directory}"


def _show(console: "Console", lines: list[str]) -> None:
    for line in lines:
        console.print(line, markup=False, highlight=False, emoji=False, soft_wrap=True)
