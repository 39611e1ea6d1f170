"""Search against brute force over every output there is, on a model that is a table of random numbers."""

import functools
import itertools
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from crosslight.decode.beam import beam_search, greedy_search
from crosslight.decode.hypothesis import Hypothesis, length_penalty

BOS, EOS, V, LIMIT = 0, 1, 4, 4
IDS: Any = {"bos_id": BOS, "eos_id": EOS}
ALL_WIDE = V ** (LIMIT + 1)  # as many as there can be: nothing is ever pruned
SENTENCES = range(6)


class Prefix(NamedTuple):
    """What the table model knows: which sentence, and the number of its place in the tree of prefixes."""

    sentence: Tensor
    node: Tensor


def table(sentence: int) -> Tensor:
    """A row of logits for every prefix of up to LIMIT + 2 tokens."""
    generator = torch.Generator().manual_seed(sentence)
    return 2 * torch.randn(2 * V ** (LIMIT + 2), V, generator=generator)


TABLES = torch.stack([table(sentence) for sentence in SENTENCES])


def decode(tokens: Tensor, state: Prefix) -> tuple[Tensor, Prefix]:
    node = state.node * V + tokens[:, 0] + 1
    return TABLES[state.sentence, node][:, None], Prefix(state.sentence, node)


def start(sentences: Any = SENTENCES) -> Prefix:
    return Prefix(torch.tensor(list(sentences)), torch.zeros(len(list(sentences)), dtype=torch.long))


def logits_of(sentence: int, prefix: list[int]) -> Tensor:
    """What the model says after a prefix, its begin included."""
    node = 0
    for token in prefix:
        node = node * V + token + 1
    return TABLES[sentence, node].double()


def forced(sentence: int, tokens: list[int], banned: tuple[int, ...] = ()) -> float:
    """Log-probability of these tokens one after the other, each given those before it."""
    total, prefix = 0.0, [BOS]
    for token in tokens:
        logits = logits_of(sentence, prefix)
        logits[list(banned)] = float("-inf")
        total += float(logits.log_softmax(dim=0)[token])
        prefix.append(token)
    return total


@functools.cache
def brute_force(sentence: int, limit: int, alpha: float, banned: tuple[int, ...] = ()) -> list[Hypothesis]:
    """Every output that ends within the limit, best first."""
    words = [token for token in range(V) if token != EOS and token not in banned]
    found = []
    for n in range(limit + 1):
        for tokens in itertools.product(words, repeat=n):
            logp = forced(sentence, [*tokens, EOS], banned)
            found.append(Hypothesis(list(tokens), logp, logp / ((5 + n + 1) / 6) ** alpha, True))
    return sorted(found, key=lambda h: -h.score)


def assert_same(found: list[Hypothesis], expected: list[Hypothesis]) -> None:
    assert [h.tokens for h in found] == [h.tokens for h in expected]
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.logp == pytest.approx(theirs.logp, abs=1e-5)
        assert ours.score == pytest.approx(theirs.score, abs=1e-5)
        assert ours.finished == theirs.finished


@pytest.mark.parametrize("n_best", [1, 5])
@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.2])
def test_a_wide_beam_finds_what_brute_force_finds(alpha: float, n_best: int) -> None:
    found = beam_search(
        decode, start(), [LIMIT] * len(SENTENCES), beam=ALL_WIDE, alpha=alpha, n_best=n_best, **IDS
    )
    expected = [brute_force(sentence, LIMIT, alpha) for sentence in SENTENCES]
    assert len({len(one[0].tokens) for one in expected}) > 1
    for ours, theirs in zip(found, expected, strict=True):
        assert_same(ours, theirs[:n_best])


def test_a_wide_beam_finds_every_output_that_ends() -> None:
    expected = brute_force(2, 2, 0.6)
    found = beam_search(decode, start([2]), [2], beam=ALL_WIDE, n_best=1000, alpha=0.6, **IDS)
    assert_same(found[0], expected)


def test_each_sentence_has_its_own_limit() -> None:
    limits = [0, 1, 2, 3, 4, 2]
    found = beam_search(decode, start(), limits, beam=ALL_WIDE, alpha=0.6, **IDS)
    for sentence, limit, ours in zip(SENTENCES, limits, found, strict=True):
        assert_same(ours, brute_force(sentence, limit, 0.6)[:1])


@pytest.mark.parametrize("banned", [(BOS,), (BOS, 2)])
def test_banned_tokens_never_come_out(banned: tuple[int, ...]) -> None:
    """And what is left shares the probability: the search is among the outputs without them."""
    limits = [LIMIT] * len(SENTENCES)
    found = beam_search(decode, start(), limits, beam=ALL_WIDE, n_best=3, banned=banned, **IDS)
    for sentence, ours in zip(SENTENCES, found, strict=True):
        assert_same(ours, brute_force(sentence, LIMIT, 0.6, banned)[:3])
    for hypothesis in greedy_search(decode, start(), limits, banned=banned, **IDS):
        assert not set(banned) & set(hypothesis.tokens)


@pytest.mark.parametrize("beam", [1, 2, 4])
@pytest.mark.parametrize("n_best", [1, 2])
def test_scores_are_those_of_forced_decoding(beam: int, n_best: int) -> None:
    for sentence, found in zip(
        SENTENCES,
        beam_search(decode, start(), [LIMIT] * 6, beam=beam, n_best=n_best, alpha=0.6, **IDS),
        strict=True,
    ):
        assert 1 <= len(found) <= n_best
        assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)
        for h in found:
            if h.finished:
                assert h.logp == pytest.approx(forced(sentence, [*h.tokens, EOS]), abs=1e-5)
                assert h.score == pytest.approx(h.logp / length_penalty(len(h.tokens) + 1, 0.6))


