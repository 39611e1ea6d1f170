"""Curves over the steps of a run, as inline SVG that any width can stretch.

The plot is stretched to the place that it gets, with lines that keep their width; what must not be
stretched, the labels, is HTML beside it. It is whole without scripts; page.js adds the values under the
pointer, from the same points.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from crosslight.report.markup import Html, element, joined
from crosslight.report.scales import Points, interpolated, log_ticks, short, thinned, ticks

WIDTH, HEIGHT = 1000.0, 100.0


@dataclass(frozen=True)
class Series:
    """A curve: points (step, value) with rising steps."""

    name: str
    points: Points
    look: Literal["line", "dots", "faint", "dashed"] = "line"
    color: int = 1  # 1, 2 or 3


@dataclass(frozen=True)
class Axis:
    """The steps from 0 to the last, and when each was reached."""

    steps: Sequence[float]
    seconds: Sequence[float]

    @property
    def end(self) -> float:
        """The last step."""
        return max(self.steps[-1], 1.0) if self.steps else 1.0


@dataclass(frozen=True)
class Chart:
    """A figure with a title and one or more curves."""

    title: str
    series: tuple[Series, ...]
    note: str = ""
    logarithmic: bool = False
    from_zero: bool = False

    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(series.points for series in self.series)

    def drawn(self, axis: Axis) -> tuple[Html, dict[str, Any]]:
        """The figure, and what the page's script needs to know of it."""
        low, high = self._range()
        shown = [(series, thinned(series.points)) for series in self.series if series.points]

        def place(x: float, y: float) -> str:
            return f"{x / axis.end * WIDTH:.1f},{HEIGHT * (1 - self._height(y, low, high)):.2f}"

        levels = log_ticks(low, high) if self.logarithmic else ticks(low, high)
        across = ticks(0, axis.end, 5)
        grid = [f"M0,{place(0, y).split(',')[1]}H{WIDTH:g}" for y in levels]
        paths = [element("path", d="".join(grid), class_="grid")]
        paths += [_path(series, [place(x, y) for x, y in points]) for series, points in shown]
        plot = element(
            "div",
            *(_label("y", 100 * (1 - self._height(y, low, high)), short(y)) for y in levels),
            element(
                "svg",
                *paths,
                viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
                preserveAspectRatio="none",
                role="img",
                aria_label=self.title,
            ),
            element("i", class_="cursor", hidden=True),
            *(_label("x", 100 * x / axis.end, short(x), _minutes(axis, x)) for x in across),
            class_="plot",
        )
        legend = [
            element(
                "span",
                series.name,
                " ",
                element("b", short(series.points[-1][1])),
                class_=f"key {series.look} c{series.color}",
            )
            for series, _ in shown
        ]
        caption = element("figcaption", element("h3", self.title), element("p", *legend, class_="legend"))
        note = element("p", self.note, class_="note") if self.note else None
        data = {
            "end": axis.end,
            "series": [{"x": [x for x, _ in points], "y": [y for _, y in points]} for _, points in shown],
        }
        return element("figure", caption, plot, note, class_="chart"), data

    def _range(self) -> tuple[float, float]:
        values = [y for series in self.series for _, y in series.points]
        if self.logarithmic:
            values = [y for y in values if y > 0] or [1.0]
            return min(values) / 1.05, max(values) * 1.05
        low, high = (0.0 if self.from_zero else min(values)), max(values)
        return low, high + (0.05 * (high - low) or 1.0)

    def _height(self, y: float, low: float, high: float) -> float:
        if self.logarithmic:
            y, low, high = math.log(max(y, low)), math.log(low), math.log(high)
        return (y - low) / (high - low)


def _path(series: Series, places: list[str]) -> Html:
    dots = joined()
    if series.look == "dots" or len(places) == 1:
        # A line of no length with a round end is a dot, however the picture is stretched.
        dots = element("path", d="".join(f"M{place}h0" for place in places), class_=f"dot c{series.color}")
    return joined(element("path", d="M" + "L".join(places), class_=f"{series.look} c{series.color}"), dots)


def _label(axis: str, percent: float, text: str, below: str = "") -> Html:
    side = "top" if axis == "y" else "left"
    small = element("small", below) if below else None
    return element("span", text, small, class_=f"{axis}-label", style=f"{side}:{percent:.2f}%")


def _minutes(axis: Axis, step: float) -> str:
    if not axis.steps or step == 0:
        return ""
    seconds = interpolated(axis.steps, axis.seconds, step)
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.{1 if seconds < 10 * size else 0}f} {unit}"
    return f"{seconds:.0f} s"
