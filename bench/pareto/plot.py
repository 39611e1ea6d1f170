"""The plot: words a second (log) against BLEU, an SVG on a background of its own, for light and dark pages.

A color a model, a marker an engine, hollow with beam 1 and filled with beam 4; bars are BLEU's interval and
the range of the rounds. The line steps along the Pareto front: so much BLEU is to be had at so many words
a second.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator

from bench.pareto.figures import LOST, TIMES, Row, point, ran
from bench.pareto.labels import Box, nearest, placed
from bench.pareto.systems import FLOAT, INT8, LISTED, TORCH
from bench.pareto.table import title

Segment = tuple[tuple[float, float], tuple[float, float]]

INK, PALE, PAPER, GOAL = "#24292f", "#8c959f", "#ffffff", "#9a3412"
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")  # Okabe and Ito: for all eyes
MARKERS = {TORCH: "o", FLOAT: "s", INT8: "D", LISTED: "^"}
SHORT = {TORCH: "torch", FLOAT: "CT2 float32", INT8: "CT2 int8", LISTED: "CT2 int8, shortlist"}
SIZE, AREA = (10.5, 7.2), (0.07, 0.185, 0.78, 0.69)  # inches; left, bottom, width, height as shares
DPI = 72  # of SVG files: a pixel is a point
MARKER, STEP = 8.0, 8.0
STYLE = {
    "svg.fonttype": "none",  # text stays text; the fonts that stand in for DejaVu Sans are no wider
    "svg.hashsalt": "pareto",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": PALE,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def label(row: Row) -> str:
    """What stands beside a system's marker.

    >>> label({"model": "student", "engine": "CTranslate2 int8", "beam": 1})
    'student, CT2 int8, beam 1'
    """
    return f"{row['model']}, {SHORT[row['engine']]}, beam {row['beam']}"


def draw(result: dict[str, Any], path: Path) -> bool:
    """Write the plot; False, and no file, if no system has both speed and quality."""
    rows = ran(result["systems"])
    if not rows:
        path.unlink(missing_ok=True)
        return False
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=SIZE, dpi=DPI, facecolor=PAPER, edgecolor=PALE, linewidth=1)
        FigureCanvasSVG(figure)
        axes = figure.add_axes(AREA, facecolor=PAPER)
        base = next((row for row in rows if row["name"] == result["base"]), None)
        _frame(axes, rows, base)
        steps = _front(axes, rows)
        models = list(dict.fromkeys(row["model"] for row in result["systems"]))
        colors = {model: COLORS[i % len(COLORS)] for i, model in enumerate(models)}
        for row in rows:
            _mark(axes, row, colors[row["model"]])
        if base:
            _goals(axes, base)
        _words(figure, axes, result)
        engines = [engine for engine in MARKERS if engine in {row["engine"] for row in rows}]
        _legend(figure, {m: colors[m] for m in models if m in {row["model"] for row in rows}}, engines)
        _labels(axes, rows, colors, [*steps, *_goal_lines(axes, base)])
        about = {"Title": f"{title(result)}: words a second against BLEU", "Date": None, "Creator": None}
        figure.savefig(path, format="svg", facecolor=PAPER, edgecolor=PALE, metadata=about)
    return True


def _frame(axes: Axes, rows: Sequence[Row], base: Row | None) -> None:
    """The part of the plane that holds all points, intervals and goals, with room for labels."""
    x = [v for row in rows for v in (row["words_per_second"]["least"], row["words_per_second"]["most"])]
    y = [v for row in rows for v in (row["bleu"]["low"], row["bleu"]["high"])]
    if base:
        x.append(TIMES * base["words_per_second"]["median"])
        y.append(base["bleu"]["value"] - LOST)
    axes.set_xscale("log")
    room = max(math.log10(max(x) / min(x)) * 0.12, 0.15)
    axes.set_xlim(min(x) / 10**room, max(x) * 10**room)
    height = max(max(y) - min(y), 0.5)
    axes.set_ylim(min(y) - 0.15 * height, max(y) + 0.15 * height)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    axes.grid(color=PALE, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("source words a second on one core (log)")
    axes.set_ylabel("BLEU, with 95 % of resamples")


def _front(axes: Axes, rows: Sequence[Row]) -> list[Segment]:
    """A line that steps: up to the speed of a point its BLEU is to be had. Its pieces."""
    points = sorted(point(row) for row in rows if row["on_front"])
    corners = [(axes.get_xlim()[0], points[0][1])]
    for x, y in points:
        corners += [(corners[-1][0], y), (x, y)]
    corners.append((corners[-1][0], axes.get_ylim()[0]))
    axes.plot(*zip(*corners, strict=True), color=INK, alpha=0.55, lw=1.4, zorder=2, gid="front")
    return list(pairwise(corners))


def _mark(axes: Axes, row: Row, color: str) -> None:
    x, y = point(row)
    rate, bleu = row["words_per_second"], row["bleu"]
    axes.errorbar(
        [x],
        [y],
        xerr=[[x - rate["least"]], [rate["most"] - x]],
        yerr=[[max(0.0, y - bleu["low"])], [max(0.0, bleu["high"] - y)]],
        fmt=MARKERS[row["engine"]],
        markersize=MARKER,
        markerfacecolor=color if row["beam"] > 1 else PAPER,
        markeredgecolor=color,
        markeredgewidth=1.8,
        ecolor=color,
        elinewidth=0.8,
        alpha=1.0,
        zorder=4,
    )


def _goals(axes: Axes, base: Row) -> None:
    """The two lines that a student should be above and to the right of, named outside the frame."""
    x, y = point(base)
    axes.axvline(TIMES * x, color=GOAL, lw=1.1, ls=(0, (5, 3)), zorder=1)
    axes.axhline(y - LOST, color=GOAL, lw=1.1, ls=(0, (5, 3)), zorder=1)
    lines = label(base).split(", ", 1)
    axes.annotate(
        f"goal: {TIMES:g} × {', '.join(lines)}",
        (TIMES * x, 1),
        (0, 4),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="right",
        color=GOAL,
    )
    axes.annotate(
        "\n".join(("goal: BLEU of", *lines, f"− {LOST:g}")),
        (1, y - LOST),
        (5, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        color=GOAL,
    )


def _words(figure: Figure, axes: Axes, result: dict[str, Any]) -> None:
    left = AREA[0]
    figure.text(
        left, 0.955, f"{title(result)}: speed against quality", fontsize=14, weight="bold", va="center"
    )
    machine, test = result["machine"], result["test_set"]
    figure.text(
        left,
        0.918,
        f"{test['sentences']:,} sentences of {test['src']}, one core of {machine['cpu']}, "
        f"{result['rounds']} rounds, {result['date']}",
        color="#57606a",
        va="center",
    )


def _legend(figure: Figure, colors: dict[str, str], engines: Sequence[str]) -> None:
    """In three rows below: models, engines, beams and the front."""

    def mark(name: str, marker: str, color: str, face: str) -> Line2D:
        return Line2D([], [], ls="", marker=marker, ms=MARKER, mec=color, mfc=face, mew=1.8, label=name)

    columns = [
        [mark(model, "o", color, color) for model, color in colors.items()],
        [mark(engine, MARKERS[engine], INK, PAPER) for engine in engines],
        [
            mark("beam 1", "o", INK, PAPER),
            mark("beam 4", "o", INK, INK),
            Line2D([], [], color=INK, alpha=0.55, lw=1.4, label="Pareto front"),
        ],
    ]
    for column, x in zip(columns, (AREA[0], 0.36, 0.64), strict=True):
        legend = figure.legend(
            handles=column, loc="upper left", bbox_to_anchor=(x, 0.105), frameon=False, borderaxespad=0
        )
        figure.add_artist(legend)


def _goal_lines(axes: Axes, base: Row | None) -> list[Segment]:
    if base is None:
        return []
    x, y = TIMES * point(base)[0], point(base)[1] - LOST
    return [
        ((x, axes.get_ylim()[0]), (x, axes.get_ylim()[1])),
        ((axes.get_xlim()[0], y), (axes.get_xlim()[1], y)),
    ]


def _labels(axes: Axes, rows: Sequence[Row], colors: dict[str, str], lines: Sequence[Segment]) -> None:
    """Texts beside their points, with a thin line to each that is far away; placed in pixels."""
    to_pixels, to_data = axes.transData.transform, axes.transData.inverted().transform
    points = [(float(x), float(y)) for x, y in to_pixels([point(row) for row in rows])]
    frame = axes.get_window_extent()
    sizes = []
    for row in rows:
        text = axes.text(0.5, 0.5, label(row), fontsize=8, transform=axes.transAxes)
        box = text.get_window_extent()
        sizes.append((box.width + 4, box.height + 2))
        text.remove()
    half = MARKER / 2 + 2
    bars = [((point(row)[0], row["bleu"]["low"]), (point(row)[0], row["bleu"]["high"])) for row in rows]
    boxes = placed(
        points,
        sizes,
        area=(frame.x0 + 3, frame.y0 + 3, frame.x1 - 3, frame.y1 - 3),
        taken=[(x - half, y - half, x + half, y + half) for x, y in points],
        lines=[_box(to_pixels(segment)) for segment in [*bars, *lines]],
        step=STEP,
    )
    for row, (x, y), box in zip(rows, points, boxes, strict=True):
        begin, color = nearest(box, (x, y)), colors[row["model"]]
        if math.dist(begin, (x, y)) > 1.2 * STEP:
            ends = to_data([begin, (x, y)])
            axes.plot(*zip(*ends, strict=True), color=color, lw=0.6, alpha=0.7, zorder=3)
        axes.text(
            *to_data(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)),
            label(row),
            fontsize=8,
            ha="center",
            va="center",
            color=color,
            zorder=5,
            bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.75, "pad": 0.5},
        )


def _box(ends: Any) -> Box:
    """A level or upright line in pixels as a narrow box."""
    (x0, y0), (x1, y1) = ends
    return (float(min(x0, x1)) - 1, float(min(y0, y1)) - 1, float(max(x0, x1)) + 1, float(max(y0, y1)) + 1)