def test_no_narrow_beam_beats_a_wide_one() -> None:
    for beam in (1, 2, 3, 5):
        for sentence, found in zip(
            SENTENCES, beam_search(decode, start(), [LIMIT] * 6, beam=beam, **IDS), strict=True
        ):
            assert found[0].score <= brute_force(sentence, LIMIT, 0.6)[0].score + 1e-5


@pytest.mark.parametrize("beam", [1, 2, 3, 10])
def test_a_sentence_alone_is_the_sentence_in_its_batch(beam: int) -> None:
    limits = [4, 2, 3, 1, 4, 0]
    together = beam_search(decode, start(), limits, beam=beam, n_best=2, **IDS)
    for sentence, limit, ours in zip(SENTENCES, limits, together, strict=True):
        assert_same(ours, beam_search(decode, start([sentence]), [limit], beam=beam, n_best=2, **IDS)[0])


def test_greedy_takes_the_best_token_again_and_again() -> None:
    found = greedy_search(decode, start(), [LIMIT] * 6, alpha=0.6, **IDS)
    assert any(h.finished for h in found)
    for sentence, hypothesis in zip(SENTENCES, found, strict=True):
        tokens: list[int] = []
        while len(tokens) < LIMIT and EOS not in tokens:
            tokens.append(int(logits_of(sentence, [BOS, *tokens]).argmax()))
        assert hypothesis.tokens == [token for token in tokens if token != EOS]
        if EOS in tokens:
            assert hypothesis.finished
            assert hypothesis.logp == pytest.approx(forced(sentence, tokens), abs=1e-5)
            assert hypothesis.score == pytest.approx(hypothesis.logp / length_penalty(len(tokens), 0.6))


def test_greedy_alone_is_greedy_in_a_batch() -> None:
    limits = [4, 2, 3, 1, 4, 2]
    together = greedy_search(decode, start(), limits, **IDS)
    for sentence, limit, ours in zip(SENTENCES, limits, together, strict=True):
        assert_same([ours], greedy_search(decode, start([sentence]), [limit], **IDS))


def endless(tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
    """A model that would rather say anything than end."""
    return torch.tensor([0.0, float("-inf"), 1.0, 0.5]).expand(len(tokens), 1, V).clone(), state


def test_what_does_not_end_is_broken_off_at_the_limit() -> None:
    limits = [3, 7, 1]
    greedy = greedy_search(endless, (), limits, **IDS)
    wide = [found[0] for found in beam_search(endless, (), limits, beam=3, **IDS)]
    for hypothesis, limit in zip([*greedy, *wide], limits * 2, strict=True):
        assert (hypothesis.tokens, hypothesis.finished) == ([2] * limit, False)


def ending(n_tokens: int) -> Any:
    """A decode function that wants exactly so many tokens and then the end; its state counts."""

    def decode(tokens: Tensor, state: tuple[Tensor]) -> tuple[Tensor, tuple[Tensor]]:
        (written,) = state
        logits = torch.where(written == n_tokens, torch.tensor([0.0, 9, 0, 0]), torch.tensor([0.0, -9, 9, 0]))
        return logits[:, None], (written + 1,)

    return decode


@pytest.mark.parametrize("beam", [1, 4])
def test_an_output_of_exactly_the_limit_may_end(beam: int) -> None:
    (found,) = beam_search(ending(3), (torch.zeros(1, 1),), [3], beam=beam, **IDS)
    assert (found[0].tokens, found[0].finished) == ([2, 2, 2], True)


def test_an_output_of_exactly_the_limit_may_end_greedily() -> None:
    for limit in (3, 0):
        (found,) = greedy_search(ending(limit), (torch.zeros(1, 1),), [limit], **IDS)
        assert (found.tokens, found.finished) == ([2] * limit, True)


def test_what_is_broken_off_is_scored_as_it_stands() -> None:
    (found,) = beam_search(endless, (), [3], beam=1, alpha=0.0, **IDS)
    assert found[0].tokens == [2, 2, 2]
    each = float(torch.tensor([0.0, 1.0, 0.5]).log_softmax(dim=0)[1])
    assert found[0].logp == pytest.approx(3 * each, abs=1e-5)


def test_what_is_broken_off_is_n_different_outputs() -> None:
    (found,) = beam_search(endless, (), [3], beam=4, n_best=4, alpha=0.0, **IDS)
    assert len({tuple(h.tokens) for h in found}) == len(found) == 4


def test_search_writes_into_nothing_that_is_the_models() -> None:
    kept = torch.zeros(1, 1, V)
    greedy_search(lambda tokens, state: (kept, state), (), [2], banned=[BOS], **IDS)
    assert (kept == 0).all()


def test_no_sentence_at_all() -> None:
    assert greedy_search(decode, start([]), [], **IDS) == []
    assert beam_search(decode, start([]), [], beam=3, **IDS) == []


def test_length_penalty_is_equation_14() -> None:
    """Wu et al. 2016: lp(Y) = (5 + |Y|)^α / (5 + 1)^α."""
    for n, alpha in itertools.product((1, 2, 30), (0.0, 0.6, 1.0)):
        assert length_penalty(n, alpha) == pytest.approx((5 + n) ** alpha / 6**alpha)
