"""Experiments of many trainings, one thread each: as many side by side as the command is started.

A run that is finished, or that another process is at, is passed over; one that was stopped goes on.
"""

import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from crosslight.evaluate.sentence_counts import SentenceCounts, count_sentences

PROGRAM = [sys.executable, "-c", "from crosslight.cli.main import main; main()"]


def lines(path: Path) -> list[str]:
    """The lines of a file, or of its packed twin `path.gz`."""
    packed = path.with_name(path.name + ".gz")
    raw = gzip.decompress(packed.read_bytes()) if packed.is_file() else path.read_bytes()
    return [line.strip() for line in raw.decode("utf-8").splitlines()]


def taken(file: Path) -> bool:
    """Whether the run is ours now: nobody has it, or who had it is gone."""
    if file.is_file() and (owner := file.read_text()) and Path("/proc", owner).exists():
        return False
    file.write_text(str(os.getpid()))
    return True


def train(out: Path, options: Sequence[str | Path], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Train in the directory `out` to the end, going on where it was stopped; what the bundle says of it."""
    command = [*PROGRAM, "train", "--preset", "tiny", "-o", str(out), *map(str, options)]
    command += [f"--set={key}={json.dumps(value)}" for key, value in settings.items()]
    if (out / "checkpoints").is_dir():
        command = [*PROGRAM, "train", "--resume", str(out)]
    bundle = out / "bundle" / "bundle.json"
    if not bundle.is_file():
        with out.with_suffix(".log").open("a") as log:
            subprocess.run(command, check=True, stdout=log, stderr=log)
    facts: dict[str, Any] = json.loads(bundle.read_text(encoding="utf-8"))["facts"]
    return facts


def translated(
    run: Path, parts: Mapping[str, Sequence[str]], beam: int
) -> tuple[dict[str, list[str]], float]:
    """Translations of every part by a finished run, and how long they took on one thread."""
    import torch  # not needed where only a table is made

    import crosslight

    torch.set_num_threads(1)
    translator, began = crosslight.load(run / "bundle"), time.monotonic()
    outputs = {
        name: [t.text for t in translator.translate(list(texts), beam=beam)] for name, texts in parts.items()
    }
    return outputs, time.monotonic() - began


def keep(out: Path, result: Mapping[str, Any]) -> None:
    """Write a finished run's figures."""
    put(out.with_suffix(".json"), json.dumps(result, ensure_ascii=False) + "\n")


def put(file: Path, text: str) -> None:
    """Write a file whole or not at all, also where another process reads it or writes the same."""
    part = file.with_name(f"{file.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(file)


def finished(directory: Path) -> list[dict[str, Any]]:
    """The figures of all finished runs."""
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(directory.glob("*.json"))]


def together(metric: str, outputs: Sequence[list[str]], refs: list[str]) -> SentenceCounts:
    """The counts of every sentence summed over the seeds: the score of all their translations as one text."""
    each = [count_sentences(metric, texts, [refs]) for texts in outputs]
    return replace(each[0], rows=sum(one.rows for one in each))


def write(result: Path, tree: Any, text: str) -> None:
    """Both files of a result: the figures and the table."""
    result.parent.mkdir(parents=True, exist_ok=True)
    content = json.dumps(tree, indent=1, ensure_ascii=False) + "\n"
    result.with_suffix(".json").write_text(content, encoding="utf-8")
    result.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


def grid(head: list[str], rows: list[list[str]]) -> list[str]:
    """The lines of a table."""
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
