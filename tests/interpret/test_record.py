"""Weights by piece and by word: rows stay distributions, and what disagrees is refused."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from crosslight.errors import CrosslightError
from crosslight.interpret.record import AttentionMap, Inspection, entropy_bits

Build = Callable[..., Inspection]


@pytest.mark.parametrize("kind", ["encoder", "decoder", "cross"])
def test_rows_sum_to_one_by_piece_and_by_word(sample_inspection: Build, kind: str) -> None:
    inspection = sample_inspection()
    for view in (inspection.by_piece(kind), inspection.by_word(kind)):  # type: ignore[arg-type]
        assert view.weights.shape[2:] == (len(view.row_labels), len(view.column_labels))
        np.testing.assert_allclose(view.weights.sum(axis=-1), 1, atol=1e-5)


def test_to_a_word_is_the_sum_and_from_a_word_the_mean(sample_inspection: Build) -> None:
    inspection = sample_inspection()
    words = inspection.by_word("cross")
    pieces = inspection.cross.weights
    row = words.row_labels.index("Übersetzer")
    column = words.column_labels.index("translator")
    rows, columns = inspection.tgt_words[row], inspection.src_words[column]
    expected = np.mean([[pieces[2, 5, i, j] for j in columns] for i in rows], axis=0).sum()
    assert words.weights[2, 5, row, column] == pytest.approx(expected, abs=1e-6)


def test_the_decoder_sees_nothing_that_comes_later(sample_inspection: Build) -> None:
    weights = sample_inspection().decoder.weights
    assert (weights[..., ~np.tri(weights.shape[-1], dtype=bool)] == 0).all()


def test_entropy_is_that_of_the_definition() -> None:
    rows = np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]])
    assert entropy_bits(rows) == pytest.approx((1.5 + 0.0) / 2)


def test_weights_that_are_no_distribution_are_refused() -> None:
    with pytest.raises(CrosslightError, match="expected rows of shares that sum to 1"):
        AttentionMap("cross", np.full((1, 1, 2, 2), 0.7, np.float32))
    with pytest.raises(CrosslightError, match="expected rows of shares that sum to 1"):
        AttentionMap("cross", np.full((1, 1, 2, 2), np.nan, np.float32))
    with pytest.raises(CrosslightError, match=r"expected \(layers, heads, queries, keys\), float32"):
        AttentionMap("cross", np.full((1, 2, 2), 0.5, np.float32))


def test_what_disagrees_is_refused(sample_inspection: Build) -> None:
    good = sample_inspection()
    for changes, message in (
        ({"score": float("nan")}, "score is nan"),
        ({"tgt_inputs": good.tgt_tokens}, "expected a start sign"),
        ({"src_words": [[0], [2]]}, "src_words is"),
        ({"cross": good.encoder}, "field 'cross' holds a map of 'encoder'"),
    ):
        with pytest.raises(CrosslightError, match=message):
            replace(good, **changes)  # type: ignore[arg-type]
