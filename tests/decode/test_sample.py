"""Drawing: what comes out is as frequent as the truncated distribution says."""

import math

import pytest
import torch
from transformers.generation.logits_process import (
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from crosslight.decode.sample import sample, truncated

LOGITS = torch.randn(9, generator=torch.Generator().manual_seed(1)) * 2
CASES = [(1.0, 0, 1.0), (0.7, 0, 1.0), (1.5, 4, 1.0), (1.0, 0, 0.6), (0.8, 5, 0.8), (1.0, 1, 1.0)]


@pytest.mark.parametrize(("temperature", "top_k", "top_p"), CASES)
def test_the_distribution_is_that_of_transformers(temperature, top_k, top_p) -> None:
    scores = LOGITS[None]
    for warper in (
        TemperatureLogitsWarper(temperature),
        *([TopKLogitsWarper(top_k)] if top_k else []),
        *([TopPLogitsWarper(top_p)] if top_p < 1 else []),
    ):
        scores = warper(None, scores)
    ours = truncated(LOGITS[None].log_softmax(dim=-1), temperature, top_k, top_p)
    assert torch.allclose(ours, scores.double().softmax(dim=-1), atol=1e-6)


@pytest.mark.parametrize(("temperature", "top_k", "top_p"), CASES)
def test_frequencies_are_the_truncated_softmax(temperature, top_k, top_p) -> None:
    n = 20_000
    found = sample(
        lambda tokens, state: (LOGITS.expand(len(tokens), 1, 9), state),
        (),
        [1] * n,
        range(n),
        bos_id=0,
        eos_id=8,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
    )
    expected = truncated(LOGITS[None].log_softmax(dim=-1), temperature, top_k, top_p)[0].tolist()
    for token, p in enumerate(expected):
        share = sum((h.tokens or [8]) == [token] for h in found) / n
        assert abs(share - p) <= 4 * math.sqrt(p * (1 - p) / n), token
    own = LOGITS.log_softmax(dim=-1)
    for h in found[:50]:
        assert h.log_probs is not None
        assert h.log_probs[0] == pytest.approx(float(own[(h.tokens or [8])[0]]), abs=1e-5)


def test_what_is_drawn_depends_on_seed_and_text_alone(translator, pairs) -> None:
    texts = [pair.src for pair in pairs[:9]]
    first = [str(t) for t in translator.translate(texts, temperature=1.0, seed=4)]
    assert first == [str(t) for t in translator.translate(texts[::-1], temperature=1.0, seed=4)][::-1]
    assert first == [str(translator.translate([text], temperature=1.0, seed=4)[0]) for text in texts]
    assert first != [str(t) for t in translator.translate(texts, temperature=1.0, seed=5)]


def test_drawing_one_piece_is_greedy(translator, pairs) -> None:
    texts = [pair.src for pair in pairs[:9]]
    drawn = translator.translate(texts, temperature=1.0, top_k=1)
    assert [str(t) for t in drawn] == [str(t) for t in translator.translate(texts, beam=1)]
