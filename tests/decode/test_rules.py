"""Search under rules and penalties, against brute force over every output there is."""

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from crosslight.decode.beam import beam_search, greedy_search
from crosslight.decode.loops import loop_end
from crosslight.decode.rules import Rule, at_least, no_repeat

BOS, EOS, V, LIMIT = 0, 1, 4, 4
ALL_WIDE = V ** (LIMIT + 1)
SENTENCES = 4
LOGITS = 2 * torch.randn(SENTENCES, 2 * V ** (LIMIT + 2), V, generator=torch.Generator().manual_seed(5))


def decode(tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
    sentence, node = state
    node = node * V + tokens[:, 0] + 1
    return LOGITS[sentence, node][:, None], (sentence, node)


def start() -> Any:
    return torch.arange(SENTENCES), torch.zeros(SENTENCES, dtype=torch.long)


def log_probs(sentence: int, tokens: list[int]) -> list[float]:
    """Of each token and of the end, each given those before it."""
    found, node = [], 0
    for before, token in zip([BOS, *tokens], [*tokens, EOS], strict=True):
        node = node * V + before + 1
        found.append(float(LOGITS[sentence, node].double().log_softmax(dim=0)[token]))
    return found


def is_allowed(tokens: tuple[int, ...], least: int, size: int) -> bool:
    grams = [tokens[i : i + size] for i in range(len(tokens) - size + 1)] if size else []
    return len(tokens) >= least and len(set(grams)) == len(grams)


def brute_force(sentence: int, alpha: float, penalty: str, least: int, size: int) -> list[Any]:
    found = []
    for n in range(LIMIT + 1):
        for tokens in itertools.product([0, 2, 3], repeat=n):
            if is_allowed(tokens, least, size):
                logp = sum(log_probs(sentence, list(tokens)))
                divisor = (n + 1) ** alpha if penalty == "average" else ((5 + n + 1) / 6) ** alpha
                found.append((logp / divisor, list(tokens)))
    return sorted(found, key=lambda one: -one[0])


@pytest.mark.parametrize("penalty", ["gnmt", "average"])
@pytest.mark.parametrize(("least", "size"), [(0, 0), (3, 0), (0, 1), (2, 2), (4, 2)])
def test_a_wide_beam_finds_what_brute_force_finds(penalty: Any, least: int, size: int) -> None:
    rules = [rule for rule in (at_least(least, EOS), no_repeat(size) if size else None) if rule]
    found = beam_search(
        *(decode, start(), [LIMIT] * SENTENCES),
        beam=ALL_WIDE,
        bos_id=BOS,
        eos_id=EOS,
        alpha=1.0,
        penalty=penalty,
        n_best=3,
        rules=[rules] * SENTENCES,
    )
    for sentence, ours in enumerate(found):
        expected = brute_force(sentence, 1.0, penalty, least, size)[:3]
        assert [h.tokens for h in ours] == [tokens for _, tokens in expected]
        assert [h.score for h in ours] == pytest.approx([score for score, _ in expected], abs=1e-5)


@pytest.mark.parametrize("beam", [1, 3])
def test_log_probabilities_of_tokens_are_those_of_forced_decoding(beam: int) -> None:
    """Whatever the rules: they forbid, and change no number."""
    rules: list[list[Rule]] = [[at_least(2, EOS)]] * SENTENCES
    ids: Any = {"bos_id": BOS, "eos_id": EOS, "rules": rules}
    beams = beam_search(decode, start(), [LIMIT] * SENTENCES, beam=beam, n_best=beam, **ids)
    greedy = [[h] for h in greedy_search(decode, start(), [LIMIT] * SENTENCES, **ids)]
    for sentence, found in [*enumerate(beams), *enumerate(greedy)]:
        for h in found:
            assert len(h.tokens) >= 2
            expected = log_probs(sentence, h.tokens)[: len(h.tokens) + h.finished]
            assert h.log_probs == pytest.approx(expected, abs=1e-5)
            assert h.logp == pytest.approx(sum(expected), abs=1e-5)


def test_a_rule_of_one_sentence_is_none_of_the_others() -> None:
    ids: Any = {"bos_id": BOS, "eos_id": EOS, "beam": 3}
    plain = beam_search(decode, start(), [LIMIT] * SENTENCES, **ids)
    some = [[], [at_least(4, EOS)], [], []]
    ruled = beam_search(decode, start(), [LIMIT] * SENTENCES, rules=some, **ids)
    assert [plain[i] for i in (0, 2, 3)] == [ruled[i] for i in (0, 2, 3)]
    assert len(ruled[1][0].tokens) == 4


def test_rules_that_leave_nothing_break_off() -> None:
    ids: Any = {"bos_id": BOS, "eos_id": EOS, "rules": [[at_least(9, EOS), no_repeat(1)]] * SENTENCES}
    for h in greedy_search(decode, start(), [9] * SENTENCES, **ids):
        assert sorted(h.tokens) == [0, 2, 3]
        assert not h.finished
    for (h,) in beam_search(decode, start(), [9] * SENTENCES, beam=5, **ids):
        assert sorted(h.tokens) == [0, 2, 3]
        assert not h.finished


@pytest.mark.parametrize("period", [1, 2, 5, 16])
def test_loops_of_every_period_are_found(period: int) -> None:
    circle = list(range(10, 10 + period))
    rounds = max(4, -(-12 // period))
    assert loop_end([1, 2, *circle * rounds, 9]) == 2 + period
    assert loop_end([1, 2, *circle * 3, 9]) is None
    assert loop_end(list(range(60))) is None
