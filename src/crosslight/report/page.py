"""A run as one HTML file: everything inside, nothing fetched, the same in ten years.

Made of a fixed template (page.html, page.css, page.js), the sections as markup, and the points of the
curves as one block of JSON for the values under the pointer. All text goes through `markup.element`, which
escapes it, and a content policy in the page forbids every request.
"""

import json
import math
import re
from datetime import UTC, datetime
from typing import Any

from crosslight.report.corpus import corpus_section
from crosslight.report.curves import axis_of, charts, remarks
from crosslight.report.facts import model_section, recipe_section, settings_section
from crosslight.report.markup import Html, element, joined
from crosslight.report.reference import ReferenceCurve, nearest, reference_curves
from crosslight.report.resource import resource
from crosslight.report.run import Run
from crosslight.report.samples import samples_section
from crosslight.report.scales import short, thinned

LOG_LINES = 1000
RELOAD_SECONDS = 60  # of a page about a run that goes on


def report_page(run: Run, curves: list[ReferenceCurve] | None = None) -> str:
    """The page of a run; write it as UTF-8.

    Args:
        curves: measured runs to choose a reference from; those that come with the program unless given.
    """
    reference = nearest(reference_curves() if curves is None else curves, _n_pairs(run))
    axis = axis_of(run)
    figures, data = [], []
    for chart in charts(run, reference):
        figure, points = chart.drawn(axis)
        figures.append(figure)
        data.append(points)
    sections = [
        ("Curves", element("div", *figures, class_="charts") if figures else _nothing_yet(run)),
        ("What it says", samples_section(run)),
        ("Corpus", corpus_section(run)),
        ("Model and machine", model_section(run)),
        ("Settings", settings_section(run)),
        ("Recipe", recipe_section(run)),
        (
            "Log",
            element("details", element("summary", "log.txt"), element("pre", _newest(run.log)))
            if run.log
            else None,
        ),
    ]
    body = [
        element("section", element("h2", title), content, id=title.split()[0].lower())
        for title, content in sections
        if content
    ]
    content = {
        "charts": data,
        "reload": RELOAD_SECONDS if run.state == "running" else None,
        "times": thinned(list(zip(axis.steps, axis.seconds, strict=True))),
    }
    parts = {
        "title": element("title", f"{run.name}: {run.languages}, {run.state}"),
        "style": resource("page.css"),
        "body": joined(_headline(run), element("main", *body)),
        "data": _json_block(content),
        "script": resource("page.js"),
    }
    # One pass, so that a sentence which contains "{{script}}" stays a sentence.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], resource("page.html"))


def _headline(run: Run) -> Html:
    state = element("span", run.state, class_=f"state {run.state.replace(' ', '-')}")
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    share = run.share
    progress = (
        element("progress", max=1, value=f"{share:.4f}", aria_label="How much of the run is done")
        if share is not None
        else None
    )
    tiles = [
        element("div", element("dt", name), element("dd", value), class_="tile")
        for name, value in tiles_of(run)
    ]
    said = remarks(run)
    return element(
        "header",
        element(
            "p",
            element("span", class_="mark", aria_hidden="true"),
            element("b", "Crosslight"),
            f" {run.name} · as of {made}",
            class_="brand",
        ),
        element("h1", run.languages, " ", state),
        element("p", run.state_detail, class_="detail") if run.state_detail else None,
        progress if run.state != "finished" else None,
        element("dl", *tiles, class_="tiles"),
        element("ul", *(element("li", remark) for remark in said), class_="remarks") if said else None,
    )


def tiles_of(run: Run) -> list[tuple[str, str]]:
    """The figures at the top, as (name, value)."""
    tiles = []
    best, last = run.best, run.last
    if best:
        tiles.append(("best validation loss", short(best["loss"])))
        tiles.append(("its perplexity", short(math.exp(min(best["loss"], 50)))))
    scores = run.valid[-1] if run.valid else {}
    tiles += [
        (f"{name} of the sample", f"{scores[name]:.1f}")
        for name in ("BLEU", "chrF")
        if scores.get(name) is not None
    ]
    if last:
        tiles += [("steps", f"{last['step']:,}"), ("epochs begun", f"{last.get('epoch', 0) + 1:,}")]
        tiles.append(("minutes", f"{last.get('seconds', 0) / 60:,.1f}"))
    speed = [r["tokens_per_second"] for r in run.train if r.get("tokens_per_second")]
    if speed:
        tiles.append(("tokens per second", short(speed[-1])))
    if pairs := _n_pairs(run):
        tiles.append(("sentence pairs", f"{pairs:,}"))
    if parameters := run.statistics.get("parameters"):
        tiles.append(("million parameters", f"{parameters / 1e6:.1f}"))
    return tiles


def _n_pairs(run: Run) -> int:
    """How much text there is: without the copies that make an epoch longer, as far as that is known."""
    return int(run.cleaning.get("kept") or run.statistics.get("pairs") or 0)


def _newest(log: str) -> str:
    lines = log.splitlines()
    return "\n".join((["..."] if len(lines) > LOG_LINES else []) + lines[-LOG_LINES:])


def _nothing_yet(run: Run) -> Html:
    text = (
        "The corpus is being prepared; curves come with the first numbers."
        if run.state == "running"
        else "No step was recorded."
    )
    return element("p", text, class_="lead")


def _json_block(content: dict[str, Any]) -> str:
    """JSON that is safe inside ``<script>``: pure ASCII and without ``<``, ``>`` and ``&``."""
    text = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
