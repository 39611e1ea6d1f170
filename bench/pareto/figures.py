"""From turns to figures: medians, ratios to the teacher, the Pareto front, and the goals."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]  # a system of the results

TIMES, LOST, MEGABYTES, RATE, MS = 6.0, 0.5, 15.0, 3000.0, 10.0
A_SENTENCE = (11, 13)  # words; a sentence of 12 words, about


@dataclass(frozen=True)
class Goal:
    """What a student should reach."""

    title: str
    limit: float
    is_most: bool  # whether the limit is the most that it may be
    key: str

    def value(self, row: Row) -> float | None:
        """The figure of a system that the goal is about, if it has one."""
        found: Any = row
        for key in self.key.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        return None if found is None else float(found)

    def is_met(self, value: float) -> bool:
        """Whether such a value is enough."""
        return value <= self.limit if self.is_most else value >= self.limit


GOALS = (
    Goal("times the teacher, at least 6", TIMES, False, "ratio.median"),
    Goal("Δ BLEU, at least −0.5", -LOST, False, "delta_bleu.value"),
    Goal("words/s, at least 3,000", RATE, False, "words_per_second.median"),
    Goal("MB, at most 15", MEGABYTES, True, "megabytes"),
    Goal("ms a sentence of 12 words, at most 10", MS, True, "latency.p50_ms_12_words"),
)


def spread(values: Sequence[float]) -> dict[str, float] | None:
    """Median and range.

    >>> spread([3.0, 1.0, 2.5])
    {'median': 2.5, 'least': 1.0, 'most': 3.0}
    """
    if not values:
        return None
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def speed(turns: Sequence[Row]) -> Row:
    """Of a system's turns: words a second, by the clock and by the time of the core; cores that were busy."""
    return {
        "words_per_second": spread([turn["words_per_second"] for turn in turns]),
        "words_per_cpu_second": spread([turn["words_per_cpu_second"] for turn in turns]),
        "cores": spread([turn["cpu_seconds"] / turn["seconds"] for turn in turns]),
    }


def ratio(turns: Sequence[Row], base: Sequence[Row], key: str = "words_per_second") -> Row | None:
    """How many times as fast as the base, round by round: what slows a whole round cancels out.

    >>> ours = [{"round": r, "words_per_second": w} for r, w in enumerate((30.0, 10.0, 20.0))]
    >>> base = [{"round": r, "words_per_second": w} for r, w in enumerate((10.0, 5.0))]
    >>> ratio(ours, base)
    {'median': 2.5, 'least': 2.0, 'most': 3.0}
    """
    of_base = {turn["round"]: turn[key] for turn in base}
    return spread([turn[key] / of_base[turn["round"]] for turn in turns if turn["round"] in of_base])


def latency(single: Sequence[Row]) -> Row | None:
    """Milliseconds that half, and 95 %, of single sentences took at most."""
    if len(single) < 2:
        return None
    taken = [one["ms"] for one in single]
    like = [one["ms"] for one in single if A_SENTENCE[0] <= one["words"] <= A_SENTENCE[1]]
    return {
        "sentences": len(single),
        "p50_ms": statistics.median(taken),
        "p95_ms": statistics.quantiles(taken, n=20, method="inclusive")[-1],
        "p50_ms_12_words": statistics.median(like) if like else None,
        "sentences_12_words": len(like),
    }


def ran(rows: Sequence[Row]) -> list[Row]:
    """The systems that have both speed and quality, and no error."""
    return [row for row in rows if not row.get("error") and row.get("words_per_second") and row.get("bleu")]


def point(row: Row) -> tuple[float, float]:
    """Where a system is in the plot: words a second, BLEU."""
    return row["words_per_second"]["median"], row["bleu"]["value"]


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """The places of the points that no other beats, slowest first.

    A point is beaten by another that is as good in both, and better in one.

    >>> front([(1, 9), (2, 5), (3, 6), (3, 6), (4, 1)])
    [0, 2, 3, 4]
    """
    kept: list[int] = []
    best = float("-inf")
    last: tuple[float, float] | None = None
    for i in sorted(range(len(points)), key=lambda i: (-points[i][0], -points[i][1], -i)):
        if points[i][1] > best or points[i] == last:
            kept.append(i)
            best, last = points[i][1], points[i]
    return kept[::-1]
