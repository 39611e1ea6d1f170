"""f(p+k) = A_k f(p): the closed form is the addition theorem, the fit finds it, a random table has none."""

import base64
import math
from typing import Any

import numpy as np
import pytest
import torch

from crosslight.errors import ConfigError
from crosslight.interpret.position_shifts import (
    cosines,
    fitted,
    frequencies,
    pairs,
    position_table,
    rotation,
    shift,
    shift_error,
)
from crosslight.interpret.position_view import positions_view
from crosslight.nn.positions import LearnedPositions, SinusoidalPositions

LAYOUTS: Any = ["interleaved", "half"]


def exact_table(n: int, d: int, layout: str) -> np.ndarray:
    """The paper's formula (or Tensor2Tensor's), entry by entry."""
    table = np.zeros((n, d))
    for p in range(n):
        for i in range(d // 2):
            if layout == "interleaved":
                angle, sin, cos = p / 10000 ** (2 * i / d), 2 * i, 2 * i + 1
            else:
                angle, sin, cos = p / 10000 ** (i / (d // 2 - 1)), i, i + d // 2
            table[p, sin], table[p, cos] = math.sin(angle), math.cos(angle)
    return table


@pytest.mark.parametrize("layout", LAYOUTS)
def test_frequencies_are_those_of_the_formula(layout: Any) -> None:
    d = 12
    exponents = [2 * i / d if layout == "interleaved" else i / (d // 2 - 1) for i in range(d // 2)]
    expected = [10000**-e for e in exponents]
    np.testing.assert_allclose(frequencies(d, layout), expected, rtol=1e-6)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("k", [1, 5, 17])
def test_a_shift_is_a_rotation_and_the_fit_finds_it(layout: Any, k: int) -> None:
    table = exact_table(60, 16, layout)
    angles = frequencies(16, layout)
    rows = pairs(table, layout)
    turned = rotation(angles, k)
    np.testing.assert_allclose(np.linalg.det(turned), 1, rtol=1e-12)
    np.testing.assert_allclose(
        np.einsum("fij,pfj->pfi", turned, rows[: len(rows) - k]), rows[k:], rtol=0, atol=2e-6
    )
    np.testing.assert_allclose(fitted(rows[:20], rows[k : 20 + k]), turned, rtol=0, atol=2e-6)
    found = shift(table, layout, k, angles)
    assert found.rotation_error is not None
    assert found.rotation_error < 1e-6
    assert found.fit_error < 1e-10
    assert found.control_error > 0.9
    assert (found.n_fitted, found.n_tested) == ((60 - k) // 2, 60 - k - (60 - k) // 2)


def test_the_error_is_that_of_its_definition() -> None:
    random = np.random.default_rng(3)
    blocks, before, after = (random.normal(size=size) for size in ((3, 2, 2), (5, 3, 2), (5, 3, 2)))
    square = sum(((blocks[f] @ before[p, f] - after[p, f]) ** 2).sum() for p in range(5) for f in range(3))
    assert shift_error(blocks, before, after) == pytest.approx(math.sqrt(square / (after**2).sum()))
    assert shift_error(np.zeros((3, 2, 2)), before, after) == pytest.approx(1)


def test_the_fit_is_the_least_squares_of_the_normal_equations() -> None:
    random = np.random.default_rng(4)
    before, after = random.normal(size=(9, 2, 2)), random.normal(size=(9, 2, 2))
    for f in range(2):
        x, y = before[:, f], after[:, f]
        expected = np.linalg.solve(x.T @ x, x.T @ y).T
        np.testing.assert_allclose(fitted(before, after)[f], expected, rtol=1e-10)


def test_a_learned_table_that_is_random_has_no_shift() -> None:
    positions = LearnedPositions(16, 40)
    table = position_table(positions, 64)
    assert table.shape == (40, 16), "no more rows than were learned"
    found = shift(table, "interleaved", 1, None)
    assert found.rotation_error is None
    assert found.fit_error > 0.9


def test_the_table_is_what_the_model_adds() -> None:
    np.testing.assert_allclose(
        position_table(SinusoidalPositions(16), 300), exact_table(300, 16, "interleaved"), atol=1e-6
    )


def test_cosines_by_distance() -> None:
    table = np.random.default_rng(5).normal(size=(6, 4))
    for k, row in enumerate(cosines(table)):
        for p, cosine in enumerate(row):
            a, b = table[p], table[p + k]
            assert cosine == pytest.approx(a @ b / math.sqrt((a @ a) * (b @ b)))
    sinusoidal = cosines(exact_table(30, 16, "interleaved"))
    assert all(np.ptp(row) < 1e-9 for row in sinusoidal), "for sinusoids only the distance counts"


@pytest.mark.parametrize("shape", ["post", "pre", "all"])
def test_the_view(shaped_bundle, shape: str) -> None:
    model = shaped_bundle(shape).model
    tables = positions_view(model, 20)["tables"]
    kind = {"post": "sinusoidal", "pre": "sinusoidal-half", "all": "learned"}[shape]
    assert [table["kind"] for table in tables] == [kind] * (2 if kind == "learned" else 1)
    assert [stack for table in tables for stack in table["stacks"]] == ["encoder", "decoder"]
    for table, embedding in zip(tables, (model.src_embedding, model.tgt_embedding), strict=False):
        rows = embedding.positions(20).detach().numpy()
        shown = np.frombuffer(base64.b64decode(table["table"]["float32"]), "<f4").reshape(20, 16)
        assert (shown == rows).all()
        dots = np.frombuffer(base64.b64decode(table["dots"]["float32"]), "<f4").reshape(20, 20)
        np.testing.assert_allclose(dots, rows @ rows.T, atol=1e-5)
        assert (table["wavelengths"] is None) == (kind == "learned")
        if table["wavelengths"]:
            assert table["wavelengths"][0] == pytest.approx(2 * math.pi, rel=1e-6)
            assert table["wavelengths"] == sorted(table["wavelengths"])
        assert [each["k"] for each in table["shifts"]] == [1, 2, 5, 10]
        assert all((each["rotation_error"] is None) == (kind == "learned") for each in table["shifts"])
        assert all(len(each["blocks"]) == 4 for each in table["shifts"])
    assert positions_view(model, 1)["tables"][0]["shifts"] == []


def test_no_position_at_all(shaped_bundle) -> None:
    with pytest.raises(ConfigError, match="n_positions is 0"):
        positions_view(shaped_bundle("post").model, 0)


def test_a_model_without_positions_has_nothing_to_show(shaped_bundle) -> None:
    assert positions_view(shaped_bundle("no positions").model) == {
        "tables": [],
        "distances": [],
        "turns": None,
    }


def test_distances_that_were_learned(shaped_bundle) -> None:
    model = shaped_bundle("relative").model
    view = positions_view(model)
    assert (view["tables"], view["turns"]) == ([], None)
    assert [(each["stack"], each["layer"]) for each in view["distances"]] == [
        *(("encoder", 0), ("encoder", 1), ("decoder", 0), ("decoder", 1))
    ]
    for each in view["distances"]:
        attention = model.get_submodule(f"{each['stack']}_layers.{each['layer']}.self_attention")
        assert each["distance"] == [-2, -1, 0, 1, 2]
        for name, width in (("keys", 6), ("values", 8)):
            table = getattr(attention.scoring, name).detach().numpy()
            shown = np.frombuffer(base64.b64decode(each[name]["float32"]), "<f4").reshape(5, width)  # type: ignore[literal-required]
            assert (shown == table).all()
            lengths = each[f"{name[:-1]}_lengths"]  # type: ignore[literal-required]
            assert lengths == pytest.approx([math.sqrt(sum(row**2)) for row in table], rel=1e-5)


def test_turns_are_what_is_left_of_a_like_key(shaped_bundle) -> None:
    """Measured with the scoring itself: a key that is the query, k places away, one pair at a time."""
    model = shaped_bundle("rotary").model
    view = positions_view(model, 9)
    assert (view["tables"], view["distances"]) == ([], [])
    turns = view["turns"]
    assert turns is not None
    wavelengths = [2 * math.pi * 10_000 ** (i / 4) for i in range(4)]
    assert turns["wavelengths"] == pytest.approx(wavelengths, rel=1e-5)
    assert turns["similarity"]["distance"] == list(range(9))
    scoring = model.get_submodule("encoder_layers.0.self_attention").scoring
    for k in range(9):
        left = []
        for pair in range(4):
            q = torch.zeros(1, 1, k + 1, 8, dtype=torch.float64)
            q[..., 2 * pair] = 1
            q, keys = scoring.turned(q, q)
            left.append(float(q[0, 0, k] @ keys[0, 0, 0]))
        shown = [turns["similarity"][name][k] for name in ("mean", "least", "most")]  # type: ignore[literal-required]
        assert shown == pytest.approx([sum(left) / 4, min(left), max(left)], abs=1e-6)
