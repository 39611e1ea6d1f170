"""Using a bundle: text to text, and how good that text is."""

import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from crosslight.bundle import load_bundle
from crosslight.decode.translator import Translation, Translator
from crosslight.evaluate import Scores, evaluate, read_references
from crosslight.tasks.explain import look_inside
from crosslight.text.corpus import read_lines
from crosslight.train.machine import keep_freed_memory, probe_threads

LINES_AT_ONCE = 2000


def load(path: Path | str, threads: int = 1) -> Translator:
    """The translator in a bundle, or in a finished run.

    >>> crosslight.load("runs/mine").translate(["Bonjour !"])[0].text  # doctest: +SKIP
    'Hello!'

    Args:
        threads: batches that are searched at a time; worth it for many sentences.

    Raises:
        BundleError: there is none, or it is damaged.
    """
    keep_freed_memory()
    return Translator(load_bundle(path), look_inside, threads)


def load_for_files(path: Path | str) -> Translator:
    """The translator for a whole file: as many threads as this machine gains from."""
    threads, _ = probe_threads(0.2)
    return load(path, threads)


def translate_lines(translator: Translator, lines: Iterable[str], **settings: Any) -> Iterator[Translation]:
    """Every line translated, in order, a few thousand at a time: files larger than memory are fine.

    A line is one text, so nothing that a file could hold makes two lines of one.
    """
    lines = iter(lines)
    with _bar() as bar:
        task = bar.add_task("translating", total=None)
        while block := list(islice(lines, LINES_AT_ONCE)):
            yield from translator.translate(block, **settings)
            bar.advance(task, len(block))


def translate_file(translator: Translator, path: Path | str, **settings: Any) -> list[Translation]:
    """Every line of a file translated."""
    return list(translate_lines(translator, read_lines(path), **settings))


def lines_of(path: Path | str) -> list[str]:
    """The lines of a file under the one newline rule."""
    return list(read_lines(path))


def score(hypotheses: list[str], references: Path | str, **choices: Any) -> Scores:
    """BLEU, chrF and TER of translations against a reference file, or a table of several references."""
    return evaluate(hypotheses, read_references(references), **choices)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("lines"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
