"""Search on a real model: its cache, its batches and its limits change nothing of what is found."""

from typing import Any

import pytest
import torch
from torch import Tensor

from crosslight.bundle import Bundle, Facts
from crosslight.config.model import TransformerConfig
from crosslight.config.run import DecodeConfig, RunConfig
from crosslight.data.batch import pad
from crosslight.decode.beam import beam_search, greedy_search
from crosslight.decode.hypothesis import Hypothesis
from crosslight.decode.searcher import BANNED
from crosslight.decode.translator import Translator
from crosslight.models.build import build_model
from crosslight.models.transformer import Transformer
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID, Subword

IDS: Any = {"bos_id": BOS_ID, "eos_id": EOS_ID}
V = 12
SRCS = [[5, 6, 7, 3], [9, 3], [11, 4, 4, 8, 10, 5, 3], [6, 5, 3]]
LIMIT = 8


@pytest.fixture(scope="module")
def model() -> Transformer:
    """Untrained, yet sure enough of itself that its outputs differ and end."""
    torch.manual_seed(8)
    config = TransformerConfig(
        d_model=16, d_ff=32, n_heads=2, n_encoder_layers=2, n_decoder_layers=2, norm="pre"
    )
    made = build_model(config, V, V, PAD_ID).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.5 * torch.randn_like(parameter))
    return made


def alone(model: Transformer, src: list[int], tokens: list[int]) -> Tensor:
    """Log-probabilities (T, V) after begin and after each token, in one call without any cache."""
    logits: Tensor = model(torch.tensor([src]), torch.tensor([[BOS_ID, *tokens]]))
    logits = logits[0].detach().double()
    logits[:, list(BANNED)] = float("-inf")
    return logits.log_softmax(dim=1)


def forced(model: Transformer, src: list[int], found: Hypothesis) -> float:
    logp = alone(model, src, found.tokens)
    return sum(float(logp[t, token]) for t, token in enumerate([*found.tokens, EOS_ID]))


def searched(model: Transformer, srcs: list[list[int]], beam: int) -> list[list[Hypothesis]]:
    with torch.inference_mode():
        state = model.start(pad(srcs, PAD_ID))
        return beam_search(
            model.decode, state, [LIMIT] * len(srcs), beam=beam, n_best=beam, banned=BANNED, **IDS
        )


def test_greedy_is_the_argmax_loop_without_a_cache(model: Transformer) -> None:
    with torch.inference_mode():
        state = model.start(pad(SRCS, PAD_ID))
        found = greedy_search(model.decode, state, [LIMIT] * 4, banned=BANNED, **IDS)
    for src, hypothesis in zip(SRCS, found, strict=True):
        tokens: list[int] = []
        while len(tokens) < LIMIT:
            token = int(alone(model, src, tokens)[-1].argmax())
            if token == EOS_ID:
                break
            tokens.append(token)
        assert hypothesis.tokens == tokens
        if len(tokens) < LIMIT:
            assert hypothesis.logp == pytest.approx(forced(model, src, hypothesis), abs=1e-5)
    assert len({tuple(hypothesis.tokens) for hypothesis in found}) > 1


@pytest.mark.parametrize("beam", [2, 5])
def test_scores_are_those_of_forced_decoding(model: Transformer, beam: int) -> None:
    n_finished = 0
    for src, found in zip(SRCS, searched(model, SRCS, beam), strict=True):
        for hypothesis in found:
            if hypothesis.finished:
                n_finished += 1
                assert hypothesis.logp == pytest.approx(forced(model, src, hypothesis), abs=1e-5)
    assert n_finished >= 4


def test_a_sentence_alone_is_the_sentence_in_its_batch(model: Transformer) -> None:
    for src, together in zip(SRCS, searched(model, SRCS, 3), strict=True):
        (found,) = searched(model, [src], 3)
        assert [h.tokens for h in found] == [h.tokens for h in together]
        assert [h.score for h in found] == pytest.approx([h.score for h in together], abs=1e-5)


class Endless(Transformer):
    """Never wants to end."""

    def decode(self, tokens: Any, state: Any) -> Any:
        logits, state = super().decode(tokens, state)
        logits[:, :, EOS_ID] = -1e9
        return logits, state


@pytest.mark.parametrize("beam", [1, 3])
@pytest.mark.parametrize("max_extra", [50, 2])
def test_an_output_is_at_most_its_source_and_so_many_tokens_more(beam: int, max_extra: int) -> None:
    """Section 6.1: "the maximum output length during inference to input length + 50"."""
    subword = Subword.train(["a small cat", "a small dog"] * 9, 275)
    torch.manual_seed(8)
    config = TransformerConfig(d_model=8, d_ff=8, n_heads=1, n_encoder_layers=1, n_decoder_layers=1)
    model = build_model(config, subword.vocab_size, subword.vocab_size)
    model.__class__ = Endless
    facts = Facts("en", "en", 0, 10, 2.0, 0, 0.0)
    translator = Translator(Bundle(RunConfig(model=config), subword, subword, model, facts))
    srcs = [[*subword.encode(text), EOS_ID] for text in ("cat", "a small dog", "dog")]
    decoding = DecodeConfig(beam=beam, max_extra=max_extra)
    for src, found in zip(srcs, translator.search(srcs, decoding), strict=True):
        assert len(found[0].tokens) == len(src) - 1 + max_extra
        assert not found[0].finished
        assert not {*BANNED, EOS_ID} & set(found[0].tokens)


def test_the_default_is_fifty_more() -> None:
    assert DecodeConfig().max_extra == 50
