"""From files to token ids on disk: read, hold out, clean, cut into pieces, cache.

Everything lands in the run's `data/` directory and is reused when the run is resumed.
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosslight.config.run import DataConfig, RunConfig
from crosslight.data.encoding import write_ids
from crosslight.data.ragged import Ragged
from crosslight.data.stream import ParallelCorpus, write_text
from crosslight.durable import flush_tree
from crosslight.errors import ConfigError, RunError
from crosslight.tasks.files import write_text as write_file
from crosslight.tasks.holdout import held_out_pairs
from crosslight.tasks.rate import Rate, Show
from crosslight.tasks.sources import Source, train_sources
from crosslight.tasks.start import old_pairs, origin_of, subwords_of
from crosslight.text.clean import Cleaner, CleanReport, CleanRules
from crosslight.text.corpus import Pair, read_lines, read_pairs
from crosslight.text.segment import segments
from crosslight.text.subword import Subword
from crosslight.text.vocab_size import choose_vocab_size
from crosslight.text.workers import Each, Workers

Say = Callable[[str], None]
VOCABULARY_PAIRS = 100_000  # pairs that the vocabulary is learned from; more change nothing but the memory
BLOCK = 4096
CLEANING = "cleaning.json"
LARGE = 50_000  # pairs from which on the rate is worth a line


@dataclass(frozen=True)
class Prepared:
    """A corpus ready to train on."""

    train: ParallelCorpus
    valid: ParallelCorpus
    src_subword: Subword
    tgt_subword: Subword
    n_pairs: int  # without copies, what `len(train)` has with them
    longest_src: int  # tokens of the 99.9th percentile of the source lines
    sentences_per_line: float  # of the source


def prepare(config: RunConfig, directory: Path, say: Say, show: Show = lambda line, share: None) -> Prepared:
    """Make or reopen the cache in `directory`.

    Args:
        say: takes what is worth keeping.
        show: takes how far it is: a line that replaces the one before, and the share that is done.

    Raises:
        CorpusError: a file cannot be read, or nothing is left to train on.
    """
    done = directory / "done.json"
    fingerprint = _fingerprint(config)
    if done.is_file():
        if json.loads(done.read_text(encoding="utf-8")) != fingerprint:
            raise RunError(f"{directory} was made with other settings", "start a new run with -o")
        return _open(directory)
    for part in ("train", "valid"):
        (directory / part).mkdir(parents=True, exist_ok=True)
    with Workers() as workers:
        n_rows = _write_cleaned(config, directory, say, show, workers.each)
        subwords = _subwords(config, directory, n_rows, say)
        for name, side in zip(("src", "tgt"), subwords, strict=True):
            vocabulary = side.to_bytes()
            (directory / f"{name}.subword").write_bytes(vocabulary)
            rate = Rate(show, f"cutting {name}", n_rows, "sentences")
            n_tokens = write_ids(directory / "train", name, vocabulary, workers.each, rate)
            write_ids(directory / "valid", name, vocabulary)
            say(f"{name}: {n_tokens:,} tokens in {n_rows:,} sentences ({n_tokens / n_rows:.1f} each)")
            _say_rate(rate, say)
    flush_tree(directory)  # first the files, then the word that they are all there
    write_file(done, json.dumps(fingerprint))
    return _open(directory)


def adopt(config: RunConfig, prepared: Path, directory: Path) -> None:
    """Make `directory` a cache like `prepared`, which was made for another seed: the same pairs and pieces.

    The files are second names of the same ones, where the file system has such, and else copies.

    Raises:
        RunError: that one was made with other settings.
    """
    fingerprint = _fingerprint(config)
    theirs = json.loads((prepared / "done.json").read_text(encoding="utf-8"))
    if {**theirs, "seed": config.train.seed} != fingerprint:
        raise RunError(f"{prepared} was made with other settings", "start a new run with -o")
    for source in sorted(path for path in prepared.rglob("*") if path.is_file()):
        place = directory / source.relative_to(prepared)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, place)
        except OSError:
            shutil.copyfile(source, place)
    (directory / "done.json").unlink()
    flush_tree(directory)
    write_file(directory / "done.json", json.dumps(fingerprint))


def _write_cleaned(config: RunConfig, directory: Path, say: Say, show: Show, each: Each) -> int:
    """The text of both sets; returns the number of pairs of an epoch, copies among them."""
    rules = CleanRules(
        max_characters=config.clean.max_characters,
        max_words=config.clean.max_words,
        max_ratio=config.clean.max_ratio,
        drop_copies=config.clean.drop_copies,
        drop_duplicates=config.clean.drop_duplicates,
    )
    tests = set(_test_sentences(config.data))
    validation = Cleaner(rules)
    valid = list(validation.clean(_validation_pairs(config.data, rules, tests, show, each)))
    write_text(directory / "valid", iter([valid]))
    judges = [*valid, *old_pairs(config)]
    cleaner = Cleaner(rules, [*tests, *(side for pair in judges for side in (pair.src, pair.tgt))])
    rate = Rate(show, "cleaning")
    n_rows = write_text(directory / "train", _blocks(_training_pairs(config.data, cleaner, each, rate)))
    _report(cleaner.report, directory, say)
    _say_rate(rate, say)
    validation.report.require_some("the validation set")
    return n_rows


def _say_rate(rate: Rate, say: Say) -> None:
    """Put the rate on record where it took long enough to be one."""
    if rate.n_done >= LARGE:
        say(rate.summary())


def _report(report: CleanReport, directory: Path, say: Say) -> None:
    for line in report.lines():
        say(line)
    (directory / CLEANING).write_text(
        json.dumps(report.as_dict(), indent=1, ensure_ascii=False), encoding="utf-8"
    )
    report.require_some("the training corpus")


def _n_kept(directory: Path) -> int:
    """Pairs that cleaning kept: copies, made after it, are not among them."""
    return int(json.loads((directory / CLEANING).read_text(encoding="utf-8"))["kept"])


def _subwords(config: RunConfig, directory: Path, n_rows: int, say: Say) -> tuple[Subword, Subword]:
    """Source and target vocabulary: the same one if joint."""

    def learn(*sides: str) -> Subword:
        def lines() -> Iterator[str]:
            return chain.from_iterable(_sample(directory, side, n_rows) for side in sides)

        size = config.subword.vocab_size
        if size is None:
            n_words = len({word for line in lines() for word in line.split()})
            size, reason = choose_vocab_size(_n_kept(directory), n_words)
            say(f"vocabulary: {reason}")
        return Subword.train(
            lines(),
            size,
            kind=config.subword.kind,
            byte_fallback=config.subword.byte_fallback,
            seed=config.train.seed,
        )

    if taken := subwords_of(config):
        return taken
    if config.subword.joint:
        both = learn("src", "tgt")
        return both, both
    return learn("src"), learn("tgt")


def _sample(directory: Path, side: str, n_rows: int) -> Iterator[str]:
    text = Ragged(directory / "train" / f"{side}-text", np.uint8)
    step = -(-n_rows // VOCABULARY_PAIRS)
    for start in range(0, n_rows, BLOCK * step):
        for row in text.rows(range(start, min(start + BLOCK * step, n_rows), step)):
            yield row.tobytes().decode()


def require_fitting(corpus: ParallelCorpus, max_length: int) -> int:
    """How many pairs have fewer than `max_length` tokens on both sides.

    Raises:
        ConfigError: none; training would wait for the first one forever.
    """
    n_pairs = sum(
        int((np.maximum(src, tgt) < max_length).sum())
        for src, tgt in zip(_lengths(corpus.src_ids), _lengths(corpus.tgt_ids), strict=True)
    )
    if not n_pairs:
        raise ConfigError(
            f"train.max_length = {max_length}: all {len(corpus):,} pairs are longer, in tokens",
            "set a larger train.max_length, or split the sentences",
        )
    return n_pairs


def _lengths(ids: Ragged) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(ids), BLOCK):
        ends = ids.ends()[start : start + BLOCK].astype(np.int64)
        first = int(ids.ends()[start - 1]) if start else 0
        ids.release()
        yield ends - np.concatenate(([first], ends[:-1]))


def _open(directory: Path) -> Prepared:
    train = ParallelCorpus.open(directory / "train")
    n_of_length = Counter(length for block in _lengths(train.src_ids) for length in block.tolist())
    longest, n_shorter = 0, 0
    while n_shorter < 0.999 * len(train):
        longest += 1
        n_shorter += n_of_length[longest]
    return Prepared(
        train=train,
        valid=ParallelCorpus.open(directory / "valid"),
        src_subword=Subword.from_bytes((directory / "src.subword").read_bytes()),
        tgt_subword=Subword.from_bytes((directory / "tgt.subword").read_bytes()),
        n_pairs=_n_kept(directory),
        longest_src=max(32, longest),
        sentences_per_line=_sentences_per_line(train),
    )


def _sentences_per_line(corpus: ParallelCorpus, n_lines: int = 1000) -> float:
    rows = range(0, len(corpus), max(1, len(corpus) // n_lines))
    counts = [len(segments(row.tobytes().decode())) for row in corpus.src_text.rows(rows)]
    return sum(counts) / len(counts)


def _read(sources: Iterable[Source]) -> Iterator[Pair]:
    for source in sources:
        yield from read_pairs(source)


def _training_pairs(data: DataConfig, cleaner: Cleaner, each: Each, rate: Rate) -> Iterator[Pair]:
    """Every source cleaned, and then as often as it shall count."""
    sources = train_sources(data)
    for source, copies in zip(sources, data.copies or [1] * len(sources), strict=True):
        for pair in cleaner.clean(read_pairs(source), each, rate):
            yield from [pair] * copies


def _validation_pairs(
    data: DataConfig, rules: CleanRules, tests: set[str], show: Show, each: Each
) -> Iterable[Pair]:
    """The validation files; without any, pairs of the training corpus."""
    given: list[Source] = [(data.valid_src, data.valid_tgt)] if data.valid_src and data.valid_tgt else []
    given += data.valid_pairs
    if given:
        return _read(given)
    rate = Rate(show, "choosing validation pairs")
    return held_out_pairs(_read(train_sources(data)), data.valid_size, rules, tests, each, rate)


def _test_sentences(data: DataConfig) -> Iterator[str]:
    for name in data.held_out:
        for line in read_lines(name):
            yield from line.split("\t")


def _blocks(pairs: Iterator[Pair]) -> Iterator[list[Pair]]:
    while block := list(islice(pairs, BLOCK)):
        yield block


def _fingerprint(config: RunConfig) -> dict[str, Any]:
    tree = {part: getattr(config, part).model_dump(mode="json") for part in ("data", "clean", "subword")}
    start = {"start": origin} if (origin := origin_of(config)) else {}
    return {**tree, **start, "seed": config.train.seed}
