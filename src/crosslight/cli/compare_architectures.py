"""`crosslight compare-architectures`: the same corpus and the same minutes for each architecture."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crosslight.errors import ConfigError

if TYPE_CHECKING:
    from rich.table import Table

WIDTH = 110  # where the output is no terminal


def compare_architectures(
    *,
    src: Annotated[
        str | None, typer.Option(help="Source side, one sentence a line (.gz and .xz too).")
    ] = None,
    tgt: Annotated[str | None, typer.Option(help="Target side, line by line its translation.")] = None,
    pairs: Annotated[
        list[str] | None, typer.Option(help="File of source TAB target, besides or instead; repeatable.")
    ] = None,
    valid_src: Annotated[str | None, typer.Option(help="Source side of a validation set.")] = None,
    valid_tgt: Annotated[str | None, typer.Option(help="Target side of the validation set.")] = None,
    test_src: Annotated[
        str | None, typer.Option(help="Source side of the test set; the validation set unless given.")
    ] = None,
    test_tgt: Annotated[str | None, typer.Option(help="Target side of the test set.")] = None,
    test_pairs: Annotated[
        str | None, typer.Option(help="The test set as a file of source TAB target, instead.")
    ] = None,
    minutes_each: Annotated[
        float | None, typer.Option(help="How long to train each (30 unless --steps is given).")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="How many updates to train each, instead.")] = None,
    seeds: Annotated[str, typer.Option(help='Seeds that each is trained with, e.g. "1 2 3".')] = "1",
    only: Annotated[
        str | None,
        typer.Option(help='Which architectures, e.g. "transformer rnn"; all but controls else.'),
    ] = None,
    controls: Annotated[
        bool, typer.Option("--controls", help="Train the controls too: the Transformer without positions.")
    ] = False,
    arms: Annotated[
        Path | None,
        typer.Option(help="A TOML file of other architectures, instead of those that come along."),
    ] = None,
    parallel: Annotated[int, typer.Option(min=1, help="Trainings side by side, each with one thread.")] = 1,
    config: Annotated[
        Path | None, typer.Option(help="A TOML file of settings, laid over all architectures.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="One setting of all of them, e.g. model.dropout=0.2.")
    ] = None,
    sentence: Annotated[
        str | None,
        typer.Option(
            help="Sentence whose attention is shown, where the page shall hold none of the test set."
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory of the comparison.")] = Path("runs")
    / "architectures",
) -> None:
    """Train one architecture after the other on the same corpus, and see which claims about them hold on it.

    A table goes to the terminal, a stand-alone page with all figures to DIR/report.html. The same command
    goes on after a stop, and takes more seeds and architectures.

    crosslight compare-architectures --src my.en --tgt my.de --minutes-each 20 --seeds "1 2 3" -o runs/arms
    """
    from rich.console import Console

    from crosslight.cli.output import results
    from crosslight.cli.train import assignment
    from crosslight.config.load import merge, read_toml
    from crosslight.tasks.alone import alone_in
    from crosslight.tasks.architectures.arms import read_arms
    from crosslight.tasks.architectures.compare import compare_architectures as compare
    from crosslight.tasks.architectures.contest import open_contest

    test = _test(test_src, test_tgt, test_pairs)
    held_out = [] if test is None else list(test) if isinstance(test, tuple) else [test]
    files = {
        "src": src, "tgt": tgt, "pairs": pairs, "valid_src": valid_src, "valid_tgt": valid_tgt,
        "held_out": held_out,
    }  # fmt: skip
    length = {"minutes": minutes_each or (None if steps else 30.0), "steps": steps}
    wishes = merge(
        read_toml(config) if config else {},
        {"data": _given(files), "train": _given(length)},
        *map(assignment, set_ or []),
    )
    chosen, shared = read_arms(arms, _names(only), with_controls=controls)
    console = Console(stderr=True)
    try:
        with alone_in(out):
            contest = open_contest(out, chosen, _seeds(seeds), shared, wishes, parallel)
            found = compare(contest, test, console, sentence=sentence)
    except KeyboardInterrupt:
        console.print("\nInterrupted. The same command goes on.", markup=False, highlight=False)
        raise typer.Exit(130) from None
    if isinstance(found, int):
        console.print("\nStopped and saved. The same command goes on.", markup=False, highlight=False)
        raise typer.Exit(128 + found)
    with results() as file:
        table_console = Console(
            file=file, width=None if file.isatty() else WIDTH, markup=False, highlight=False
        )
        table_console.print(_table(found))
        for claim in found["claims"]:
            file.write(f"{claim['sentence']}: {claim['figure']}: {claim['verdict']}\n")
    console.print(f"wrote {out / 'report.html'}: open it in a browser", markup=False, highlight=False)


def _table(found: dict[str, Any]) -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("", "parameters", "chrF", "95 %", "BLEU", "slope by length", "epochs", "training", "beam 4"):
        table.add_column(name, justify="right" if name else "left", no_wrap=not name)
    for arm in sorted(found["arms"], key=lambda arm: -found["chrF"]["arms"][arm["name"]]["value"]):
        name = arm["name"]
        chrf, bleu = (found[metric]["arms"][name] for metric in ("chrF", "BLEU"))
        epochs = [run["epochs"] for run in found["runs"] if run["arm"] == name]
        lengths = found["training"]["lengths"]
        rate = found["training"]["arms"][name]["tokens_per_second"][len(lengths) // 2]
        decoding = next(iter(found["decoding"]["arms"][name].values()))
        table.add_row(
            arm["label"],
            f"{arm['parameters'] / 1e6:.2f} M",
            f"{chrf['value']:.1f}",
            f"{chrf['low']:.1f}–{chrf['high']:.1f}",
            f"{bleu['value']:.1f}",
            f"{found['by_length']['arms'][name]['slope']['value']:+.2f}",
            f"{sum(epochs) / len(epochs):.1f}",
            f"{rate:,.0f} tok/s",
            f"{decoding['sentences_per_second']:.1f} sent/s",
        )
    return table


def _test(src: str | None, tgt: str | None, pairs: str | None) -> tuple[str, str] | str | None:
    if (src is None) != (tgt is None) or (src is not None and pairs is not None):
        raise ConfigError(
            "a test set is --test-src with --test-tgt, or --test-pairs", "give both sides, or the one file"
        )
    return pairs if src is None or tgt is None else (src, tgt)


def _names(text: str | None) -> list[str]:
    """What stands between commas or blanks."""
    return (text or "").replace(",", " ").split()


def _seeds(text: str) -> list[int]:
    names = _names(text)
    if not names or not all(name.isdecimal() for name in names) or len(set(names)) < len(names):
        raise ConfigError(
            f"--seeds {text!r} are no seeds", "give different whole numbers, e.g. --seeds '1 2 3'"
        )
    return [int(name) for name in names]


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value not in (None, [], {})}
