"""One attention map as plain text: shades for a terminal, words on both axes.

A cell is two columns wide, so that it looks square. The words of the columns are written downwards; where
even that is too wide, every row names the one word it looks at most.
"""

import shutil
import sys

import numpy as np
from rich.cells import cell_len, set_cell_size

from crosslight.interpret.record import Inspection, Kind, Weights

_SHADES = " ░▒▓█"
_PLAIN_SHADES = " .:+#"
# The scale is fixed, so that two maps can be compared; a mean of heads rarely comes near 1.
_STEPS = np.array([0.05, 0.15, 0.3, 0.5])

_AXES = {
    "encoder": ("Encoder self-attention", "word read", "word looked at"),
    "decoder": ("Decoder self-attention", "word written", "earlier word looked back at"),
    "cross": ("Cross-attention", "word written", "source word looked at"),
}
_LONGEST_ROW_LABEL = 16
_LONGEST_COLUMN_LABEL = 12


def terminal_heatmap(
    inspection: Inspection,
    kind: Kind = "cross",
    layer: int | None = None,
    head: int | None = None,
    width: int | None = None,
    encoding: str | None = None,
) -> str:
    """Who looks at which word, as lines of text without a final line break and without colors.

    The title counts layers and heads from 1, as the command line does.

    Args:
        layer: index from 0; None is the last layer.
        head: index from 0; None is the mean of all heads.
        width: columns that a line may have; None is the terminal's width.
        encoding: what the text must survive; None is that of stdout. What it lacks becomes ASCII.

    Raises:
        IndexError: there is no such layer or head.
    """
    encoding = encoding or sys.stdout.encoding or "ascii"
    rows, columns, weights = inspection.by_word(kind)
    n_layers, n_heads = weights.shape[:2]
    layer = range(n_layers)[-1 if layer is None else layer]
    heads = weights[layer].mean(axis=0) if head is None else weights[layer, head]
    name, row, column = _AXES[kind]
    of_heads = f"mean of {n_heads} heads" if head is None else f"head {range(n_heads)[head] + 1} of {n_heads}"
    title = f"{name}, layer {layer + 1} of {n_layers}, {of_heads}"

    row_labels = [shown_label(text, _LONGEST_ROW_LABEL, encoding) for text in rows]
    column_labels = [shown_label(text, _LONGEST_COLUMN_LABEL, encoding) for text in columns]
    margin = max(map(cell_len, row_labels))
    row_labels = [" " * (margin - cell_len(label)) + label for label in row_labels]
    if margin + 1 + 2 * len(columns) <= (width or shutil.get_terminal_size().columns):
        lines = [f"row: {row}; column: {column}", "", *_matrix(row_labels, column_labels, heads, encoding)]
    else:
        lines = [f"each {row} and the {column} most", "", *_strongest(row_labels, column_labels, heads)]
    return "\n".join([title, *(line.rstrip() for line in lines)])


def _matrix(rows: list[str], columns: list[str], weights: Weights, encoding: str) -> list[str]:
    shades = _SHADES if _survives(_SHADES, encoding) else _PLAIN_SHADES
    margin = " " * (cell_len(rows[0]) + 1)
    words = [_glyphs(label) for label in columns]
    height = max(map(len, words))
    header = [
        margin + "".join(set_cell_size(glyph, 2) for glyph in line)
        for line in zip(*([" "] * (height - len(word)) + word for word in words), strict=True)
    ]
    levels = np.searchsorted(_STEPS, weights, side="right")
    body = [
        f"{label} " + "".join(2 * shades[level] for level in line)
        for label, line in zip(rows, levels, strict=True)
    ]
    legend = "   ".join(f"{2 * shade} {step:.2f}" for shade, step in zip(shades[1:], _STEPS, strict=True))
    return [*header, *body, "", f"{margin}{legend} or more"]


def _strongest(rows: list[str], columns: list[str], weights: Weights) -> list[str]:
    best = weights.argmax(axis=1)
    return [f"{label}  {weights[i, best[i]]:.2f}  {columns[best[i]]}" for i, label in enumerate(rows)]


def shown_label(text: str, limit: int, encoding: str) -> str:
    """`text` that is safe to print: no control characters, at most `limit` columns wide or glyphs high.

    >>> shown_label("Donaudampfschifffahrt", 8, "utf-8"), shown_label("\\x1b[2Jété", 8, "ascii")
    ('Donauda…', '[2J?t?')
    """
    printable = "".join(letter for letter in text if letter.isprintable()) or "?"
    if cell_len(printable) > limit:
        cut = "…" if _survives("…", encoding) else "~"
        printable = set_cell_size(printable, limit - 1).rstrip() + cut
    return printable.encode(encoding, "replace").decode(encoding)


def _glyphs(text: str) -> list[str]:
    """The letters of `text`, each with the combining marks that stand on it."""
    glyphs: list[str] = []
    for letter in text:
        if glyphs and cell_len(letter) == 0:
            glyphs[-1] += letter
        else:
            glyphs.append(letter)
    return glyphs


def _survives(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
