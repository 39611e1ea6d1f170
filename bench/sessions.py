"""Sessions of `crosslight train` in forked children, which share one import of torch: each starts at once.

For measurements that need hundreds of them. Posix only.
"""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "src" / "crosslight" / "sample" / "handwritten.train.tsv"
PATIENCE_SECONDS = 120.0  # a session that takes longer hangs


def warm_up() -> None:
    """Import all that a session needs, so that the children do not."""
    import torch

    import crosslight.cli.main
    import crosslight.tasks.plan
    import crosslight.tasks.runs
    import crosslight.tasks.train  # noqa: F401
    from crosslight.train import events

    events.available()  # which imports TensorBoard
    torch.set_num_threads(1)
    torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))])  # loads what optimizers load when first made


def corpus(folder: Path, n_pairs: int) -> Path:
    """The first pairs of the sample corpus, as a file."""
    file = folder / "slice.tsv"
    lines = SAMPLE.read_text(encoding="utf-8").split("\n")[:n_pairs]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


@dataclass
class Session:
    """A child that trains; `code` as for a shell: negative if a signal ended it."""

    pid: int
    errors: Path
    began: float
    code: int | None = None

    def wait(self, seconds: float = PATIENCE_SECONDS) -> bool:
        """Whether it ended within this time."""
        until = time.monotonic() + seconds
        while self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > until:
                return False
            else:
                time.sleep(0.001)
        return True

    def kill(self) -> None:
        """End it by SIGKILL: it can save nothing and tidy nothing up."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    @property
    def said(self) -> str:
        """What it printed for people."""
        return self.errors.read_text(encoding="utf-8", errors="replace")


def start(arguments: list[object], errors: Path, before: Callable[[], None] = lambda: None) -> Session:
    """Run the command with these arguments in a child; `before` is called in it first."""
    sys.stdout.flush()
    began = time.monotonic()
    pid = os.fork()
    if pid:
        return Session(pid, errors, began)
    code = 1
    try:
        os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        before()
        sys.argv = ["crosslight", *map(str, arguments)]
        from crosslight.cli.main import main

        main()
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def start_or_resume(fresh: list[object], out: Path, errors: Path, before: Callable[[], None]) -> Session:
    """The command that a person would give: go on with the run in `out`, or begin it."""
    is_run = (out / "config.toml").is_file()
    return start(["train", "--resume", out] if is_run else ["train", *fresh, "-o", out], errors, before)
