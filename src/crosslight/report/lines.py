"""Lines over a few named places (lengths, distances), as inline SVG, with whiskers where there are intervals.

The picture is stretched to the place it gets, and its labels are HTML beside it, as in `report.chart`, which
draws the many steps of a run.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from crosslight.report.markup import Html, element, joined
from crosslight.report.scales import log_ticks, short, ticks

WIDTH, HEIGHT = 1000.0, 100.0
MARGIN = 0.06  # of the width, left and right of the first and the last place
APART = 0.006  # of the width, between the whiskers of two lines


@dataclass(frozen=True)
class Value:
    """What a line has at one place, and the interval of it, if it has one."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Line:
    """A line of values, one a place; None where there is nothing."""

    name: str
    values: Sequence[Value | None]
    color: int  # 1 to 6
    note: str = ""  # beside the name in the legend
    dashed: bool = False


@dataclass(frozen=True)
class LineChart:
    """A figure with a title and lines over the same places."""

    title: str
    places: Sequence[str]
    lines: Sequence[Line]
    note: str = ""
    axis: str = ""  # what the places are
    logarithmic: bool = False
    from_zero: bool = False

    def drawn(self) -> Html:
        """The figure as markup."""
        low, high = self._range()
        levels = log_ticks(low, high) if self.logarithmic else ticks(low, high)
        grid = element(
            "path", d="".join(f"M0,{self._y(y, low, high):.2f}H{WIDTH:g}" for y in levels), class_="grid"
        )
        paths = [self._path(i, line, low, high) for i, line in enumerate(self.lines)]
        labels = [
            element("span", short(y), class_="y-label", style=f"top:{self._y(y, low, high):.2f}%")
            for y in levels
        ]
        labels += [
            element("span", place, class_="x-label", style=f"left:{self._x(i) / WIDTH * 100:.2f}%")
            for i, place in enumerate(self.places)
        ]
        svg = element(
            "svg",
            grid,
            *paths,
            viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
            preserveAspectRatio="none",
            role="img",
            aria_label=self.title,
        )
        legend = [
            element(
                "span",
                line.name,
                " " if line.note else None,
                element("b", line.note) if line.note else None,
                class_=f"key {'dashed' if line.dashed else 'line'} c{line.color}",
            )
            for line in self.lines
        ]
        caption = element("figcaption", element("h3", self.title), element("p", *legend, class_="legend"))
        axis = element("p", self.axis, class_="axis") if self.axis else None
        note = element("p", self.note, class_="note") if self.note else None
        return element(
            "figure", caption, element("div", svg, *labels, class_="plot"), axis, note, class_="chart"
        )

    def _path(self, index: int, line: Line, low: float, high: float) -> Html:
        strokes, whiskers, dots, is_drawing = [], [], [], False
        aside = (index - (len(self.lines) - 1) / 2) * APART * WIDTH
        for i, value in enumerate(line.values):
            if value is None or not math.isfinite(value.value):
                is_drawing = False
                continue
            x, y = self._x(i) + aside, self._y(value.value, low, high)
            strokes.append(f"{'L' if is_drawing else 'M'}{x:.1f},{y:.2f}")
            dots.append(f"M{x:.1f},{y:.2f}h0")
            is_drawing = True
            if value.low is not None and value.high is not None:
                top, bottom = self._y(value.high, low, high), self._y(value.low, low, high)
                whiskers.append(f"M{x:.1f},{top:.2f}V{bottom:.2f}")
        color = f"c{line.color}"
        return joined(
            element("path", d="".join(strokes), class_=f"{'dashed' if line.dashed else 'line'} {color}"),
            element("path", d="".join(dots), class_=f"dot {color}"),
            element("path", d="".join(whiskers), class_=f"whisker {color}") if whiskers else None,
        )

    def _range(self) -> tuple[float, float]:
        values = [
            number
            for line in self.lines
            for value in line.values
            if value is not None
            for number in (value.value, value.low, value.high)
            if number is not None and math.isfinite(number)
        ]
        if self.logarithmic:
            values = [number for number in values if number > 0] or [1.0]
            return min(values) / 1.1, max(values) * 1.1
        values = values or [0.0]
        low, high = (min(0.0, *values) if self.from_zero else min(values)), max(values)
        pad = 0.05 * (high - low) or 1.0
        return (low if self.from_zero else low - pad), high + pad

    def _x(self, i: int) -> float:
        n = len(self.places)
        share = i / (n - 1) if n > 1 else 0.5
        return WIDTH * (MARGIN + (1 - 2 * MARGIN) * share)

    def _y(self, y: float, low: float, high: float) -> float:
        if self.logarithmic:
            y, low, high = math.log(max(y, low)), math.log(low), math.log(high)
        return HEIGHT * (1 - (y - low) / (high - low))
