"""A small matrix of shares as inline SVG, words on both sides: who looked at what."""

from collections.abc import Sequence

from crosslight.report.markup import Html, element

CELL = 18  # units; a letter is about 7 wide
LETTER = 7.2
LONGEST = 14  # letters of a label


def matrix(
    rows: Sequence[str], columns: Sequence[str], shares: Sequence[Sequence[float]], label: str
) -> Html:
    """One square a cell, the darker the larger its share (0 to 1); the number is its title."""
    row_names, column_names = [_short(name) for name in rows], [_short(name) for name in columns]
    left = 8 + LETTER * max(map(len, row_names), default=0)
    top = 8 + LETTER * max(map(len, column_names), default=0)
    cells = [
        element(
            "rect",
            element("title", f"{row} → {column}: {share:.2f}"),
            x=f"{left + CELL * j:.0f}",
            y=f"{top + CELL * i:.0f}",
            width=CELL - 1,
            height=CELL - 1,
            fill_opacity=f"{max(0.03, min(1.0, share)):.2f}",
        )
        for i, (row, line) in enumerate(zip(rows, shares, strict=True))
        for j, (column, share) in enumerate(zip(columns, line, strict=True))
    ]
    names = [
        element("text", name, x=f"{left - 6:.0f}", y=f"{top + CELL * (i + 0.7):.0f}", text_anchor="end")
        for i, name in enumerate(row_names)
    ]
    names += [
        element("text", name, transform=f"translate({left + CELL * (j + 0.7):.0f},{top - 6:.0f}) rotate(-90)")
        for j, name in enumerate(column_names)
    ]
    width, height = left + CELL * len(columns) + 2, top + CELL * len(rows) + 2
    return element(
        "svg",
        *cells,
        *names,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=f"{width:.0f}",
        height=f"{height:.0f}",
        role="img",
        aria_label=label,
        class_="matrix",
    )


def _short(name: str) -> str:
    name = name.replace("▁", " ").strip() or "·"
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
