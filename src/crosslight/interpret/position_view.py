"""A model's position encodings as a page shows them."""

import numpy as np

from crosslight.errors import ConfigError
from crosslight.interpret.interventions import Stack
from crosslight.interpret.packed import packed, short, shorts
from crosslight.interpret.position_shifts import (
    Shift,
    cosines,
    frequencies,
    position_table,
    shift,
)
from crosslight.interpret.views import Positions, PositionTable, ShiftView
from crosslight.models.transformer import Transformer
from crosslight.nn.positions import LearnedPositions, SinusoidalPositions

STEPS = (1, 2, 5, 10, 20)
FEWEST = 8  # positions that a shift is fitted to and tested on
BLOCKS = 4


def positions_view(model: Transformer, n_positions: int = 64) -> Positions:
    """The encodings of both stacks, how alike positions are, and f(p+k) = A_k f(p).

    Raises:
        ConfigError: fewer than one position is asked for.
    """
    if n_positions < 1:
        raise ConfigError(f"n_positions is {n_positions}, expected at least 1", "64 is a long sentence")
    encoder, decoder = model.src_embedding.positions, model.tgt_embedding.positions
    if isinstance(encoder, LearnedPositions):
        stacks: list[tuple[Stack, SinusoidalPositions | LearnedPositions]]
        stacks = [("encoder", encoder), ("decoder", decoder)]
        return {"tables": [_table_view(positions, [stack], n_positions) for stack, positions in stacks]}
    return {"tables": [_table_view(encoder, ["encoder", "decoder"], n_positions)]}


def _table_view(
    positions: SinusoidalPositions | LearnedPositions, stacks: list[Stack], n_positions: int
) -> PositionTable:
    table = position_table(positions, n_positions)
    is_learned = isinstance(positions, LearnedPositions)
    layout = "interleaved" if isinstance(positions, LearnedPositions) else positions.layout
    angles = None if is_learned else frequencies(table.shape[1], layout)
    alike = cosines(table)
    kinds = {"interleaved": "sinusoidal", "half": "sinusoidal-half"}
    return {
        "stacks": stacks,
        "kind": "learned" if is_learned else kinds[layout],
        "table": packed(table),
        "wavelengths": None if angles is None else shorts(2 * np.pi / angles),
        "dots": packed(table @ table.T),
        "similarity": {
            "distance": list(range(len(alike))),
            "mean": shorts(row.mean() for row in alike),
            "least": shorts(row.min() for row in alike),
            "most": shorts(row.max() for row in alike),
        },
        "shifts": [_shift_view(shift(table, layout, k, angles)) for k in STEPS if len(table) - k >= FEWEST],
    }


def _shift_view(found: Shift) -> ShiftView:
    return {
        "k": found.k,
        "rotation_error": None if found.rotation_error is None else short(found.rotation_error),
        "fit_error": short(found.fit_error),
        "control_error": short(found.control_error),
        "n_fitted": found.n_fitted,
        "n_tested": found.n_tested,
        "blocks": [[shorts(row) for row in block] for block in found.blocks[:BLOCKS]],
    }
