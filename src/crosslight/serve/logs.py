"""The log: a JSON object a line, without the users' text, their addresses or anything of theirs."""

import json
import sys
import threading
import time
import traceback
from datetime import UTC, datetime
from typing import Any, TextIO


class Log:
    """Writes lines; to standard error unless told.

    Args:
        stream: where they go; None is nowhere.
    """

    def __init__(self, stream: TextIO | None = sys.stderr) -> None:
        self._stream, self._lock = stream, threading.Lock()

    def write(self, event: str, **facts: Any) -> None:
        """One line."""
        if self._stream is None:
            return
        now = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "event": event, **facts})
        with self._lock:
            try:
                self._stream.write(line + "\n")
                self._stream.flush()
            except (OSError, ValueError):  # nobody reads it any more: no reason to answer less
                self._stream = None

    def fault(self, error: BaseException, route: str) -> None:
        """An error that should not be: its kind and where it happened. Its message could hold text."""
        places = [
            f"{f.filename.rpartition('crosslight/')[2]}:{f.lineno}"
            for f in traceback.extract_tb(error.__traceback__)
        ]
        self.write("fault", kind=type(error).__name__, at=places[-6:], route=route)
