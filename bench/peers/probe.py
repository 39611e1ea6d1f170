"""What is measured, alike for every system: tokens, padding, seconds and memory around its own updates.

A system's script tells the probe of each batch and each finished update; the probe changes nothing. The
first `WARM_UPDATES` are not timed. When the time is over it writes its figures and leaves the program
by SystemExit, before the system's own trainer could validate or save.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

WARM_UPDATES = 5
STARTED = float(os.environ.get("PEERS_STARTED") or time.time())  # of the process; `run` sets it


@dataclass(frozen=True)
class Options:
    """The arguments of every system's script."""

    prepared: Path  # what `prepare` wrote
    threads: int
    seconds: float  # of the timed window
    output: Path  # JSON


def options() -> Options:
    """Parse the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--output", type=Path, required=True)
    return Options(**vars(parser.parse_args()))


@dataclass
class Count:
    """Tokens and the cells they lie in, end tokens counted, padding and begin tokens not."""

    src: int = 0
    tgt: int = 0
    src_cells: int = 0
    tgt_cells: int = 0

    def add(self, other: "Count") -> None:
        """Sum the two into this one."""
        self.src += other.src
        self.tgt += other.tgt
        self.src_cells += other.src_cells
        self.tgt_cells += other.tgt_cells

    def padding(self) -> dict[str, float]:
        """Share of cells that hold padding: of the source, of the target, and of both together.

        >>> Count(src=6, tgt=9, src_cells=8, tgt_cells=10).padding()
        {'src': 0.25, 'tgt': 0.1, 'both': 0.1667}
        """
        return {
            "src": round(1 - self.src / self.src_cells, 4),
            "tgt": round(1 - self.tgt / self.tgt_cells, 4),
            "both": round(1 - (self.src + self.tgt) / (self.src_cells + self.tgt_cells), 4),
        }


@dataclass
class Probe:
    """Counts from the first update on; figures are of the updates after the warm-up."""

    options: Options
    settings: str  # how the system was asked to train, in a sentence
    version: str
    n_parameters: int = 0
    clock: Callable[[], float] = time.perf_counter
    losses: list[tuple[int, float]] = field(default_factory=list)  # (update, loss as the system counts it)
    _n_updates: int = 0
    _first_seconds: float = 0.0
    _window: float = 0.0
    _began: float = 0.0
    _pending: Count = field(default_factory=Count)
    _count: Count = field(default_factory=Count)

    def batch(self, count: Count) -> None:
        """A batch of the update under way."""
        self._pending.add(count)

    def update(self, loss: float) -> None:
        """An update is finished. Raises SystemExit when the time is over."""
        now = self.clock()
        self._n_updates += 1
        if self._n_updates == 1:
            self._first_seconds = time.time() - STARTED
        if self._n_updates == WARM_UPDATES:
            self._began = now
        elif self._n_updates > WARM_UPDATES:
            self._count.add(self._pending)
            self._window = now - self._began
        self._pending = Count()
        self.losses.append((self._n_updates, round(loss, 4)))
        if self._n_updates > WARM_UPDATES and self._window >= self.options.seconds:
            self.write()
            raise SystemExit(0)

    def write(self) -> None:
        """The figures as JSON."""
        figures = {
            "tokens_per_second": round(self._count.tgt / self._window, 1),
            "src_tokens_per_second": round(self._count.src / self._window, 1),
            "padding": self._count.padding(),
            "tokens_per_update": round(self._count.tgt / (self._n_updates - WARM_UPDATES), 1),
            "updates": self._n_updates - WARM_UPDATES,
            "seconds": round(self._window, 2),
            "first_update_seconds": round(self._first_seconds, 2),
            "peak_mb": peak_mb(),
            "parameters": self.n_parameters,
            "losses": thinned(self.losses),
            "threads": self.options.threads,
            "version": self.version,
            "settings": self.settings,
            "count": asdict(self._count),
        }
        self.options.output.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        print(f"{figures['tokens_per_second']:,.0f} target tokens/s", file=sys.stderr)


def thinned(losses: list[tuple[int, float]], n: int = 12) -> list[tuple[int, float]]:
    """About n of them, first and last included."""
    step = max(1, len(losses) // n)
    return losses[:-1][::step] + losses[-1:]


def peak_mb() -> float | None:
    """The most resident memory that this process ever had; None where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return None
    return round(int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024, 1)
