"""What a teacher model writes, kept line by line as it comes, and the part of it that is worth teaching.

A row is source TAB output TAB score. Rows are flushed to the disk a few thousand at a time, so that a stop
loses minutes at most, and stand in the order of the sources, so that their number says where to go on.
"""

import json
import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from crosslight.bundle import Bundle
from crosslight.decode.translation import Translation
from crosslight.decode.translator import Translator
from crosslight.errors import CorpusError, RunError
from crosslight.tasks.files import write_text, written
from crosslight.tasks.translate import LINES_AT_ONCE, translate_lines
from crosslight.text.corpus import read_lines


def write_outputs(
    translator: Translator, srcs: Sequence[Path], outputs: Path, say: Callable[[str], None], **settings: Any
) -> int:
    """See that `outputs` has a row for every different sentence of the sources; how many there are.

    Raises:
        ConfigError: a setting that cannot be.
        CorpusError: a source file cannot be read, or none has a sentence.
        RunError: there are rows of another teacher, other settings or other sources already.
    """
    translator.settings_for(1, settings)  # as below: what cannot be is said before anything is written
    n_texts = sum(1 for _ in different(srcs))  # what is wrong with a file shows now, not hours later
    if not n_texts:
        raise CorpusError("the source files have no sentence", "give text for the teacher to translate")
    outputs.parent.mkdir(parents=True, exist_ok=True)
    _require_same_teacher(translator, settings, outputs)
    texts = different(srcs)
    with outputs.open("ab+") as file:
        file.seek(0)
        n_rows, end = 0, 0
        for row in file:
            if not row.endswith(b"\n"):  # a stop came in the middle of it
                break
            if row.decode().partition("\t")[0] != next(texts, None):
                raise RunError(
                    f"row {n_rows + 1:,} of {outputs} is of another source",
                    "give the same source files, or choose another place with -o",
                )
            n_rows, end = n_rows + 1, end + len(row)
        file.truncate(end)
        if n_rows:
            say(f"{n_rows:,} sentences are translated already")
        translations = translate_lines(translator, texts, total=n_texts - n_rows, **settings)
        while block := list(islice(translations, LINES_AT_ONCE)):
            file.write("".join(map(_row, block)).encode())
            file.flush()
            os.fsync(file.fileno())
            n_rows += len(block)
    return n_rows


def different(srcs: Sequence[Path]) -> Iterator[str]:
    """Every different sentence of some files once, in order, a tab in it written as a blank."""
    seen: set[int] = set()  # hashes, since millions of sentences would not fit
    for path in srcs:
        for line in read_lines(path):
            text = line.replace("\t", " ").strip()
            if text and hash(text) not in seen:
                seen.add(hash(text))
                yield text


def write_best(outputs: Path, lessons: Path, worst: float) -> int:
    """Write source TAB output of what is worth teaching; how many pairs that is.

    Left out are empty outputs, outputs caught in a loop, and of the others the share `worst` with the lowest
    scores.

    Raises:
        CorpusError: nothing is left.
    """
    scores = array("d", (score for _, _, score in _rows(outputs)))
    if not scores:
        raise CorpusError(
            "the teacher's outputs are all empty or loops", "train the teacher longer, or check the sources"
        )
    least = sorted(scores)[int(worst * len(scores))]
    n_lessons = 0
    with written(lessons) as file:
        for src, output, score in _rows(outputs):
            if score >= least:
                file.write(f"{src}\t{output}\n")
                n_lessons += 1
    return n_lessons


def _rows(outputs: Path) -> Iterator[tuple[str, str, float]]:
    for row in read_lines(outputs):
        src, output, score = row.split("\t")
        if output.strip() and score:
            yield src, output, float(score)


def _row(translation: Translation) -> str:
    """One line, whatever the model wrote; without a score where it was caught in a loop."""
    output = " ".join(translation.text.split())
    score = "" if translation.looped else f"{translation.score:.4f}"
    return f"{translation.src}\t{output}\t{score}\n"


def _require_same_teacher(translator: Translator, settings: dict[str, Any], outputs: Path) -> None:
    """Write down beside the outputs who makes them, or compare with what stands there."""
    note = outputs.with_suffix(".json")
    teacher: dict[str, Any] = {"bundle": _sums(translator.bundle), "settings": settings}
    if translator.partners:
        teacher["partners"] = [_sums(bundle) for bundle in translator.partners]
    if translator.reverse:
        teacher["reverse"] = [_sums(translator.reverse.bundle), translator.reverse.weight]
    if not outputs.exists():
        write_text(note, json.dumps(teacher, indent=1))
    elif not note.is_file() or json.loads(note.read_text(encoding="utf-8")) != teacher:
        raise RunError(
            f"{outputs} is of another teacher, or of other settings",
            "choose another place with -o, or remove the directory to begin anew",
        )


def _sums(bundle: Bundle) -> dict[str, str] | None:
    """The checksums of a bundle's files; None for one that lies nowhere."""
    if not bundle.path:
        return None
    head = json.loads((bundle.path / "bundle.json").read_text(encoding="utf-8"))
    sums: dict[str, str] | None = head.get("sha256")
    return sums
