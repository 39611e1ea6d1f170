"""Search for the most probable translation: greedy and beam.

Both know nothing of models: they take a `decode` function and a state, a tree of tensors with one row
per sentence. Finished sentences leave the batch. Shape letters: B sentences still open · K beam ·
N = B·K rows · V vocabulary.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from crosslight.decode.state import select_rows

Decode = Callable[[Tensor, Any], tuple[Tensor, Any]]
"""(tokens (N, 1), state) -> (logits (N, 1, V), state)."""


@dataclass(frozen=True)
class Hypothesis:
    """A finished (or, at the length limit, broken off) output."""

    tokens: list[int]  # without begin and end
    logp: float  # log-probability in nats, the end token included
    score: float  # logp / length penalty: what hypotheses are ranked by
    finished: bool  # whether it ended with the end token


def length_penalty(n_tokens: int, alpha: float) -> float:
    """((5 + n) / 6)^α, with n the number of tokens, the end token included (Wu et al. 2016, eq. 14).

    >>> length_penalty(1, alpha=0.6), round(length_penalty(25, alpha=0.6), 3)
    (1.0, 2.627)
    """
    return float(((5 + n_tokens) / 6) ** alpha)


def greedy_search(
    decode: Decode,
    state: Any,
    max_lengths: Sequence[int],
    *,
    bos_id: int,
    eos_id: int,
    banned: Sequence[int] = (),
    alpha: float = 0.0,
) -> list[Hypothesis]:
    """The most probable token, again and again, until the end token or the limit."""
    outputs: list[list[int]] = [[] for _ in max_lengths]
    logps = [0.0] * len(max_lengths)
    ended = [False] * len(max_lengths)
    rows = list(range(len(max_lengths)))
    tokens = torch.full((len(rows), 1), bos_id)
    while rows:
        logp, state = next_logp(decode, tokens, state, banned)
        best = logp.max(dim=-1)
        stay = []
        for i, (row, token) in enumerate(zip(rows, best.indices.tolist(), strict=True)):
            ended[row] = token == eos_id
            if ended[row] or len(outputs[row]) < max_lengths[row]:
                logps[row] += float(best.values[i])
            if not ended[row] and len(outputs[row]) < max_lengths[row]:
                outputs[row].append(token)
                stay.append(i)
        keep = torch.tensor(stay, dtype=torch.long, device=logp.device)
        tokens = best.indices[keep, None]
        if len(stay) < len(rows):
            state = select_rows(state, keep)
            rows = [rows[i] for i in stay]
    return [
        Hypothesis(output, logp, logp / length_penalty(len(output) + end, alpha), end)
        for output, logp, end in zip(outputs, logps, ended, strict=True)
    ]


def beam_search(
    decode: Decode,
    state: Any,
    max_lengths: Sequence[int],
    *,
    beam: int,
    bos_id: int,
    eos_id: int,
    banned: Sequence[int] = (),
    alpha: float = 0.6,
    n_best: int = 1,
) -> list[list[Hypothesis]]:
    """The n_best best hypotheses of every sentence, best first.

    At each step every hypothesis is continued by every token; of all continuations the best K that go
    on stay in the beam, and those among the best 2K that end are finished. A sentence is done when
    nothing in its beam can still overtake: log-probabilities only fall, so a hypothesis ends with at
    most its present one over the penalty of the longest output.

    Args:
        max_lengths: the most tokens of each output, the end token not counted.
        banned: tokens that never come out (padding, begin, unknown).
    """
    searches = [_Sentence(i, limit, alpha, n_best) for i, limit in enumerate(max_lengths)]
    open_ = list(searches)
    tokens = torch.full((len(open_), 1), bos_id)
    live = torch.zeros(len(open_), 1)  # (B, K'): log-probability of every hypothesis in the beam
    written = torch.empty(len(open_), 1, 0, dtype=torch.long)  # (B, K', t)
    n_tokens = 0
    while open_:
        logp, state = next_logp(decode, tokens, state, banned)
        width, n_tokens = live.shape[1], n_tokens + 1
        total = live[:, :, None] + logp.view(len(open_), width, -1).cpu()
        vocab_size = total.shape[-1]
        ranked = total.flatten(1).topk(min(2 * beam, total[0].numel()))
        parents, nexts = ranked.indices // vocab_size, ranked.indices % vocab_size
        ends = nexts == eos_id
        _collect(open_, ranked.values, parents, ends, written)
        before = live, written

        # The K best that go on; -inf marks places that no real hypothesis fills.
        going = ranked.values.masked_fill(ends, float("-inf")).topk(min(beam, ranked.values.shape[1]))
        live = going.values
        parents, nexts = parents.gather(1, going.indices), nexts.gather(1, going.indices)
        written = torch.cat(
            (written.gather(1, parents[:, :, None].expand(-1, -1, written.shape[2])), nexts[:, :, None]),
            dim=2,
        )
        stay = []
        for b, sentence in enumerate(open_):
            if n_tokens > sentence.limit:
                sentence.break_off(before[0][b].tolist(), before[1][b].tolist())
            elif sentence.may_improve(float(live[b, 0])):
                stay.append(b)
        keep = torch.tensor(stay, dtype=torch.long)
        rows = (keep[:, None] * width + parents[keep]).flatten()
        state = select_rows(state, rows.to(logp.device))
        open_ = [open_[b] for b in stay]
        live, written = live[keep], written[keep]
        tokens = nexts[keep].view(-1, 1).to(logp.device)
    return [sentence.best() for sentence in searches]


def next_logp(decode: Decode, tokens: Tensor, state: Any, banned: Sequence[int]) -> tuple[Tensor, Any]:
    """Log-probabilities (N, V) of the token after each row, banned ones at -inf; and the new state."""
    logits, state = decode(tokens, state)
    logits = logits[:, -1].float()
    never = torch.tensor(list(banned), dtype=torch.long, device=logits.device)
    return logits.index_fill(1, never, float("-inf")).log_softmax(dim=-1), state


class _Sentence:
    """The finished hypotheses of one sentence."""

    def __init__(self, index: int, limit: int, alpha: float, n_best: int) -> None:
        self.index = index
        self.limit = limit
        self._alpha = alpha
        self._n_best = n_best
        self._finished: list[Hypothesis] = []
        self._broken_off: list[Hypothesis] = []

    def finish(self, tokens: list[int], logp: float) -> None:
        score = logp / length_penalty(len(tokens) + 1, self._alpha)
        self._finished.append(Hypothesis(tokens, logp, score, True))
        self._finished.sort(key=lambda h: -h.score)
        del self._finished[self._n_best :]

    def may_improve(self, best_live: float) -> bool:
        if best_live == float("-inf"):
            return False
        if len(self._finished) < self._n_best:
            return True
        return best_live / length_penalty(self.limit + 1, self._alpha) > self._finished[-1].score

    def break_off(self, logps: list[float], outputs: list[list[int]]) -> None:
        self._broken_off = [
            Hypothesis(tokens, logp, logp / length_penalty(len(tokens), self._alpha), False)
            for logp, tokens in zip(logps, outputs, strict=True)
            if logp > float("-inf")
        ]

    def best(self) -> list[Hypothesis]:
        """The finished ones; only if there is none, those that the limit broke off."""
        return (self._finished or sorted(self._broken_off, key=lambda h: -h.score))[: self._n_best]


def _collect(open_: list[_Sentence], values: Tensor, parents: Tensor, ends: Tensor, written: Tensor) -> None:
    for b, j in (ends & (values > float("-inf"))).nonzero().tolist():
        open_[b].finish(written[b, parents[b, j]].tolist(), float(values[b, j]))
