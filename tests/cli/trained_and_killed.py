"""A training that is killed in the middle: no exit handler runs, no file is closed.

Run by `test_every_architecture.py` in a process of its own, which names ARGUMENTS and KILLED_AT.
"""

import os
import signal
import sys

import torch

from crosslight.cli.main import main
from crosslight.train.progress import Progress

ARGUMENTS: list[str] = globals().get("ARGUMENTS", [])
KILLED_AT: int = globals().get("KILLED_AT", 0)

_shown = Progress.step


def _step(self, ledger, *rest):
    _shown(self, ledger, *rest)
    if ledger.step == KILLED_AT:
        os.kill(os.getpid(), signal.SIGKILL)


if ARGUMENTS:
    torch.set_num_threads(1)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (for the rest of its life)
    Progress.step = _step  # type: ignore[method-assign]
    sys.argv = ["crosslight", *ARGUMENTS]
    main()
