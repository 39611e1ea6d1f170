"""The page in Markdown, from the results (page.md's words)."""

from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from bench.pareto.figures import GOALS, Row, ran

NOTHING = "–"


def markdown(result: dict[str, Any], picture: str = "") -> str:
    """The page.

    Args:
        picture: the name of the plot beside it; without one it has none.
    """
    rows = result["systems"]
    present = ran(rows)
    speed_set = result.get("speed_set", {"sentences": 0, "words": 0, "single": 0})
    signatures = {row["bleu"]["signature"] for row in rows if row.get("bleu")}
    words = {
        **{key: result[key] for key in ("date", "minutes", "command", "commit", "seconds", "rounds", "base")},
        **{key: result["machine"][key] for key in ("cpu", "cores", "system", "load")},
        "title": title(result),
        "versions": ", ".join(f"{name} {number}" for name, number in result["versions"].items()),
        "picture": f"![Words a second against BLEU]({picture})\n" if picture else "",
        **{key: f"{result['test_set'][key]:,}" for key in ("sentences", "words")},
        "src": result["test_set"]["src"],
        "speed_sentences": f"{speed_set['sentences']:,}",
        "speed_words": f"{speed_set['words']:,}",
        "single": speed_set["single"],
        "rows": "\n".join(map(_row, rows)),
        "goals": goals(result["teacher"], present),
        "models": "\n".join(_model(name, about) for name, about in result["models"].items()) or "None.",
        "signature": "; ".join(sorted(signatures)) or NOTHING,
        "equal": _equal(rows),
        "left": _left(rows),
        "failed": "\n".join(f"- {row['name']}: {_line(row['error'])}" for row in rows if row["error"])
        or "Everything ran.",
    }
    return Template(Path(__file__).with_name("page.md").read_text(encoding="utf-8")).substitute(words)


def title(result: dict[str, Any]) -> str:
    """The languages, as the first model that was loaded has them."""
    languages: list[str] = next((about["languages"] for about in result["models"].values()), ["?", "?"])
    return " → ".join(languages)


def goals(teacher: str, rows: Sequence[Row]) -> str:
    """Every goal for every system of a student."""
    students = [row for row in rows if row["model"] != teacher]
    if not students:
        return "No student ran."
    lines = [
        f"| system | {' | '.join(goal.title for goal in GOALS)} |",
        "| --- |" + " --- |" * len(GOALS),
    ]
    for row in students:
        cells = [row["name"]]
        for goal in GOALS:
            value = goal.value(row)
            said = NOTHING if value is None else "met" if goal.is_met(value) else "missed"
            cells.append(said if value is None else f"{_short(value)}, {said}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _row(row: Row) -> str:
    if row["error"]:
        return f"| {row['name']} | did not run: {_line(row['error'])} |" + " |" * 8
    name = f"**{row['name']}**" if row["on_front"] else row["name"]
    latency = row["latency"] or {}
    cells = [
        name,
        _spread(row["words_per_second"], ",.0f"),
        _spread(row["ratio"], ".2f"),
        _spread(row["words_per_cpu_second"], ",.0f"),
        _interval(row.get("bleu"), ".2f"),
        _interval(row.get("delta_bleu"), "+.2f"),
        f"{row['chrf']['value']:.2f}" if row.get("chrf") else NOTHING,
        *(f"{latency[key]:.1f}" if key in latency else NOTHING for key in ("p50_ms", "p95_ms")),
        NOTHING if row["megabytes"] is None else f"{row['megabytes']:.1f}",
    ]
    return f"| {' | '.join(cells)} |"


def _spread(of: dict[str, float] | None, form: str) -> str:
    if of is None:
        return NOTHING
    return f"{of['median']:{form}} ({of['least']:{form}} – {of['most']:{form}})"


def _interval(of: dict[str, Any] | None, form: str) -> str:
    if of is None:
        return NOTHING
    return f"{of['value']:{form}} [{of['low']:{form}}, {of['high']:{form}}]"


def _short(value: float) -> str:
    """A figure that may be thousands or less than one."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def _model(name: str, about: dict[str, Any]) -> str:
    model = about["model"]
    return (
        f"- **{name}**: {about['parameters']:,} parameters, {model['n_encoder_layers']}+"
        f"{model['n_decoder_layers']} layers, d_model {model['d_model']}, d_ff {model['d_ff']}, "
        f"{about['pieces'][0]:,} and {about['pieces'][1]:,} pieces, α {about['alpha']}"
    )


def _equal(rows: Sequence[Row]) -> str:
    shares = [
        f"{row['name']} {row['equal_to_torch']:.1%}"
        for row in rows
        if row["engine"] != "torch" and row.get("equal_to_torch") is not None
    ]
    return "; ".join(shares) or NOTHING


def _left(rows: Sequence[Row]) -> str:
    left = [f"{row['name']} {row['left_to_torch']:,}" for row in rows if row.get("left_to_torch")]
    return f"Sentences that the fast engine left to torch: {'; '.join(left)}." if left else ""


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")
