"""data/statistics.json: a prepared corpus in figures, for the report."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from crosslight.data.ragged import Ragged
from crosslight.tasks.files import write_text
from crosslight.tasks.prepare import Prepared
from crosslight.text.subword import Subword

BLOCK = 65_536


def write_statistics(run: Path, prepared: Prepared, n_parameters: int) -> None:
    """Write the figures of a run's corpus, vocabulary and model, unless they are there."""
    file = run / "data" / "statistics.json"
    if not file.is_file():
        write_text(file, json.dumps(statistics(prepared) | {"parameters": n_parameters}))


def statistics(prepared: Prepared) -> dict[str, Any]:
    """Pairs, and for each side its vocabulary and how many sentences have how many tokens."""
    return {
        "pairs": len(prepared.train),
        "valid_pairs": len(prepared.valid),
        "src": _side(prepared.train.src_ids, prepared.src_subword),
        "tgt": _side(prepared.train.tgt_ids, prepared.tgt_subword),
    }


def _side(ids: Ragged, subword: Subword) -> dict[str, Any]:
    n_of_length = lengths(ids)
    return {
        "vocab_size": subword.vocab_size,
        "tokens": sum(length * n for length, n in n_of_length),
        "lengths": n_of_length,
    }


def lengths(ids: Ragged) -> list[tuple[int, int]]:
    """Each length that occurs, with the number of rows that have it."""
    counts: dict[int, int] = {}
    ends = ids.ends()
    for start in range(0, len(ids), BLOCK):
        block = ends[start : start + BLOCK].astype(np.int64)
        before = int(ends[start - 1]) if start else 0
        values, numbers = np.unique(np.diff(block, prepend=before), return_counts=True)
        for value, number in zip(values.tolist(), numbers.tolist(), strict=True):
            counts[value] = counts.get(value, 0) + number
    ids.release()
    return sorted(counts.items())
