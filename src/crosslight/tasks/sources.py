"""The training files: which they are, how much they hold, and those among them that are pipes."""

import shutil
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO

from crosslight.config.run import DataConfig
from crosslight.errors import CorpusError
from crosslight.text.corpus import check_parallel, read_pairs
from crosslight.text.tmx import direction_of, is_tmx

Source = tuple[str, str] | str


def train_sources(data: DataConfig) -> list[Source]:
    """The training files that the settings name.

    Raises:
        CorpusError: there are none.
    """
    sources: list[Source] = [(data.src, data.tgt)] if data.src and data.tgt else []
    sources += data.pairs
    if not sources:
        raise CorpusError(
            "no training corpus is given", "give --src and --tgt, or --pairs with a .tsv or .tmx file"
        )
    return sources


def count_pairs(data: DataConfig) -> int:
    """How many pairs the training files hold, without copies.

    The faults of the files come to light here, before anything is written.

    Raises:
        CorpusError: there are none, or a file cannot be read.
    """
    n_pairs = sum(
        check_parallel(*source) if isinstance(source, tuple) else sum(1 for _ in read_pairs(source))
        for source in train_sources(data)
    )
    if not n_pairs:
        names = [name for name in (data.src, data.tgt, *data.pairs) if name]
        raise CorpusError(
            f"the training corpus is empty: no line in {', '.join(names)}", "give a corpus with sentences"
        )
    return n_pairs


def named_by_memories(data: DataConfig) -> DataConfig:
    """The languages, where nobody said them and a translation memory does."""
    memory = next((name for name in data.pairs if is_tmx(name)), None)
    if memory is None or data.src_lang or data.tgt_lang:
        return data
    src, tgt = direction_of(memory)
    return data.model_copy(update={"src_lang": src, "tgt_lang": tgt})


def spool_pipes(data: DataConfig, directory: Path) -> DataConfig:
    """A corpus that comes through a pipe is written down first: it is read more than once."""
    pairs = list(data.pairs)
    for i, name in enumerate(pairs):
        if name == "-" or Path(name).is_fifo():
            directory.mkdir(parents=True, exist_ok=True)
            spooled = directory / f"pipe-{i + 1}.tsv"
            with spooled.open("wb") as file, _pipe(name) as pipe:
                shutil.copyfileobj(pipe, file)
            pairs[i] = str(spooled)
    return data.model_copy(update={"pairs": tuple(pairs)})


def _pipe(name: str) -> AbstractContextManager[IO[bytes]]:
    return nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb")
