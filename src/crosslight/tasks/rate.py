"""How fast a long task goes: what is done, the rate, the time left."""

import time
from collections.abc import Callable

from crosslight.train.progress import duration

Show = Callable[[str, float], None]


class Rate:
    """Counts what is done and shows it; call it with each new number.

    Args:
        show: takes a line and the share that is done, from 0 to 1 (NaN: not known).
        total: how many there will be, if that is known.

    >>> rate = Rate(lambda line, share: print(share), "cleaning", total=4)
    >>> rate(1), rate(3)
    0.25
    1.0
    (None, None)
    """

    def __init__(self, show: Show, task: str, total: int | None = None, unit: str = "pairs") -> None:
        self._show, self._task, self._total, self._unit = show, task, total, unit
        self._began, self.n_done = time.monotonic(), 0

    def __call__(self, n: int) -> None:
        """So many more are done."""
        self.n_done += n
        share = self.n_done / self._total if self._total else float("nan")
        seconds = time.monotonic() - self._began
        left = f" · {duration(seconds / share - seconds)} left" if self._total else ""
        self._show(f"{self._task}: {self.n_done:,} {self._unit} · {self._rate()}{left}", share)

    def summary(self) -> str:
        """One line when all is done."""
        return f"{self._task}: {duration(time.monotonic() - self._began)} ({self._rate()})"

    def _rate(self) -> str:
        return f"{self.n_done / max(time.monotonic() - self._began, 1e-9):,.0f} {self._unit}/s"
