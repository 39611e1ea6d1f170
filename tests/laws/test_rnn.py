"""What the recurrent network promises beyond the laws of every model: dropout, its first weights."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from crosslight.config.rnn import RnnConfig
from crosslight.models.build_rnn import rnn
from crosslight.models.rnn import Rnn
from crosslight.nn.dropout import Dropout, dropout_seed

SRC = torch.tensor([[4, 5, 6, 7], [5, 9, 0, 0]])
TGT = torch.tensor([[2, 5, 6], [2, 4, 10]])


def small(**settings: Any) -> Rnn:
    torch.manual_seed(3)
    shape = {"d_model": 16, "d_hidden": 12, "d_attention": 8}
    return rnn(RnnConfig.model_validate({**shape, **settings}), 12, 12, 0)


@pytest.mark.parametrize("attention", ["additive", "none"])
def test_dropout_acts_at_four_places_in_training_and_nowhere_else(attention: str) -> None:
    model = small(attention=attention, dropout=0.4)
    calls: list[torch.Size] = []
    model.dropout.register_forward_hook(lambda _module, _args, out: calls.append(out.shape))
    plain = model.eval()(SRC, TGT)
    assert torch.equal(plain, model(SRC, TGT))
    calls.clear()
    assert not torch.allclose(model.train()(SRC, TGT), plain)
    handed_over = (2, 4, 24) if attention == "additive" else (2, 24)
    assert calls == [(2, 4, 16), handed_over, (2, 3, 16), (2, 3, 16)]
    others = [module for module in model.modules() if isinstance(module, nn.Dropout | nn.GRU | nn.LSTM)]
    assert all(not isinstance(module, nn.Dropout) and module.dropout == 0 for module in others)
    assert sum(isinstance(module, Dropout) for module in model.modules()) == 1


def test_dropout_is_the_same_for_the_same_seed() -> None:
    model = small(dropout=0.4).train()

    def drawn(seed: int) -> Tensor:
        with dropout_seed(seed, torch.device("cpu")):
            return model(SRC, TGT).detach()

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))


@pytest.mark.parametrize("settings", [{}, {"cell": "lstm"}, {"attention": "none"}], ids=str)
def test_half_precision_is_near_and_states_stay_whole(settings: dict[str, Any]) -> None:
    model = small(**settings).eval()
    whole = model(SRC, TGT)
    with torch.autocast("cpu", torch.bfloat16):
        state = model.start(SRC)
        near, after = model.decode(TGT, state)
    assert not torch.equal(near, whole)
    torch.testing.assert_close(near.float(), whole, rtol=0, atol=0.05)
    assert all(hidden.dtype == torch.float32 for hidden in (*state.hidden, *after.hidden))


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_every_map_from_state_to_state_begins_orthogonal(cell: str) -> None:
    """It keeps a state's length: the map times its transpose is the identity, gate by gate."""
    model = small(cell=cell)
    maps = [
        *model.decoder.cell.parameters(),
        model.encoder.ahead.weight_hh_l0,
        model.encoder.back.weight_hh_l0,
    ]
    gates = [gate for each in maps for gate in each.split(12)]
    assert len(gates) == 3 * {"gru": 3, "lstm": 4}[cell]
    for gate in gates:
        torch.testing.assert_close(gate @ gate.T, torch.eye(12), rtol=0, atol=1e-5)
    assert not torch.allclose(gates[0], gates[1])


def test_an_lstm_begins_by_remembering() -> None:
    """With its forget gate at σ(1), the inner state is still there after a step that brings nothing."""
    decoder = small(cell="lstm").decoder
    _, inner = decoder.cell(decoder.token_map.bias[None], (torch.zeros(1, 12), torch.ones(1, 12)))
    torch.testing.assert_close(inner, torch.full((1, 12), 1 / (1 + math.exp(-1))))


def test_scores_begin_neither_even_nor_certain() -> None:
    """Attention that begins with all weight on one word, or with exactly the same on all, learns slowly."""
    model = small(d_model=64, d_hidden=64, d_attention=64).eval()
    state = model.start(torch.arange(4, 12)[None])
    attention = model.decoder.attention
    assert attention is not None
    q = attention.q_proj(state.hidden[0])[:, None, None]
    weights = attention.scoring.weights(q, state.memory[0], state.memory_mask)
    assert 1 / 8 < weights.max() < 0.5
    assert weights.std() > 1e-3
