"""Asking a training to stop, by Ctrl-C or a signal, without losing a step."""

import signal
from dataclasses import dataclass
from types import FrameType
from typing import Self


@dataclass
class StopRequest:
    """Ctrl-C or SIGTERM asks to stop after the step under way; a second Ctrl-C stops at once."""

    signal: int | None = None

    def __enter__(self) -> Self:
        self._before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in self._before:
            signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            if signal.getsignal(number) == self._ask:  # and nobody has meanwhile put another in its place
                signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number
