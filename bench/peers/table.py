"""From the figures of all rounds to medians, ratios and the page that people read (page.md's words)."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from bench.peers.probe import WARM_UPDATES
from bench.peers.venvs import OURS, PEERS

Turns = Sequence[dict[str, Any]]
TITLES = {system.name: system.title for system in (OURS, *PEERS)}
WAYS = {
    "side_by_side": "torch, threads side by side",
    "inside": "torch, threads inside each product",
    "numpy": "numpy, threads side by side",
}


def summary(rounds: Sequence[Turns]) -> dict[str, dict[str, Any]]:
    """For every system its figures over the rounds; systems that never ran are left out.

    tokens_per_second, ratio (ours ÷ theirs; not of ours), share_of_shapes and share_of_peak (of what the
    machine showed in the same round), peak_mb and first_update_seconds are [median, smallest, largest];
    the others are those of its last run.
    """
    found: dict[str, dict[str, list[float]]] = {}
    last: dict[str, dict[str, Any]] = {}
    for turns in rounds:
        for place, turn in enumerate(turns[1:], start=1):
            if "error" not in turn:
                last[turn["system"]] = turn
                for key, value in _values(turns, place).items():
                    if value is not None:
                        found.setdefault(turn["system"], {}).setdefault(key, []).append(value)
    return {
        system: {key: [statistics.median(v), min(v), max(v)] for key, v in figures.items()}
        | {key: last[system][key] for key in ("padding", "parameters", "version", "settings", "losses")}
        for system, figures in found.items()
    }


def _values(turns: Turns, place: int) -> dict[str, float | None]:
    limit, turn = turns[0], turns[place]
    rate = turn["tokens_per_second"]
    values = {key: turn[key] for key in ("tokens_per_second", "peak_mb", "first_update_seconds")}
    values["ratio"] = ratio(turns, place)
    if "error" not in limit:
        gflops = rate * limit["mflop_per_target_token"] / 1e3
        values["share_of_shapes"] = gflops / limit["shapes_gflops"]
        values["share_of_torch"] = gflops / max(
            limit[way]["shapes_gflops"] for way in ("side_by_side", "inside")
        )
        values["share_of_peak"] = gflops / limit["peak_gflops"]
    return values


def ratio(turns: Turns, place: int) -> float | None:
    """Ours over the peer at this place, ours being the mean of its neighbors; None for ours itself.

    >>> rates = [("ours", 300), ("eole", 200), ("ours", 340)]
    >>> ratio([{}, *({"system": s, "tokens_per_second": r} for s, r in rates)], 2)
    1.6
    """
    if turns[place]["system"] == OURS.name:
        return None
    neighbors = [turns[i].get("tokens_per_second") for i in (place - 1, place + 1) if 0 < i < len(turns)]
    rates = [rate for rate in neighbors if rate]
    return statistics.mean(rates) / turns[place]["tokens_per_second"] if rates else None


def markdown(result: dict[str, Any]) -> str:
    """The page."""
    corpus, figures = result["corpus"], result["summary"]
    limits = [turns[0] for turns in result["rounds"] if "error" not in turns[0]]
    profile = result["profile"]
    words = {
        **{key: result[key] for key in ("date", "minutes", "command", "seconds")},
        **result["machine"],
        **{key: f"{corpus[key]:,}" for key in ("pairs", "vocab_size")},
        "corpus": corpus["corpus"],
        "rounds": len(result["rounds"]),
        "warm": WARM_UPDATES,
        "systems": _lines(
            [_row(TITLES[name], figures[name]) for name in TITLES if name in figures]
            + [
                f"| {title} | did not run: {_line(why)} | | | | | | | |"
                for title, why in missing(result).items()
            ]
        ),
        "limits": _lines(_limit_rows(limits)),
        "mflop": f"{limits[0]['mflop_per_target_token']:.1f}" if limits else "?",
        "milliseconds": profile.get("milliseconds", "?"),
        "parts": _lines([f"| {part} | {share:.1%} |" for part, share in profile.get("shares", {}).items()])
        or f"| could not be taken: {_line(profile.get('error', ''))} | |",
        "between": between(figures.get(OURS.name, {}), profile),
        "recipes": _lines([_recipe(TITLES[name], figures[name]) for name in TITLES if name in figures]),
    }
    return Template(Path(__file__).with_name("page.md").read_text(encoding="utf-8")).substitute(words)


def between(ours: dict[str, Any], profile: dict[str, Any]) -> str:
    """What stands between ours and the rate of its own products, in a sentence."""
    if "share_of_shapes" not in ours or "shares" not in profile:
        return "How far ours is from the limit is not known: the limit, the profile or ours did not run."
    products = sum(share for part, share in profile["shares"].items() if part.startswith("products"))
    return (
        f"Ours does the arithmetic of its tokens at {ours['share_of_shapes'][0]:.0%} of the rate that its "
        f"products reach alone, and at {ours['share_of_torch'][0]:.0%} of what torch's own reach, which all "
        f"others use. Between the limit and ours stand the {1 - products:.0%} of an update that are "
        f"no products, the {ours['padding']['both']:.0%} of cells that are padding, and what the products "
        "lose to operands that are not in the caches and to threads that wait for the longer shard."
    )


def missing(result: dict[str, Any]) -> dict[str, str]:
    """By title, why a system has no figures: its venv, or what it said when it ran."""
    reasons: dict[str, str] = dict(result["failed"])
    for turns in result["rounds"]:
        for turn in turns[1:]:
            if "error" in turn and turn["system"] not in result["summary"]:
                reasons[TITLES[turn["system"]]] = turn["error"]
    return reasons


def _row(title: str, of: dict[str, Any]) -> str:
    cells = [
        _range(of["tokens_per_second"], ",.0f"),
        _range(of.get("ratio"), ".2f"),
        f"{of['padding']['both']:.1%}",
        f"{of['peak_mb'][0]:,.0f} MB" if "peak_mb" in of else "–",
        f"{of['first_update_seconds'][0]:.1f} s",
        _range(of.get("share_of_shapes"), ".0%"),
        _range(of.get("share_of_torch"), ".0%"),
        _range(of.get("share_of_peak"), ".0%"),
    ]
    return f"| {title} | {' | '.join(cells)} |"


def _recipe(title: str, of: dict[str, Any]) -> str:
    (first, loss_then), (last, loss_now) = of["losses"][0], of["losses"][-1]
    return (
        f"- **{title}**: {of['settings']}; {of['version']}; {of['parameters']:,} parameters; "
        f"loss as it counts it: {loss_then} at update {first}, {loss_now} at update {last}."
    )


def _limit_rows(limits: Turns) -> list[str]:
    rows = []
    for name, words in WAYS.items():
        columns = [[limit[name][key] for limit in limits] for key in ("peak_gflops", "shapes_gflops")]
        cells = (f"{statistics.median(column):,.0f}" if column else "–" for column in columns)
        rows.append(f"| {words} | {' | '.join(cells)} |")
    return rows


def _range(values: Sequence[float] | None, form: str) -> str:
    """Median (smallest – largest).

    >>> _range([1.5, 1.25, 2], ".2f"), _range([3, 3, 3], ".0f"), _range(None, "")
    ('1.50 (1.25 – 2.00)', '3', '–')
    """
    if not values:
        return "–"
    middle, low, high = (format(value, form) for value in values)
    return middle if low == high else f"{middle} ({low} – {high})"


def _line(text: str) -> str:
    """As one line that breaks no table."""
    return " ".join(text.split()).replace("|", "/")


def _lines(rows: Sequence[str]) -> str:
    return "\n".join(rows)
