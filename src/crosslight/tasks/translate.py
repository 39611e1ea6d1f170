"""Using a bundle: text to text, and how good that text is."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from crosslight.bundle import load_bundle
from crosslight.config.run import DecodeConfig
from crosslight.decode.reverse import WEIGHT, Reverse
from crosslight.decode.translation import Translation
from crosslight.decode.translator import Translator
from crosslight.errors import ConfigError, CorpusError
from crosslight.evaluate import Scores, Stream, evaluate, read_references
from crosslight.tasks.engine import fast_search
from crosslight.tasks.explain import look_inside
from crosslight.text.arriving import blocks
from crosslight.text.corpus import read_lines, read_parallel
from crosslight.train.machine import keep_freed_memory, probe_threads

LINES_AT_ONCE = 2000


def load(
    path: Path | str,
    threads: int = 1,
    engine: str = "torch",
    partners: Sequence[Path | str] = (),
    reverse: Path | str | None = None,
    reverse_weight: float = WEIGHT,
) -> Translator:
    """The translator in a bundle, or in a finished run.

    >>> crosslight.load("runs/mine").translate(["Bonjour !"])[0].text  # doctest: +SKIP
    'Hello!'

    Args:
        threads: batches that are searched at a time; worth it for many sentences.
        engine: what searches: torch, ctranslate2, int8, or auto (see `tasks.engine`).
        partners: other bundles of the same vocabularies that translate together with it, in torch.
        reverse: a bundle of the other direction, that chooses among what is found (see `decode.reverse`).
        reverse_weight: how much its opinion counts.

    Raises:
        BundleError: there is none, or it is damaged.
        ConfigError: the engine is not installed, or does not know such a model; other vocabularies; `reverse`
            is not of the other direction.
    """
    keep_freed_memory()
    bundle = load_bundle(path)
    chooser = Reverse(load_bundle(reverse), reverse_weight) if reverse else None
    if partners:
        if engine in ("ctranslate2", "int8"):
            raise ConfigError(
                f"{engine} searches with one model, not with several", "translate with --engine torch"
            )
        members = [load_bundle(other) for other in partners]
        return Translator(bundle, threads=threads, partners=members, reverse=chooser)
    engine_search = fast_search(bundle, engine, threads, _say)
    return Translator(bundle, look_inside, threads, engine_search, reverse=chooser)


def load_for_files(path: Path | str, engine: str = "torch", **others: Any) -> Translator:
    """The translator for a whole file: as many threads as this machine gains from; `others` as in `load`."""
    threads, _ = probe_threads(0.2)
    return load(path, threads, engine, **others)


def _say(line: str) -> None:
    if line != "engine: torch":  # what everybody has
        print(line, file=sys.stderr)


def translate_lines(
    translator: Translator,
    lines: Iterable[str],
    at_once: int = LINES_AT_ONCE,
    total: int | None = None,
    **settings: Any,
) -> Iterator[Translation]:
    """Every line translated, in order, a few thousand at a time: files larger than memory are fine.

    A line is one text, so nothing that a file could hold makes two lines of one.

    Args:
        total: how many lines there are, for the time left.
    """
    for found in translate_blocks(translator, blocks(lines, at_once), total, at_once > 1, **settings):
        yield from found


def translate_blocks(
    translator: Translator,
    lines: Iterable[list[str]],
    total: int | None = None,
    is_shown: bool = True,
    **settings: Any,
) -> Iterator[list[Translation]]:
    """Blocks of lines, each translated as soon as it is there; a beam wider than the bundle's is told of.

    Args:
        total: how many lines there are, for the time left.
        is_shown: whether a terminal sees how it goes on.
    """
    _say_beam(translator, settings)
    with progress_bar(is_shown and sys.stderr.isatty()) as bar:
        task = bar.add_task("translating", total=total)
        for block in lines:
            yield translator.translate(block, **settings)
            bar.advance(task, len(block))


def _say_beam(translator: Translator, asked: dict[str, Any]) -> None:
    """Say that the beam is wider than the bundle's, where that was not asked for but follows from n_best."""
    n_best = asked.get("n_best", 1)
    given = {name: value for name, value in asked.items() if name in DecodeConfig.model_fields}
    usual, beam = translator.bundle.config.decode.beam, translator.settings_for(n_best, given).beam
    if "beam" not in given and beam > usual:
        _say(f"beam: {beam} instead of {usual}, for {n_best} translations of each line")


def n_lines(path: str) -> int | None:
    """How many lines a file has; None where counting would use it up (a pipe), or nobody looks."""
    if not Path(path).is_file() or not sys.stderr.isatty():
        return None
    return sum(1 for _ in read_lines(path))


def is_file(text: str) -> bool:
    """Whether a text is the name of a file; most are too long or too odd to be one."""
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def translate_file(translator: Translator, path: Path | str, **settings: Any) -> list[Translation]:
    """Every line of a file translated."""
    return list(translate_lines(translator, read_lines(path), **settings))


def lines_of(path: Path | str) -> list[str]:
    """The lines of a file under the one newline rule."""
    return list(read_lines(path))


def references_of(lines: Path | str, references: Path | str) -> list[Stream]:
    """The references of a file of sentences or translations, one or several for each of its lines.

    Raises:
        CorpusError: a file cannot be read, or they differ in length; better known before than after
            an hour of translating.
    """
    streams: list[Stream] = list(read_references(references))
    if len(streams) == 1:
        return [[pair.tgt for pair in read_parallel(lines, references)]]
    n_lines = sum(1 for _ in read_lines(lines))
    if n_lines != len(streams[0]):
        raise CorpusError(
            f"{lines} has {n_lines:,} lines, {references} has references for {len(streams[0]):,}",
            "give the two files of the same test set, line by line",
        )
    return streams


def score(hypotheses: list[str], references: list[Stream], **choices: Any) -> Scores:
    """BLEU, chrF and TER of translations against streams of references."""
    return evaluate(hypotheses, references, **choices)


class _Rate(ProgressColumn):
    """Lines a second."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f} {self._unit}/s")


def progress_bar(is_shown: bool, unit: str = "lines") -> Progress:
    """What a terminal sees of a long translation: how far it is, how fast, and the time left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        _Rate(unit),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not is_shown,
        transient=True,
    )
