"""The sinusoids against the formula, number by number, and against what the paper says they can do."""

import math

import pytest
import torch

from crosslight.errors import ConfigError
from crosslight.nn.positions import LearnedPositions, SinusoidalPositions, sinusoids


def paper(position: int, dimension: int, d_model: int) -> float:
    """Section 3.5: PE(pos, 2i) = sin(pos / 10000^(2i/d)), PE(pos, 2i+1) = cos(the same)."""
    angle = position / 10_000 ** (2 * (dimension // 2) / d_model)
    return math.cos(angle) if dimension % 2 else math.sin(angle)


def tensor2tensor(position: int, dimension: int, d_model: int) -> float:
    """get_timing_signal_1d with its min_timescale 1 and max_timescale 10,000."""
    n = d_model // 2
    log_increment = math.log(10_000 / 1) / max(n - 1, 1)
    angle = position * math.exp((dimension % n) * -log_increment)
    return math.sin(angle) if dimension < n else math.cos(angle)


@pytest.mark.parametrize("d_model", [2, 6, 16, 512])
def test_interleaved_is_the_formula_of_the_paper(d_model: int) -> None:
    table = sinusoids(60, d_model)
    assert table.shape == (60, d_model)
    expected = [[paper(t, j, d_model) for j in range(d_model)] for t in range(60)]
    torch.testing.assert_close(table.double(), torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-7)


@pytest.mark.parametrize("d_model", [2, 6, 16, 512])
def test_half_is_the_formula_of_tensor2tensor(d_model: int) -> None:
    expected = [[tensor2tensor(t, j, d_model) for j in range(d_model)] for t in range(60)]
    torch.testing.assert_close(
        sinusoids(60, d_model, "half").double(),
        torch.tensor(expected, dtype=torch.float64),
        rtol=0,
        atol=1e-7,
    )


@pytest.mark.parametrize("layout", ["interleaved", "half"])
def test_a_shift_is_a_rotation_of_every_pair(layout: str) -> None:
    """ "For any fixed offset k, PE(pos + k) can be represented as a linear function of PE(pos)." """
    d_model, k, n = 16, 7, 8
    table = sinusoids(100, d_model, layout).double()  # type: ignore[arg-type]
    pairs = table.reshape(-1, n, 2) if layout == "interleaved" else table.reshape(-1, 2, n).mT
    for i in range(n):
        turn = k / 10_000 ** (i / n if layout == "interleaved" else i / (n - 1))
        rotation = torch.tensor(
            [[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]], dtype=torch.float64
        )
        torch.testing.assert_close(pairs[:-k, i] @ rotation.T, pairs[k:, i], rtol=0, atol=1e-6)


@pytest.mark.parametrize("layout", ["interleaved", "half"])
def test_the_table_grows_and_keeps_what_it_said(layout: str) -> None:
    positions = SinusoidalPositions(8, layout)  # type: ignore[arg-type]
    short = positions(10).clone()
    far = positions(3, 5000)
    assert torch.equal(far, sinusoids(5003, 8, layout)[5000:])  # type: ignore[arg-type]
    assert torch.equal(positions(10), short)
    assert torch.equal(positions(4, 6), short[6:])
    assert not positions.state_dict()


def test_learned_positions_are_rows_of_a_trained_table() -> None:
    positions = LearnedPositions(4, 6)
    assert torch.equal(positions(2, 4), positions.table[4:6])
    assert positions.table.requires_grad
    with pytest.raises(ConfigError, match="a sentence of 7 tokens, but positions were learned for 6"):
        positions(1, 6)


def test_an_odd_width_has_no_pairs() -> None:
    with pytest.raises(ConfigError, match="d_model = 5 is odd"):
        sinusoids(3, 5)
