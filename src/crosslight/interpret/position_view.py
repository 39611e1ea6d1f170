"""What a model knows of positions, as a page shows it: what it adds, learned distances, turns."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from crosslight.errors import ConfigError
from crosslight.interpret.interventions import Stack, attentions
from crosslight.interpret.packed import packed, short, shorts
from crosslight.interpret.position_shifts import (
    Shift,
    cosines,
    frequencies,
    position_table,
    shift,
)
from crosslight.interpret.views import Distances, Positions, PositionTable, ShiftView, Similarity, Turns
from crosslight.models.transformer import Transformer
from crosslight.nn.positions import LearnedPositions, NoPositions, SinusoidalPositions
from crosslight.nn.relative import RelativeScoring
from crosslight.nn.rotary import RotaryScoring
from crosslight.nn.rotary import frequencies as turning

STEPS = (1, 2, 5, 10, 20)
FEWEST = 8  # positions that a shift is fitted to and tested on
BLOCKS = 4


def positions_view(model: Transformer, n_positions: int = 64) -> Positions:
    """The encodings of both stacks, how alike positions are, and f(p+k) = A_k f(p); or what there is instead.

    A model without positions has no table, no distances and no turns.

    Raises:
        ConfigError: fewer than one position is asked for.
    """
    if n_positions < 1:
        raise ConfigError(f"n_positions is {n_positions}, expected at least 1", "64 is a long sentence")
    return {
        "tables": _tables(model, n_positions),
        "distances": list(_distances(model)),
        "turns": _turns(model, n_positions),
    }


def _tables(model: Transformer, n_positions: int) -> list[PositionTable]:
    encoder, decoder = model.src_embedding.positions, model.tgt_embedding.positions
    if isinstance(encoder, NoPositions) or isinstance(decoder, NoPositions):
        return []
    if isinstance(encoder, LearnedPositions):
        stacks: list[tuple[Stack, SinusoidalPositions | LearnedPositions]]
        stacks = [("encoder", encoder), ("decoder", decoder)]
        return [_table_view(positions, [stack], n_positions) for stack, positions in stacks]
    return [_table_view(encoder, ["encoder", "decoder"], n_positions)]


def _distances(model: Transformer) -> Iterator[Distances]:
    """The vectors of every self-attention that has learned some."""
    stacks: tuple[Stack, Stack] = ("encoder", "decoder")
    for stack in stacks:
        for layer, attention in enumerate(attentions(model, stack).values()):
            scoring = attention.scoring
            if isinstance(scoring, RelativeScoring):
                keys, values = (x.detach().double().cpu().numpy() for x in (scoring.keys, scoring.values))
                yield {
                    "stack": stack,
                    "layer": layer,
                    "distance": list(range(-scoring.max_distance, scoring.max_distance + 1)),
                    "keys": packed(keys),
                    "values": packed(values),
                    "key_lengths": shorts(np.linalg.norm(keys, axis=1)),
                    "value_lengths": shorts(np.linalg.norm(values, axis=1)),
                }


def _turns(model: Transformer, n_positions: int) -> Turns | None:
    """The same in every layer: read off the first."""
    attention = next(iter(attentions(model, "encoder").values()))
    if not isinstance(attention.scoring, RotaryScoring):
        return None
    angles = turning(attention.k_proj.out_features // attention.n_heads).numpy()
    # What is left of the score of a key that is like the query, pair by pair: cos(k·θ).
    left = np.cos(np.arange(n_positions)[:, None] * angles)
    return {"wavelengths": shorts(2 * np.pi / angles), "similarity": _similarity(list(left))}


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
        "similarity": _similarity(alike),
        "shifts": [_shift_view(shift(table, layout, k, angles)) for k in STEPS if len(table) - k >= FEWEST],
    }


def _similarity(alike: list[npt.NDArray[np.float64]]) -> Similarity:
    """One row of numbers for each distance from 0 on."""
    return {
        "distance": list(range(len(alike))),
        "mean": shorts(row.mean() for row in alike),
        "least": shorts(row.min() for row in alike),
        "most": shorts(row.max() for row in alike),
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
