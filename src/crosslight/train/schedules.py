"""How large a step is, as training goes on.

A schedule is a plain function of the step (from 1) and of the progress through the run (0 to 1).
"""

import math
from collections.abc import Callable

Schedule = Callable[[int, float], float]
"""(step, progress) -> learning rate."""


def noam(d_model: int, warmup_steps: int, factor: float = 1.0) -> Schedule:
    """The paper's schedule, eq. (3): d_model^-0.5 · min(step^-0.5, step · warmup_steps^-1.5).

    >>> rate = noam(d_model=512, warmup_steps=4000)
    >>> f"{rate(4000, 0.04):.2e}"
    '6.99e-04'
    """

    def rate(step: int, progress: float) -> float:
        return factor / math.sqrt(d_model) * min(1 / math.sqrt(step), step / math.sqrt(warmup_steps) ** 3)

    return rate


def linear(peak: float, warmup_steps: int) -> Schedule:
    """Up to `peak` in warmup_steps (at most a tenth of the run), then straight down to 0 at its end.

    Falling with the progress instead of the step is what lets a run end inside a time budget with
    its rate at zero, however fast the machine turns out to be.

    >>> rate = linear(peak=1.0, warmup_steps=100)
    >>> rate(50, 0.01), rate(200, 0.1), rate(2000, 1.0)
    (0.495, 0.9, 0.0)
    """

    def rate(step: int, progress: float) -> float:
        warm = max(step / warmup_steps, progress / 0.1)
        return peak * min(1.0, warm) * max(0.0, 1.0 - progress)

    return rate
