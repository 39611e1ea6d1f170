"""From turns to medians, ratios and the page (page.md's words)."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

Turn = dict[str, Any]
GOAL = 1.2  # times the fastest peer on PyTorch
FIGURES = ("sentences_per_second", "words_per_second", "tokens_per_second", "p50_ms", "p95_ms", "peak_mb")


def ratios(turns: Sequence[Turn]) -> list[float]:
    """Ours over the peer, for every turn of the peer: ours is the mean of the turns right before and after.

    >>> rates = [("ours", 300), ("peer", 200), ("ours", 340), ("peer", 85), ("ours", 340)]
    >>> ratios([{"who": who, "sentences_per_second": rate} for who, rate in rates])
    [1.6, 4.0]
    """
    found = []
    for place, turn in enumerate(turns):
        if turn["who"] != "peer" or "error" in turn:
            continue
        beside = [turns[i] for i in (place - 1, place + 1) if 0 <= i < len(turns)]
        rates = [
            other["sentences_per_second"]
            for other in beside
            if other["who"] == "ours" and "error" not in other
        ]
        if rates:
            found.append(statistics.mean(rates) / turn["sentences_per_second"])
    return found


def summary(turns: Sequence[Turn]) -> dict[str, Any]:
    """Of one cell: for ours and for the peer the median of each figure; `ratio` is [median, least, most]."""
    result: dict[str, Any] = {}
    for who in ("ours", "peer"):
        ran = [turn for turn in turns if turn["who"] == who and "error" not in turn]
        errors = [turn["error"] for turn in turns if turn["who"] == who and "error" in turn]
        if not ran:
            result[who] = {"error": errors[-1] if errors else "had no turn"}
            continue
        columns = {key: [turn[key] for turn in ran if turn.get(key) is not None] for key in FIGURES}
        result[who] = {key: statistics.median(values) for key, values in columns.items() if values}
    found = ratios(turns)
    result["ratio"] = [statistics.median(found), min(found), max(found)] if found else None
    return result


def markdown(result: dict[str, Any]) -> str:
    """The page."""
    same = [row for row in result["rows"] if row["table"] == "same weights"]
    fixed = [row for row in result["rows"] if row["table"] == "set length"]
    words = {
        **{key: result[key] for key in ("date", "minutes", "command", "seconds", "rounds")},
        **result["machine"],
        "models": "\n".join(f"- {table}: {_model(meta)}" for table, meta in result["models"].items()),
        "fastest": fastest(result["rows"]),
        "same": "\n".join(map(_row, same)) or "| no trained bundle was given |" + " |" * 10,
        "fixed": "\n".join(map(_row, fixed)),
        "limits": limits(result),
        "about": "\n".join(f"- **{title}**: {about}" for title, about in sorted(result["about"].items())),
        "failed": "\n".join(f"- {title}: {_line(why)}" for title, why in result["failed"].items()) or "None.",
    }
    return Template(Path(__file__).with_name("page.md").read_text(encoding="utf-8")).substitute(words)


def fastest(rows: Sequence[dict[str, Any]]) -> str:
    """In rows, per table and cell, the peer on PyTorch that ours is ahead of by least, and by how much.

    One that computes in int8 has a row of its own, and only where it is faster than all in float32. A peer is
    the fastest by its ratio to our torch engine: their rates were taken at different times.
    """
    lines, met = [], []
    raced = [row for row in rows if row["pytorch"] and row["ratio"] and row["kind"] == "text"]
    for table, cell in dict.fromkeys((row["table"], row["cell"]) for row in raced):
        here = [row for row in raced if (row["table"], row["cell"]) == (table, cell)]
        by_torch = [row for row in here if row["ours_variant"] == "torch"]
        if not by_torch:
            continue
        exact = [row for row in by_torch if row["pytorch"] == "float32"]
        chosen = [min(some, key=lambda row: row["ratio"][0]) for some in (exact, by_torch) if some]
        for row in chosen if chosen[0] is not chosen[-1] else chosen[:1]:
            auto = [
                other["ratio"]
                for other in here
                if other["ours_variant"] == "auto" and other["peer_title"] == row["peer_title"]
            ]
            rates = (f"{row['peer'][key]:,.1f}" for key in FIGURES[:2])
            ratios = (_ratio(row["ratio"]), _ratio(auto[0] if auto else None))
            lines.append(f"| {' | '.join((table, cell, row['peer_title'], *rates, *ratios))} |")
            # Of the same weights MarianMT's is the only peer, so its cells say nothing of the fastest.
            met += [row["ratio"][0] >= GOAL] * (row["pytorch"] == "float32" and table == "set length")
    goal = f"The goal, at least {GOAL} times the fastest in float32 at set lengths, is met"
    return "\n".join(lines) + f"\n\n{goal} by the torch engine in {sum(met)} of {len(met)} cells."


def limits(result: dict[str, Any]) -> str:
    """How near each comes to what memory and matrix products allow, in rows."""
    rows = []
    for row in result["rows"]:
        limit = result["limits"].get(row["table"], {"error": "no figures"})
        if "error" in limit:
            rows.append(f"| could not be measured: {_line(limit['error'])} | | |")
            continue
        for who in ("ours", "peer"):
            rate = row[who].get("tokens_per_second")
            if rate is None or row["kind"] != "text":
                continue
            if (row["beam"], row["batch"]) == (1, 1):
                share = rate * limit["bytes_per_step"] / (limit["gbytes_per_second"] * 1e9)
                rows.append(f"| {row[who + '_title']} | {row['cell']} | {share:.0%} of the bandwidth |")
            elif row["batch"] > 1:
                share = rate * row["beam"] * limit["flop_per_token"] / (limit["peak_gflops"] * 1e9)
                rows.append(f"| {row[who + '_title']} | {row['cell']} | {share:.0%} of the peak |")
    return "\n".join(dict.fromkeys(rows))


def _row(row: dict[str, Any]) -> str:
    cells = [row["cell"], row["ours_title"], row["peer_title"]]
    for who in ("ours", "peer"):
        of = row[who]
        cells.append(
            f"{of['sentences_per_second']:,.1f}"
            if "error" not in of
            else f"did not run: {_line(of['error'])}"
        )
    cells.append(_ratio(row["ratio"]))
    for key, form in (
        ("words_per_second", ",.0f"),
        ("tokens_per_second", ",.0f"),
        ("p50_ms", ".1f"),
        ("p95_ms", ".1f"),
        ("peak_mb", ",.0f"),
    ):
        cells.append(
            " / ".join(format(row[w][key], form) if key in row[w] else "–" for w in ("ours", "peer"))
        )
    return f"| {' | '.join(cells)} |"


def _ratio(ratio: Sequence[float] | None) -> str:
    return f"{ratio[0]:.2f} ({ratio[1]:.2f} – {ratio[2]:.2f})" if ratio else "–"


def _model(meta: dict[str, Any]) -> str:
    return (
        f"{meta['bundle']}, {meta['parameters']:,} parameters, {meta['vocab_size']:,} pieces; "
        f"{meta['sentences']:,} sentences ({meta['corpus']}, {meta['words']} words on average)"
    )


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")
