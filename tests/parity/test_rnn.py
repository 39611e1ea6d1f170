"""The recurrent network against torch.nn's layers, and against Bahdanau et al. 2015, appendix A.

The equations of the appendix are written out in NumPy, one sentence and one step at a time, without batches
or masks.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from crosslight.config.rnn import RnnConfig
from crosslight.interpret.attention import record_attention
from crosslight.models.build_rnn import rnn
from crosslight.models.rnn import Rnn
from crosslight.nn.additive import AdditiveScoring
from crosslight.nn.masks import padding_mask
from crosslight.nn.recurrent import Bidirectional

Floats = NDArray[np.float64]
SRC_VOCAB, TGT_VOCAB = 13, 11
# Rows of 6, 4 and 1 real source tokens.
SRC = torch.tensor([[4, 5, 6, 7, 8, 9], [5, 9, 4, 11, 0, 0], [12, 0, 0, 0, 0, 0]])
TGT = torch.tensor([[2, 5, 6, 7, 8], [2, 4, 10, 9, 8], [2, 9, 9, 9, 9]])
LENGTHS = (6, 4, 1)


@pytest.fixture(autouse=True)
def _in_float64() -> Iterable[None]:
    torch.manual_seed(12)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def small(**settings: Any) -> Rnn:
    """One all of whose widths differ, with no parameter at a value that would hide what it does."""
    shape = {"d_model": 6, "d_hidden": 5, "d_attention": 4, "tie": "none", "dropout": 0.0}
    model = rnn(RnnConfig.model_validate({**shape, **settings}), SRC_VOCAB, TGT_VOCAB, 0).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model


def close(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-10)


# ---- the encoder


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_reading_both_ways_is_a_bidirectional_layer_of_torch(kind: Any) -> None:
    """Theirs is told where each sentence ends by packing, ours by turning its tokens around."""
    ours = Bidirectional(kind, 6, 5)
    theirs = {"gru": nn.GRU, "lstm": nn.LSTM}[kind](6, 5, batch_first=True, bidirectional=True)
    for layer, ending in ((ours.ahead, ""), (ours.back, "_reverse")):
        for name, parameter in layer.named_parameters():
            parameter.data.normal_()
            getattr(theirs, name + ending).data.copy_(parameter)
    x = torch.randn(3, 6, 6)
    packed, last = theirs(pack_padded_sequence(x, torch.tensor(LENGTHS), batch_first=True))
    expected, _ = pad_packed_sequence(packed, batch_first=True)
    states, ahead, back = ours(x, SRC != 0)
    for row, n in enumerate(LENGTHS):
        close(states[row, :n], expected[row, :n])
    last = last[0] if kind == "lstm" else last
    close(ahead, last[0])
    close(back, last[1])


# ---- the decoder, by hand


def sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def array(tensor: Tensor) -> Floats:
    return tensor.detach().numpy()


def by_hand(model: Rnn, memory: Floats, tokens: list[int]) -> tuple[Floats, Floats]:
    """Logits (T, V) and weights (T, S) of one sentence whose encoder states are `memory` (S, 2h)."""
    w = {name: array(parameter) for name, parameter in model.named_parameters()}
    h = memory.shape[1] // 2
    state = np.tanh(w["decoder.start.weight"] @ memory[0, h:] + w["decoder.start.bias"])
    inner, state = state[h:], state[:h]
    logits, alphas = [], []
    for token in tokens:
        y = math.sqrt(w["tgt_tokens.table.weight"].shape[1]) * w["tgt_tokens.table.weight"][token]
        if model.decoder.attention is None:
            context = np.concatenate((memory[-1, :h], memory[0, h:]))
        else:
            w_a, u_a = w["decoder.attention.q_proj.weight"], w["decoder.attention.k_proj.weight"]
            v_a = w["decoder.attention.scoring.v"][0]
            e = np.array([v_a @ np.tanh(w_a @ state + u_a @ hj) for hj in memory])
            alphas.append(np.exp(e) / np.exp(e).sum())
            context = sum(alpha * hj for alpha, hj in zip(alphas[-1], memory, strict=True))
        given = w["decoder.token_map.weight"] @ y + w["decoder.token_map.bias"]
        given = given + w["decoder.context_map.weight"] @ context
        if model.decoder.cell.n_states == 1:  # A.1.1, with the gates in the order r, z
            u_r, u_z = np.split(w["decoder.cell.gates.weight"], 2)
            x_r, x_z, x_n = np.split(given, 3)
            r, z = sigmoid(x_r + u_r @ state), sigmoid(x_z + u_z @ state)
            state = (1 - z) * state + z * np.tanh(x_n + w["decoder.cell.new.weight"] @ (r * state))
        else:
            i, f, g, o = np.split(given + w["decoder.cell.gates.weight"] @ state, 4)
            inner = sigmoid(f) * inner + sigmoid(i) * np.tanh(g)
            state = sigmoid(o) * np.tanh(inner)
        t = w["decoder.readout.maps.weight"] @ np.concatenate((state, y, context))
        t = t + w["decoder.readout.maps.bias"]
        if model.decoder.readout.kind == "maxout":
            t = np.array([max(pair) for pair in zip(*np.split(t, 2), strict=True)])
        else:
            t = np.tanh(t)
        logits.append(w["output.table.weight"] @ t + w["output.bias"])
    return np.array(logits), np.array(alphas)


@pytest.mark.parametrize("readout", ["maxout", "tanh"])
@pytest.mark.parametrize("attention", ["additive", "none"])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_the_decoder_is_the_papers_equations(cell: str, attention: str, readout: str) -> None:
    model = small(cell=cell, attention=attention, readout=readout)
    memory, _, _ = model.encoder(model.src_tokens(SRC), SRC != 0)
    with record_attention(model) as recording:
        logits = model(SRC, TGT)
    for row, n in enumerate(LENGTHS):
        expected, alphas = by_hand(model, array(memory[row, :n]), TGT[row].tolist())
        close(logits[row], torch.from_numpy(expected))
        if attention == "additive":
            weights = torch.cat(recording["decoder.attention"], dim=2)[row, 0]
            close(weights[:, :n], torch.from_numpy(alphas))
            assert (weights[:, n:] == 0).all()


# ---- additive scoring


def test_additive_weights_are_their_definition_head_by_head() -> None:
    scoring = AdditiveScoring(n_heads=3, d_key=4)
    q, k, v = torch.randn(2, 3, 5, 4), torch.randn(2, 3, 6, 4), torch.randn(2, 3, 6, 7)
    mask = padding_mask(torch.tensor([[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]]), 0)
    weights, context = scoring.weights(q, k, mask), scoring.attend(q, k, v, mask)
    scored = scoring.v.detach()
    for b, h, t in np.ndindex(2, 3, 5):
        keys = range(4 if b == 0 else 6)
        e = [float((scored[h] @ torch.tanh(q[b, h, t] + k[b, h, s])).exp()) for s in keys]
        expected = torch.tensor([each / sum(e) for each in e])
        close(weights[b, h, t, : len(keys)], expected)
        close(context[b, h, t], expected @ v[b, h, : len(keys)])


def test_weights_are_zero_at_padding_and_sum_to_one() -> None:
    model = small().float()
    with record_attention(model) as recording:
        model(SRC, TGT)
    (calls,) = recording.values()
    assert [call.shape for call in calls] == [(3, 1, 1, 6)] * TGT.shape[1]
    weights = torch.cat(calls, dim=2)
    assert (weights.transpose(1, 3)[SRC == 0] == 0).all()
    assert (weights.transpose(1, 3)[SRC != 0] > 0).all()
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(3, 1, 5, dtype=torch.float32))
    assert weights[0].std(dim=-1).min() > 1e-3  # it does look somewhere


# ---- gradients and counts


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("attention", ["additive", "none"])
def test_gradients_are_finite_differences(cell: str, attention: str) -> None:
    shape = {"d_model": 3, "d_hidden": 2, "d_attention": 2}
    model = small(cell=cell, attention=attention, readout="tanh", **shape)
    names = [name for name, _ in model.named_parameters()]
    src, tgt = SRC[1:, :4], TGT[1:, :3]

    def logits(*parameters: Tensor) -> Any:
        return torch.func.functional_call(model, dict(zip(names, parameters, strict=True)), (src, tgt))

    assert torch.autograd.gradcheck(logits, tuple(model.parameters()), fast_mode=True)
    grads = torch.autograd.grad(logits(*model.parameters()).square().sum(), tuple(model.parameters()))
    assert all((grad != 0).any() for grad in grads)


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(("h", "a", "d"), [(5, 4, 6), (1000, 1000, 620)])
def test_counts_are_those_of_the_equations(h: int, a: int, d: int) -> None:
    """The last ones are the paper's sizes, where additive attention is 3 M of 85 M."""
    v = 30_000
    with torch.device("meta"):
        models = {
            attention: rnn(
                RnnConfig(d_model=d, d_hidden=h, d_attention=a, attention=attention, tie="none"), v, v, 0
            )
            for attention in ("additive", "none")
        }
    attention = (2 * h + h + 1) * a
    encoder = 2 * (3 * h * (d + h) + 6 * h)  # torch's layers have two biases a gate
    decoder = 3 * h * (d + h + 2 * h + 1) + (h + 1) * h
    readout = 2 * d * (h + d + 2 * h + 1)
    assert count(models["additive"]) - count(models["none"]) == attention
    assert count(models["none"]) == 3 * v * d + v + encoder + decoder + readout
