"""How probable given translations are: against cross-entropy in float64, written out."""

import copy
import math

import pytest
import torch

from crosslight.bundle import load_bundle
from crosslight.decode import score
from crosslight.decode.score import length_batches
from crosslight.tasks.likelihood import mean_logps, reference_loss, token_logps
from crosslight.text.corpus import Pair, read_tsv
from crosslight.text.subword import BOS_ID, EOS_ID


@pytest.fixture(scope="module")
def bundle(tiny_run):
    return load_bundle(tiny_run)


@pytest.fixture(scope="module")
def pairs(toy):
    return [*list(read_tsv(toy.pairs))[:40], Pair("", "Nothing."), Pair("Rien.", ""), Pair("é 😀", "x" * 300)]


def alone(bundle, pair: Pair) -> list[float]:
    """One pair, no padding, one token at a time, in float64."""
    model = copy.deepcopy(bundle.model).double()
    tgt = bundle.tgt_subword.encode(pair.tgt)
    state = model.start(torch.tensor([[*bundle.src_subword.encode(pair.src), EOS_ID]]))
    logps = []
    with torch.inference_mode():
        for before, token in zip([BOS_ID, *tgt], [*tgt, EOS_ID], strict=True):
            logits, state = model.decode(torch.tensor([[before]]), state)
            logps.append(-float(torch.nn.functional.cross_entropy(logits[0], torch.tensor([token]))))
    return logps


def test_every_token_has_its_log_probability(bundle, pairs):
    for pair, row in zip(pairs, token_logps(bundle, pairs), strict=True):
        assert row == pytest.approx(alone(bundle, pair), abs=1e-4)


def test_means_and_the_loss_are_over_tokens(bundle, pairs):
    rows = [alone(bundle, pair) for pair in pairs[:12]]
    assert mean_logps(bundle, pairs[:12]) == pytest.approx([sum(r) / len(r) for r in rows], abs=1e-4)
    found = reference_loss(bundle, pairs[:12])
    assert found.n_tokens == sum(map(len, rows))
    assert found.loss == pytest.approx(-sum(map(sum, rows)) / found.n_tokens, abs=1e-5)
    assert found.perplexity == pytest.approx(math.exp(found.loss))
    assert "label smoothing:off" in found.table()


def test_a_pair_does_not_see_its_batch(bundle, pairs, monkeypatch):
    together = mean_logps(bundle, pairs)
    monkeypatch.setattr(score, "TOKENS", 1)
    assert mean_logps(bundle, pairs) == pytest.approx(together, abs=1e-5)


def test_batches_hold_every_place_once():
    lengths = [5, 900, 3, 3000, 7, 40, 1]
    batches = list(length_batches(lengths))
    assert sorted(i for batch in batches for i in batch) == list(range(7))
    assert all(len(b) == 1 or (max(lengths[i] for i in b) + 1) * len(b) <= 1024 for b in batches)
    assert sorted(i for batch in length_batches(lengths, most=900) for i in batch) == [0, 1, 2, 4, 5, 6]


def test_what_a_table_of_positions_cannot_hold_is_left_out(bundle, pairs, monkeypatch):
    model = bundle.config.model.model_copy(update={"positions": "learned", "max_positions": 60})
    monkeypatch.setattr(bundle, "config", bundle.config.model_copy(update={"model": model}))
    found = reference_loss(bundle, pairs)
    assert found.n_left_out == sum(
        max(len(bundle.src_subword.encode(p.src)), len(bundle.tgt_subword.encode(p.tgt))) > 59 for p in pairs
    )
    assert found.n_left_out > 0
    assert mean_logps(bundle, pairs)[-1] is None
    assert "left out" in found.table()
