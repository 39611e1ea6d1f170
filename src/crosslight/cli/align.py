"""`crosslight align`: which attention of a bundle shows best which words belong together."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from crosslight.evaluate.alignment_error import AlignmentError
    from crosslight.tasks.alignment_error import GoldScores, HeadError

WIDTH = 110  # where the output is no terminal


def align(
    bundle: Annotated[Path, typer.Argument(help="A bundle, or a finished run; the result is kept in it.")],
    src: Annotated[str, typer.Option(help="Source side of sentence pairs; 500 or more do well.")],
    tgt: Annotated[
        str | None, typer.Option(help="Target side; without it --src is a table of source TAB target.")
    ] = None,
    gold: Annotated[
        str | None,
        typer.Option(
            help="Links that people made (3-4 sure, 3p4 possible): judge every head by them, keep nothing. "
            "The words of --src and --tgt stand between blanks; --src alone is `source ||| target`."
        ),
    ] = None,
    turned: Annotated[
        bool, typer.Option("--turned", help="Pairs and gold links are of the other direction.")
    ] = False,
    json: Annotated[Path | None, typer.Option(help="With --gold: also write all figures here.")] = None,
) -> None:
    """Choose the attention head that word alignments are read from, by what an aligner learns from the pairs.

    `crosslight translate --alignments FILE` does it by itself where the bundle carries validation pairs. More
    pairs make a better aligner to choose by. With --gold every head is judged by links that people made: the
    alignment error rate (Och and Ney 2003), beside baselines.

    crosslight align runs/mine --src valid.fr --tgt valid.en
    """
    from crosslight.cli.output import results
    from crosslight.errors import ConfigError

    if gold is not None:
        _judge(bundle, gold, src, tgt, turned, json)
        return
    if turned or json:
        raise ConfigError("--turned and --json belong to --gold", "give a file of gold links")
    from crosslight.tasks.alignments import align_bundle

    chosen, file = align_bundle(bundle, src, tgt)
    with results() as out:
        out.write(
            f"layer {chosen.layer}, head {chosen.head}, where a piece is {chosen.row}\n"
            f"F1 {chosen.f1:.3f}, alignment error rate {chosen.error_rate:.3f} against an aligner that "
            f"learned from {chosen.n_learned:,} pairs; judged by {chosen.n_pairs:,}\n"
        )
    print(f"wrote {file}", file=sys.stderr)


def _judge(bundle: Path, gold: str, src: str, tgt: str | None, turned: bool, json: Path | None) -> None:
    from rich.console import Console

    from crosslight.cli.output import results
    from crosslight.tasks.alignment_error import SAID, score_bundle, write_scores

    scores = score_bundle(bundle, gold, src, tgt, turned)
    if json:
        write_scores(scores, json)
    with results() as out:
        console = Console(file=out, width=None if out.isatty() else WIDTH, markup=False, highlight=False)
        console.print(_table(scores))
        best = scores.best
        out.write(
            f"best: layer {best.layer}, head {best.head}, {SAID[best.row]}: alignment error rate "
            f"{best.error.error_rate:.3f} on {scores.n_pairs:,} pairs\n"
        )
        if scores.n_left_out:
            out.write(f"{scores.n_left_out:,} pairs left out: longer than the model has positions\n")


def _table(scores: "GoldScores") -> "Table":
    from rich.table import Table

    from crosslight.tasks.alignment_error import SAID

    table = Table()
    for name in ("attention", "row", "AER", "95 %", "precision", "recall", "shuffled"):
        table.add_column(name, justify="left" if name in ("attention", "row") else "right")

    def add(name: str, row: str, error: "AlignmentError", control: str = "") -> None:
        span = f"{error.low:.3f} to {error.high:.3f}"
        table.add_row(
            name, row, f"{error.error_rate:.3f}", span,
            f"{error.precision:.3f}", f"{error.recall:.3f}", control,
        )  # fmt: skip

    def add_head(head: "HeadError", name: str = "") -> None:
        which = "mean of heads" if head.head == "mean" else f"head {head.head}"
        control = f"{head.shuffled.error_rate:.3f}"
        add(f"{name}layer {head.layer}, {which}", SAID[head.row], head.error, control)

    for head in scores.heads:
        add_head(head)
    table.add_section()
    if scores.stored:
        add_head(scores.stored, "stored: ")
    for name, error in scores.baselines.items():
        add(name, "", error)
    return table
