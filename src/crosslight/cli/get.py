"""`crosslight get`: parallel corpora to train on, for any language pair, from OPUS and Tatoeba.

Results on stdout (a list, or the paths of two files); license, progress and what to do next on stderr.
"""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from crosslight.corpora.catalog import Corpus
    from crosslight.corpora.download import Progress

SECONDS_BETWEEN_LINES = 5.0

HELP = """Parallel corpora to train on, from https://opus.nlpl.eu and https://tatoeba.org.

  crosslight get fr-en                             list what there is from French into English
  crosslight get fr-en --corpus Tatoeba -o data/   download it as two files, line by line

A pair is two language codes, such as fr-en, deu-eng or pt_BR-en.
Each corpus has its own license: read it before you use or pass on what you train.
Without a network: `crosslight demo` trains on a corpus that is already here.
"""


def get(
    pair: Annotated[
        str | None, typer.Argument(help="Language pair, such as fr-en.", show_default=False)
    ] = None,
    corpus: Annotated[
        str | None, typer.Option("--corpus", "-c", help="Corpus to download; without it, they are listed.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to download into.")] = Path("data"),
    url: Annotated[str | None, typer.Option("--url", hidden=True, help="Another OPUS service.")] = None,
    tatoeba_url: Annotated[
        str | None, typer.Option("--tatoeba-url", hidden=True, help="Another export.")
    ] = None,
) -> None:
    """List or download parallel corpora for any language pair."""
    from crosslight.corpora.catalog import OPUS_URL, TATOEBA_URL, find_corpus, list_corpora
    from crosslight.corpora.languages import parse_pair

    if pair is None:
        typer.echo(HELP, nl=False)
        return
    languages = parse_pair(pair)
    opus_url, tatoeba_url = url or OPUS_URL, tatoeba_url or TATOEBA_URL
    if corpus is None:
        _show_list(list_corpora(languages, opus_url=opus_url, tatoeba_url=tatoeba_url))
        return
    _download(find_corpus(languages, corpus, opus_url=opus_url, tatoeba_url=tatoeba_url), output)


def _download(corpus: Corpus, folder: Path) -> None:
    from crosslight.corpora.install import install

    size = _size(corpus.size_bytes)
    typer.echo(f"{corpus.name} {corpus.version}, {corpus.pair}, {size}. License: {corpus.license}", err=True)
    with _progress() as progress:
        done = install(corpus, folder, progress=progress)
    state = "were there already" if done.was_there else "downloaded"
    typer.echo(f"{done.n_pairs:,} pairs {state}; license and notices: {done.license}", err=True)
    typer.echo(done.src)
    typer.echo(done.tgt)
    src, tgt = shlex.quote(str(done.src)), shlex.quote(str(done.tgt))
    typer.echo(f"next: crosslight train --src {src} --tgt {tgt}", err=True)


def _show_list(corpora: list[Corpus]) -> None:
    """A table for people, or tab-separated lines for a pipe."""
    columns = ["corpus", "version", "pairs", "download", "license"]
    rows = [
        [c.name, c.version, "?" if c.n_pairs is None else f"{c.n_pairs:,}", _size(c.size_bytes), c.license]
        for c in corpora
    ]
    if not sys.stdout.isatty():
        for row in [columns, *rows]:
            typer.echo("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in ("pairs", "download") else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    example = corpora[0]
    typer.echo(f"download one: crosslight get {example.pair} --corpus {example.name} -o data/", err=True)


@contextmanager
def _progress() -> Iterator[Progress]:
    """How far each file is: a bar on a terminal, else a line at the end and every few seconds."""
    if not sys.stderr.isatty():
        yield _plain_lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
    with Bars(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task("download", total=None)
        yield lambda done, total, rate: bars.update(task, completed=done, total=total)


def _plain_lines() -> Progress:
    shown = time.monotonic()

    def show(done: int, total: int | None, bytes_per_second: float) -> None:
        nonlocal shown
        if done != total and time.monotonic() - shown < SECONDS_BETWEEN_LINES:
            return
        shown = time.monotonic()
        left = f", {(total - done) / bytes_per_second:.0f} s left" if total and done < total else ""
        typer.echo(f"{_size(done)} of {_size(total)}, {_size(int(bytes_per_second))}/s{left}", err=True)

    return show


def _size(n_bytes: int | None) -> str:
    if n_bytes is None:
        return "size unknown"
    if n_bytes < 1000:
        return f"{n_bytes} B"
    size = n_bytes / 1000
    for unit in ("kB", "MB"):
        if size < 1000:
            return f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
