"""`crosslight compare`: two systems on one test set, and whether to ship the second."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from crosslight.evaluate.comparison import Comparison

WIDTH = 110  # where the output is no terminal


def compare(
    a: Annotated[str, typer.Argument(help="The system in use: a bundle, a run, or a file of translations.")],
    b: Annotated[str, typer.Argument(help="The candidate: the same.")],
    test: Annotated[
        tuple[str, str],
        typer.Option(metavar="SRC REF", help="Source and references (text, or a `.refs.tsv` of several)."),
    ],
    lowercase: Annotated[bool, typer.Option("--lowercase", help="Ignore case.")] = False,
    tokenize: Annotated[str, typer.Option(help="BLEU's tokenizer: 13a, intl, zh, char, none.")] = "13a",
    seed: Annotated[int, typer.Option(help="Of the resamples and shuffles.")] = 12345,
    json_: Annotated[Path | None, typer.Option("--json", help="Also write all of it as JSON here.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Also write a stand-alone page here.")] = None,
) -> None:
    """Compare two systems on a test set: scores, significance, errors, lengths, and a verdict.

    crosslight compare runs/old runs/new --test test.fr test.en --html comparison.html
    """
    from rich.console import Console

    from crosslight.cli.output import results
    from crosslight.report.comparison import comparison_page
    from crosslight.tasks.compare import compare_systems
    from crosslight.tasks.files import write_text

    comparison, verdict = compare_systems(
        a, b, *test, say=lambda line: print(line, file=sys.stderr),
        lowercase=lowercase, tokenize=tokenize, seed=seed,
    )  # fmt: skip
    found = {"comparison": comparison.as_dict(), "verdict": asdict(verdict)}
    if json_:
        write_text(json_, json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    if html:
        write_text(html, comparison_page(found))
        print(f"wrote {html}: open it in a browser", file=sys.stderr)
    with results() as out:
        width = None if out.isatty() else WIDTH
        console = Console(file=out, width=width, markup=False, highlight=False)
        for table in _tables(comparison):
            console.print(table)
        answer = "ship" if verdict.ship else "do not ship"
        out.write(f"{answer} {comparison.name_b} (confidence {verdict.confidence:.1%}): {verdict.reason}\n")


def _tables(comparison: "Comparison") -> "Iterator[Table]":
    from rich.table import Table

    def table(*head: str) -> Table:
        made = Table()
        for i, name in enumerate(head):
            made.add_column(name, justify="right" if i else "left")
        return made

    a, b = comparison.name_a, comparison.name_b
    scores = table("", a, b, "difference", "95 %", f"{b} ahead", "p, bootstrap", "p, randomized")
    for m in comparison.metrics:
        boot = m.bootstrap
        span = f"{boot.difference_low:+.2f} to {boot.difference_high:+.2f}"
        scores.add_row(
            m.metric, f"{m.a:.2f}", f"{m.b:.2f}", f"{m.difference:+.2f}", span,
            f"{boot.b_wins:.1%}", f"{boot.p:.4f}", f"{m.p:.4f}",
        )  # fmt: skip
    yield scores
    sentences = comparison.sentences
    won = table(
        f"of {comparison.n_sentences:,} sentences", f"{b} better", f"{b} worse", "tied", "p, sign test"
    )
    won.add_row(
        "by chrF",
        *(f"{n:,}" for n in (sentences.wins, sentences.losses, sentences.ties)),
        f"{sentences.p:.4f}",
    )
    yield won
    errors = table("sentences with", a, b, f"only {a}", f"only {b}", "p, sign test")
    for e in comparison.errors:
        errors.add_row(e.name, *(f"{n:,}" for n in (e.a, e.b, e.only_a, e.only_b)), f"{e.p:.4f}")
    yield errors
    lengths = table("words of the source", "sentences", f"chrF, {a}", f"chrF, {b}", "difference")
    for bucket in comparison.lengths:
        of_a, of_b = bucket.a["chrF"], bucket.b["chrF"]
        lengths.add_row(
            bucket.words, f"{bucket.n_sentences:,}", f"{of_a:.1f}", f"{of_b:.1f}", f"{of_b - of_a:+.1f}"
        )
    yield lengths
