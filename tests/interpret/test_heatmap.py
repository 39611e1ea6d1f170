"""The heat-map in a terminal: words on both axes, shades that follow the weights, any width and encoding."""

from collections.abc import Callable

import numpy as np
import pytest
from rich.cells import cell_len

from crosslight.interpret.heatmap import terminal_heatmap
from crosslight.interpret.record import Inspection

Build = Callable[..., Inspection]


def test_every_row_shows_its_weights(sample_inspection: Build) -> None:
    inspection = sample_inspection()
    text = terminal_heatmap(inspection, "cross", layer=3, head=1, width=100, encoding="utf-8")
    words = inspection.by_word("cross")
    lines = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    margin = max(map(cell_len, words.row_labels)) + 1
    for label, weights in zip(words.row_labels, words.weights[3, 1], strict=True):
        cells = lines[label].ljust(margin + 2 * len(weights))[margin:]
        for place, weight in enumerate(weights):
            expected = " ░▒▓█"[int(np.searchsorted([0.05, 0.15, 0.3, 0.5], weight, side="right"))]
            assert cells[2 * place : 2 * place + 2] == 2 * expected


def test_layers_and_heads_are_counted_from_one(sample_inspection: Build) -> None:
    inspection = sample_inspection()
    assert "layer 4 of 4, mean of 8 heads" in terminal_heatmap(inspection, width=100)
    assert "layer 1 of 4, head 8 of 8" in terminal_heatmap(inspection, layer=0, head=7, width=100)


@pytest.mark.parametrize("kind", ["encoder", "decoder", "cross"])
@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal(sample_inspection: Build, kind: str, width: int) -> None:
    text = terminal_heatmap(sample_inspection(), kind, width=max(width, 40), encoding="utf-8")  # type: ignore[arg-type]
    body = text.splitlines()[2:]
    legend = body[-1:] if "or more" in body[-1] else []
    assert all(cell_len(line) <= max(width, 40) for line in body[: len(body) - len(legend)])


def test_too_wide_a_sentence_names_the_strongest_word(sample_inspection: Build) -> None:
    inspection = sample_inspection()
    text = terminal_heatmap(inspection, layer=3, head=1, width=30)
    words = inspection.by_word("cross")
    best = words.weights[3, 1].argmax(axis=1)
    for i, line in enumerate(text.splitlines()[3:]):
        assert line.split() == [
            words.row_labels[i],
            f"{words.weights[3, 1, i, best[i]]:.2f}",
            words.column_labels[best[i]],
        ]


def test_what_a_terminal_lacks_becomes_ascii(sample_inspection: Build) -> None:
    text = terminal_heatmap(sample_inspection(), width=100, encoding="ascii")
    text.encode("ascii")
    assert "##" in text


def test_wide_letters_keep_the_columns_aligned(sample_inspection: Build) -> None:
    src = ["▁我", "▁吃饭", "▁了", "</s>"]
    inspection = sample_inspection(src=src, tgt=["▁I", "▁ate", ".", "</s>"], aligned=[0, 1, 2, 3])
    text = terminal_heatmap(inspection, "encoder", width=60, encoding="utf-8")
    header = [line for line in text.splitlines() if "我" in line and "█" not in line]
    assert header
    assert all(cell_len(line) <= 60 for line in text.splitlines())


def test_control_characters_do_not_reach_the_terminal(sample_inspection: Build) -> None:
    src = ["▁\x1b[2J", "▁a\nb", "▁c", "</s>"]
    inspection = sample_inspection(src=src, tgt=["▁I", "▁ate", ".", "</s>"], aligned=[0, 1, 2, 3])
    assert "\x1b" not in terminal_heatmap(inspection, width=60)


def test_a_layer_that_is_not_there(sample_inspection: Build) -> None:
    with pytest.raises(IndexError):
        terminal_heatmap(sample_inspection(), layer=4)
