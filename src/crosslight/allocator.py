"""Training with tcmalloc where the system has it: threads that allocate side by side wait less.

Which allocator a process uses is decided as it starts, so the program starts itself once more, in the same
process, with the library named in LD_PRELOAD (decision 0018).
"""

import ctypes.util
import os
import sys

NAMES = ("tcmalloc_minimal", "tcmalloc")
VARIABLE = "CROSSLIGHT_ALLOCATOR"


def start_again_with_tcmalloc() -> None:
    """Does not return where it starts again; does nothing where there is no such library, or no need.

    CROSSLIGHT_ALLOCATOR=system leaves everything as it is.
    """
    arguments = sys.argv[1:]
    if sys.orig_argv[-len(arguments) :] != arguments:  # another program called this one's `main`
        return
    library = tcmalloc()
    if library is None or "LD_PRELOAD" in os.environ or VARIABLE in os.environ:
        return
    sys.stdout.flush()
    environment = {**os.environ, "LD_PRELOAD": library, VARIABLE: "tcmalloc"}
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)


def tcmalloc() -> str | None:
    """The name under which the system finds the library; None where it has none."""
    if not sys.platform.startswith("linux"):
        return None
    return next(filter(None, map(ctypes.util.find_library, NAMES)), None)
