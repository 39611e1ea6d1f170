"""A file of records, one JSON object a line, each with the step it belongs to.

The file only grows, and a line counts once it is whole: a crash may leave half of one, which readers
pass over and `go_back` removes.
"""

import json
import math
from pathlib import Path
from typing import Any, BinaryIO


class Records:
    """Appends records to a file; each is with the operating system when `add` returns."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("a+b")

    def add(self, record: dict[str, Any]) -> None:
        """Append a record; numbers that are not finite become null, which JSON has in their stead."""
        finite = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in record.items()}
        # A lone surrogate, half a character, is text that UTF-8 cannot hold; JSON's own escapes can.
        self._file.write(json.dumps(finite).encode() + b"\n")
        self._file.flush()

    def go_back(self, step: int) -> list[dict[str, Any]]:
        """Drop the records after this step, and half a last line; returns the ones that stay."""
        self._file.seek(0)
        lines = self._file.readlines()
        parsed = [_parsed(line) for line in lines]
        kept = [record is not None and record["step"] <= step for record in parsed]
        n_whole = (*kept, False).index(False)
        # What a crash leaves is at the end: then this only cuts, and nothing is written twice.
        self._file.truncate(sum(map(len, lines[:n_whole])))
        self._file.writelines(
            line for line, is_kept in zip(lines[n_whole:], kept[n_whole:], strict=True) if is_kept
        )
        self._file.flush()
        return [record for record, is_kept in zip(parsed, kept, strict=True) if record and is_kept]

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
        float(record["step"])
    except (ValueError, KeyError, TypeError):
        return None
    return record if isinstance(record, dict) and line.endswith(b"\n") else None
