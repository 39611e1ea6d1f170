"""What a position encoding is like: how alike two positions are, and whether f(p+k) = A_k f(p).

The paper (section 3.5) chose sinusoids because PE(pos+k) is a linear function of PE(pos), for any fixed k.
A_k is a rotation of every pair of features; here it is written down, and fitted without knowing that, beside
a random table that must fail. One big least-squares fit would not do: with more features than positions it
fits anything and tests badly even on sinusoids. So A_k is fitted pair by pair.

Shape letters: P positions · D d_model · F = D / 2 pairs of features.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from crosslight.nn.positions import LearnedPositions, SinusoidalPositions, SinusoidLayout, sinusoids

Floats = npt.NDArray[np.float64]


class Shift(NamedTuple):
    """How well f(p+k) = A_k f(p) holds, as ‖A_k f(p) − f(p+k)‖ / ‖f(p+k)‖ over the positions tested."""

    k: int
    rotation_error: float | None  # with the closed form; None for a learned table
    fit_error: float  # with blocks fitted to the first half, tested on the second
    control_error: float  # the same fit on a random table
    n_fitted: int  # positions
    n_tested: int
    blocks: Floats  # (F, 2, 2): the closed form's, for a learned table the fitted ones


def position_table(positions: SinusoidalPositions | LearnedPositions, n_positions: int) -> Floats:
    """The rows (P, D) that the model adds, fewer where fewer were learned."""
    if isinstance(positions, LearnedPositions):
        n_positions = min(n_positions, len(positions.table))
    with torch.no_grad():
        table: Floats = positions(n_positions).double().cpu().numpy()
    return table


def frequencies(d_model: int, layout: SinusoidLayout) -> Floats:
    """Angle of every pair per position, (F,): read off the encoding of position 1.

    >>> frequencies(4, "interleaved").round(6)
    array([1.  , 0.01])
    """
    first = pairs(sinusoids(2, d_model, layout).double().numpy(), layout)[1]
    angles: Floats = np.arctan2(first[:, 0], first[:, 1])
    return angles


def pairs(table: Floats, layout: SinusoidLayout) -> Floats:
    """The features in pairs (P, F, 2); of a sinusoid its sine and its cosine. An odd last one is left out."""
    n_positions, n_pairs = len(table), table.shape[1] // 2
    even = table[:, : 2 * n_pairs]
    if layout == "interleaved":
        return even.reshape(n_positions, n_pairs, 2)
    return even.reshape(n_positions, 2, n_pairs).swapaxes(1, 2)


def rotation(angles: Floats, k: int) -> Floats:
    """A_k in closed form (F, 2, 2): sin(a + kω) and cos(a + kω) from sin a and cos a."""
    sin, cos = np.sin(k * angles), np.cos(k * angles)
    return np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2)


def fitted(before: Floats, after: Floats) -> Floats:
    """The blocks (F, 2, 2) that take pairs (P, F, 2) nearest to others, by least squares."""
    return np.stack(
        [np.linalg.lstsq(before[:, f], after[:, f], rcond=None)[0].T for f in range(before.shape[1])]
    )


def shift_error(blocks: Floats, before: Floats, after: Floats) -> float:
    """‖A f(p) − f(p+k)‖ / ‖f(p+k)‖ over all positions given."""
    said = np.einsum("fij,pfj->pfi", blocks, before)
    return float(np.linalg.norm(said - after) / np.linalg.norm(after))


def shift(table: Floats, layout: SinusoidLayout, k: int, angles: Floats | None) -> Shift:
    """How well one A_k serves all positions of a table with more than k + 3 rows.

    Args:
        angles: of every pair, for the closed form; None for a learned table.
    """
    rows = pairs(table, layout)
    n_pairs = len(table) - k
    half = n_pairs // 2
    blocks, fit_error = _tested_fit(rows, k, half)
    _, control_error = _tested_fit(np.random.default_rng(0).normal(size=rows.shape), k, half)
    rotation_error = None
    if angles is not None:
        blocks = rotation(angles, k)
        rotation_error = shift_error(blocks, rows[half:n_pairs], rows[half + k :])
    return Shift(k, rotation_error, fit_error, control_error, half, n_pairs - half, blocks)


def _tested_fit(rows: Floats, k: int, half: int) -> tuple[Floats, float]:
    """Blocks that are fitted to the first positions, and their error on the others."""
    before, after = rows[:-k], rows[k:]
    blocks = fitted(before[:half], after[:half])
    return blocks, shift_error(blocks, before[half:], after[half:])


def cosines(table: Floats) -> list[Floats]:
    """The cosine of f(p) and f(p+k) over all p, for k = 0, 1, 2, …"""
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    unit = table / np.maximum(lengths, np.finfo(np.float64).tiny)
    alike = unit @ unit.T
    return [np.diagonal(alike, k) for k in range(len(table))]
