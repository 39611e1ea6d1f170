"""What every system's script does alike: load, then measure one cell for each line of JSON it is sent.

    python -m bench.decode.NAME PREPARED [--variant V] [--threads T]

A process stays loaded for all cells, so that two systems can take turns of seconds. Answers go to the
real stdout; what libraries print goes to stderr.
"""

import argparse
import contextlib
import itertools
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from bench.peers.probe import peak_mb

WINDOW = 256  # sentences that are sorted by length together, before batches are cut


@dataclass(frozen=True)
class Cell:
    """One way of asking."""

    beam: int
    batch: int  # sentences
    kind: str = "text"  # or "tokens": subword ids in and out
    length: int | None = None  # of every output in tokens, the end left out; None: as the model likes

    @property
    def name(self) -> str:
        """As the results call it.

        >>> Cell(4, 64).name, Cell(1, 1, "tokens").name, Cell(1, 1, length=14).name
        ('beam 4, batch 64', 'beam 1, batch 1, tokens only', 'beam 1, batch 1, 14 tokens each')
        """
        ending = ", tokens only" * (self.kind == "tokens")
        ending += f", {self.length} tokens each" if self.length is not None else ""
        return f"beam {self.beam}, batch {self.batch}{ending}"


class System(Protocol):
    """A loaded translator."""

    about: str  # version and settings, in a sentence
    in_flight: int  # batches that it takes at a time, where batches are more than one sentence

    def encode(self, texts: Sequence[str]) -> list[Any]:
        """What "tokens only" hands in."""
        ...

    def translate(self, work: Sequence[Any], cell: Cell) -> int:
        """Translate texts, or what `encode` made of them; the number of target tokens, ends counted."""
        ...


@dataclass(frozen=True)
class Options:
    """The arguments of every system's script."""

    prepared: Path
    threads: int
    variant: str


def options() -> Options:
    """Parse the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--variant", default="")
    return Options(**vars(parser.parse_args()))


def batches(texts: Sequence[str], size: int) -> list[list[str]]:
    """The same batches for all: of like length in words, in an order of chance that is always the same.

    >>> sorted(batches(["a b c", "d", "e f", "g"], 2))
    [['d', 'g'], ['e f', 'a b c']]
    """
    cut = []
    for start in range(0, len(texts), WINDOW):
        window = sorted(texts[start : start + WINDOW], key=lambda text: len(text.split()))
        cut += [window[i : i + size] for i in range(0, len(window), size)]
    random.Random(1).shuffle(cut)
    return cut


def measure(
    system: System,
    cell: Cell,
    texts: Sequence[str],
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Any]:
    """Call the system for so many seconds; the first call is to warm up."""
    forget_peak()
    cut = batches(texts, cell.batch)
    n = system.in_flight if cell.batch > 1 else 1
    calls = [[text for batch in cut[i : i + n] for text in batch] for i in range(0, len(cut), n)]
    sizes = [(len(call), sum(len(text.split()) for text in call)) for call in calls]
    work: list[Any] = [system.encode(call) for call in calls] if cell.kind == "tokens" else calls
    system.translate(work[0], cell)
    took: list[float] = []
    n_sentences = n_words = n_tokens = 0
    for (size, words), call in itertools.cycle(zip(sizes, work, strict=True)):
        start = clock()
        n_tokens += system.translate(call, cell)
        took.append(clock() - start)
        n_sentences += size
        n_words += words
        if sum(took) >= seconds:
            break
    spent = sum(took)
    figures: dict[str, Any] = {
        "sentences_per_second": round(n_sentences / spent, 2),
        "words_per_second": round(n_words / spent, 1),  # of the source
        "tokens_per_second": round(n_tokens / spent, 1),
        "sentences": n_sentences,
        "seconds": round(spent, 3),
        "peak_mb": peak_mb(),
    }
    if cell.batch == 1:
        figures |= {"p50_ms": quantile(took, 0.50), "p95_ms": quantile(took, 0.95)}
    return figures


def quantile(seconds: Sequence[float], share: float) -> float:
    """In milliseconds.

    >>> quantile([0.001, 0.003, 0.002], 0.5), quantile([0.004], 0.95)
    (2.0, 4.0)
    """
    if len(seconds) == 1:
        return round(seconds[0] * 1e3, 2)
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return round(cuts[round(share * 100) - 1] * 1e3, 2)


def forget_peak() -> None:
    """Start the peak of resident memory anew, where Linux lets us."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def serve(load: Callable[[Options], System]) -> None:
    """Load and answer until stdin ends: {"about"} first, then the figures of each {"cell", "seconds"}."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    chosen = options()

    def answer(what: dict[str, Any]) -> None:
        answers.write(json.dumps(what) + "\n")
        answers.flush()

    system = load(chosen)
    texts = (chosen.prepared / "test.src").read_text(encoding="utf-8").splitlines()
    answer({"about": system.about})
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer(measure(system, Cell(**asked["cell"]), texts, asked["seconds"]))
        except Exception as error:  # a cell that a system cannot do is a line of the results
            answer({"error": f"{type(error).__name__}: {error}"})


def cell_as_json(cell: Cell) -> dict[str, Any]:
    """What `serve` makes the cell of."""
    return asdict(cell)
