"""The view of steps: what the model did, by piece; and a line for each."""

import pytest
import torch

from crosslight.config.universal import UniversalConfig
from crosslight.decode.hypothesis import Hypothesis
from crosslight.interpret.ponder import steps_of
from crosslight.interpret.steps import Steps, TokenSteps
from crosslight.interpret.steps_table import terminal_steps
from crosslight.models.build import build_model
from crosslight.models.universal import Universal
from crosslight.nn.halting import HaltingUnit
from crosslight.tasks.explain import look_inside
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID


@pytest.fixture
def model(subword) -> Universal:
    """One whose tokens take different numbers of steps."""
    config = UniversalConfig(d_model=16, d_ff=24, n_heads=2, max_steps=5)
    torch.manual_seed(3)
    built = build_model(config, subword.vocab_size, subword.vocab_size, PAD_ID).eval()
    assert isinstance(built, Universal)
    chance = torch.Generator().manual_seed(12)  # one that makes both sides vary
    for unit in built.modules():
        if isinstance(unit, HaltingUnit):
            torch.nn.init.normal_(unit.weight, generator=chance)
            torch.nn.init.constant_(unit.bias, -1.0)
    return built


def test_every_piece_has_the_steps_that_the_model_took(model: Universal, subword) -> None:
    src, tgt = [*subword.encode("Le chat dort."), EOS_ID], subword.encode("The cat sleeps.")
    read, write = torch.tensor([src]), torch.tensor([[BOS_ID, *tgt]])
    src_pieces, tgt_pieces = subword.pieces(src), [*subword.pieces(tgt), "</s>"]
    steps = steps_of(model, read, write, src_pieces, tgt_pieces)
    assert steps is not None
    assert [token.piece for token in steps.src] == src_pieces
    assert [token.piece for token in steps.tgt] == tgt_pieces
    with torch.inference_mode():
        _, *sides = model.features_and_halting(read, write)
    for ours, halting in zip((steps.src, steps.tgt), sides, strict=True):
        assert [token.n_steps for token in ours] == halting.n_steps[0].tolist()
        for token in ours:
            assert len(token.weights) == steps.max_steps == 5
            assert sum(token.weights) == pytest.approx(1, abs=1e-6)
            assert all(weight == 0 for weight in token.weights[token.n_steps :])
    assert len({token.n_steps for token in (*steps.src, *steps.tgt)}) > 1


def test_a_transformer_has_none(shaped_bundle, subword) -> None:
    src = [*subword.encode("Le chat dort."), EOS_ID]
    assert look_inside(shaped_bundle("pre"), src, Hypothesis([5], 0.0, -1.0, True)).steps is None


def test_the_table_by_hand() -> None:
    steps = Steps(
        3,
        [TokenSteps("▁Le", 1, [1.0, 0.0, 0.0]), TokenSteps("chat\x1b", 3, [0.25, 0.25, 0.5])],
        [TokenSteps("</s>", 2, [0.75, 0.25, 0.0])],
    )
    assert terminal_steps(steps, "utf-8").split("\n") == [
        "Steps of each token, 3 at most: 2.00 on average",
        "in brackets the weight of its state after each step",
        "",
        "source",
        " ▁Le   1  █    (1.00)",
        "chat   3  ███  (0.25 0.25 0.50)",
        "",
        "target",
        "</s>   2  ██   (0.75 0.25)",
    ]
    assert "chat   3  ###  (0.25" in terminal_steps(steps, "ascii")
