"""Rules that forbid pieces at a step, for every kind of search.

A rule is asked with what the hypotheses of one sentence have written, and says what may come next. It works
on log-probabilities that are normalized already and never normalizes again: so the score of an output is
the model's own log-probability of it, whatever rules it was found under, and outputs found under different
rules can be compared. Each sentence has its rules; none cost nothing.

Shape letters: K hypotheses of a sentence · t tokens so far · V vocabulary.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Rule = Callable[[Tensor, Tensor], Tensor]
"""(tokens so far (K, t), log-probabilities (K, V)) -> log-probabilities, -inf where a piece may not come."""

NEVER = float("-inf")


def ruled(logp: Tensor, written: Sequence[Tensor], rules: Sequence[Sequence[Rule]]) -> Tensor:
    """Log-probabilities (B, K, V) under the rules of each sentence."""
    if not any(rules):
        return logp
    rows = []
    for row, tokens, its_rules in zip(logp, written, rules, strict=True):
        for rule in its_rules:
            row = rule(tokens, row)  # noqa: PLW2901
        rows.append(row)
    return torch.stack(rows)


def at_least(n_tokens: int, eos_id: int) -> Rule:
    """No end before so many tokens."""

    def rule(tokens: Tensor, logp: Tensor) -> Tensor:
        if tokens.shape[1] >= n_tokens:
            return logp
        logp = logp.clone()
        logp[:, eos_id] = NEVER
        return logp

    return rule


def no_repeat(size: int) -> Rule:
    """No sequence of `size` tokens twice in an output."""

    def rule(tokens: Tensor, logp: Tensor) -> Tensor:
        rows, nexts = [], []
        for row, written in enumerate(tokens.tolist()):
            last = written[len(written) - size + 1 :]
            if len(written) < size:
                continue
            for i in range(len(written) - size + 1):
                if written[i : i + size - 1] == last:
                    rows.append(row)
                    nexts.append(written[i + size - 1])
        if not rows:
            return logp
        logp = logp.clone()
        logp[rows, nexts] = NEVER
        return logp

    return rule
