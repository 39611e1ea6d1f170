"""Search for the most probable translation: greedy and beam.

Both know nothing of models: they take a `decode` function and a state, a tree of tensors with one row
per sentence. Finished sentences leave the batch. Shape letters: B sentences still open · K beam ·
N = B·K rows · V vocabulary.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from crosslight.config.run import LengthPenalty
from crosslight.decode.hypothesis import Hypothesis, Ranking
from crosslight.decode.rules import Rule, ruled
from crosslight.decode.state import select_rows

Decode = Callable[[Tensor, Any], tuple[Tensor, Any]]
"""(tokens (N, 1), state) -> (logits (N, 1, V), state)."""


class Step(NamedTuple):
    """What one step of a search looked at, for every sentence that was open, and what became of it."""

    sentences: list[int]  # B, by their place among the sources
    logp: Tensor  # (B, M): of the M best continuations, best first; -inf where there is none
    parents: Tensor  # (B, M): which hypothesis each continues, by its place in the beam before
    tokens: Tensor  # (B, M): by which token
    stored: list[tuple[int, int]]  # (b, m) of those that ended and were put with the finished ones
    beam: Tensor  # (B, K): the new beam, places among M
    stay: list[int]  # the b that go on


Watch = Callable[[Step], None]
"""Is told of every step, and changes nothing."""


def greedy_search(
    decode: Decode,
    state: Any,
    max_lengths: Sequence[int],
    *,
    bos_id: int,
    eos_id: int,
    banned: Sequence[int] = (),
    alpha: float = 0.0,
    penalty: LengthPenalty = "gnmt",
    rules: Sequence[Sequence[Rule]] = (),
    watch: Watch | None = None,
) -> list[Hypothesis]:
    """The most probable token, again and again, until the end token or the limit."""
    outputs: list[list[int]] = [[] for _ in max_lengths]
    log_probs: list[list[float]] = [[] for _ in max_lengths]
    ended = [False] * len(max_lengths)
    rows = list(range(len(max_lengths)))
    tokens = torch.full((len(rows), 1), bos_id)
    while rows:
        logp, state = next_logp(decode, tokens, state, banned)
        if rules:
            written = [torch.tensor([outputs[row]], dtype=torch.long) for row in rows]
            logp = ruled(logp.cpu()[:, None], written, [rules[row] for row in rows])[:, 0].to(logp.device)
        best = logp.max(dim=-1)
        sums = [sum(log_probs[row], 0.0) for row in rows] if watch else []
        stay = []
        for i, (row, token, value) in enumerate(
            zip(rows, best.indices.tolist(), best.values.tolist(), strict=True)
        ):
            if value == float("-inf"):  # the rules leave nothing
                continue
            ended[row] = token == eos_id
            if ended[row] or len(outputs[row]) < max_lengths[row]:
                log_probs[row].append(value)
            if not ended[row] and len(outputs[row]) < max_lengths[row]:
                outputs[row].append(token)
                stay.append(i)
        if watch:
            watch(_greedy_step(rows, sums, logp.cpu(), best.indices.cpu(), stay, eos_id))
        keep = torch.tensor(stay, dtype=torch.long, device=logp.device)
        tokens = best.indices[keep, None]
        if len(stay) < len(rows):
            state = select_rows(state, keep)
            rows = [rows[i] for i in stay]
    ranking = Ranking(alpha, penalty)
    return [
        Hypothesis(output, sum(each), ranking.score(sum(each), len(output) + end), end, tuple(each))
        for output, each, end in zip(outputs, log_probs, ended, strict=True)
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
    penalty: LengthPenalty = "gnmt",
    n_best: int = 1,
    rules: Sequence[Sequence[Rule]] = (),
    watch: Watch | None = None,
) -> list[list[Hypothesis]]:
    """The n_best best hypotheses of every sentence, best first.

    At each step every hypothesis is continued by every token; of all continuations the best K that go
    on stay in the beam, and those among the best 2K that end are finished. A sentence is done when
    nothing in its beam can still overtake: log-probabilities only fall, so a hypothesis ends with at
    most its present one over the penalty of the longest output.

    Args:
        max_lengths: the most tokens of each output, the end token not counted.
        banned: tokens that never come out (padding, begin, unknown); the others share the probability.
        rules: the rules of each sentence; none at all if empty.
        watch: is told of every step.
    """
    ranking = Ranking(alpha, penalty)
    searches = [_Sentence(i, limit, ranking, n_best) for i, limit in enumerate(max_lengths)]
    open_ = list(searches)
    tokens = torch.full((len(open_), 1), bos_id)
    live = torch.zeros(len(open_), 1)  # (B, K'): log-probability of every hypothesis in the beam
    written = torch.empty(len(open_), 1, 0, dtype=torch.long)  # (B, K', t), for the rules
    trail = _Trail()
    n_tokens = 0
    while open_:
        logp, state = next_logp(decode, tokens, state, banned)
        width, n_tokens = live.shape[1], n_tokens + 1
        steps = logp.view(len(open_), width, -1).cpu()
        if rules:
            steps = ruled(steps, list(written), [rules[sentence.index] for sentence in open_])
        total = live[:, :, None] + steps
        vocab_size = total.shape[-1]
        ranked = total.flatten(1).topk(min(2 * beam, total[0].numel()))
        parents, nexts = ranked.indices // vocab_size, ranked.indices % vocab_size
        ends = nexts == eos_id
        stored = _collect(open_, ranked.values, parents, ends, trail, width)
        before = live

        # The K best that go on; -inf marks places that no real hypothesis fills.
        going = ranked.values.masked_fill(ends, float("-inf")).topk(min(beam, ranked.values.shape[1]))
        live = going.values
        parents, nexts = parents.gather(1, going.indices), nexts.gather(1, going.indices)
        if rules:
            family = parents[:, :, None].expand(-1, -1, n_tokens - 1)
            written = torch.cat((written.gather(1, family), nexts[:, :, None]), dim=2)
        stay = []
        for b, (sentence, best_live) in enumerate(zip(open_, live[:, 0].tolist(), strict=True)):
            if n_tokens > sentence.limit or best_live == float("-inf"):
                sentence.break_off(before[b].tolist(), b * width, trail)
            elif sentence.may_improve(best_live):
                stay.append(b)
        if watch:
            among = ranked.indices // vocab_size, ranked.indices % vocab_size
            watch(Step([s.index for s in open_], ranked.values, *among, stored, going.indices, stay))
        keep = torch.tensor(stay, dtype=torch.long)
        rows = (keep[:, None] * width + parents[keep]).flatten()
        state = select_rows(state, rows.to(logp.device))
        open_ = [open_[b] for b in stay]
        if rules:
            written = written[keep]
        live, nexts = live[keep], nexts[keep].flatten()
        trail.add(rows, nexts, live)
        tokens = nexts[:, None].to(logp.device)
    return [sentence.best() for sentence in searches]


def next_logp(decode: Decode, tokens: Tensor, state: Any, banned: Sequence[int]) -> tuple[Tensor, Any]:
    """Log-probabilities (N, V) of the token after each row, banned ones at -inf; and the new state."""
    logits, state = decode(tokens, state)
    logits = logits[:, -1].float()
    never = torch.tensor(list(banned), dtype=torch.long, device=logits.device)
    return logits.index_fill(1, never, float("-inf")).log_softmax(dim=-1), state


class _Sentence:
    """The finished hypotheses of one sentence."""

    def __init__(self, index: int, limit: int, ranking: Ranking, n_best: int) -> None:
        self.index = index
        self.limit = limit
        self._ranking = ranking
        self._n_best = n_best
        self._finished: list[Hypothesis] = []
        self._broken_off: list[Hypothesis] = []

    def finish(self, row: int, logp: float, n_tokens: int, trail: "_Trail") -> bool:
        """A row of the last step has ended, its end token included in the n tokens; whether it is kept."""
        is_full = len(self._finished) == self._n_best
        if is_full and self._ranking.score(logp, n_tokens) <= self._finished[-1].score:
            return False
        tokens, sums = trail.follow(row)
        self._finished.append(self._hypothesis(tokens, [*sums, logp], True))
        self._finished.sort(key=lambda h: -h.score)
        del self._finished[self._n_best :]
        return True

    def may_improve(self, best_live: float) -> bool:
        if len(self._finished) < self._n_best:
            return True
        return self._ranking.score(best_live, self.limit + 1) > self._finished[-1].score

    def break_off(self, logps: list[float], first_row: int, trail: "_Trail") -> None:
        self._broken_off = [
            self._hypothesis(*trail.follow(first_row + k), False)
            for k, logp in enumerate(logps)
            if logp > float("-inf")
        ]

    def _hypothesis(self, tokens: list[int], sums: list[float], finished: bool) -> Hypothesis:
        logp = sums[-1] if sums else 0.0
        log_probs = tuple(b - a for a, b in zip([0.0, *sums], sums, strict=False))
        return Hypothesis(tokens, logp, self._ranking.score(logp, len(sums)), finished, log_probs)

    def best(self) -> list[Hypothesis]:
        """The finished ones; only if there is none, those that the limit broke off."""
        return (self._finished or sorted(self._broken_off, key=lambda h: -h.score))[: self._n_best]


class _Trail:
    """What every row has written, as pointers from each step to the one before.

    Most hypotheses are given up, so nothing is copied while they grow: the pointers are followed only when
    one has finished.
    """

    def __init__(self) -> None:
        self._steps: list[tuple[list[int], list[int], list[float]]] = []

    @property
    def n_tokens(self) -> int:
        return len(self._steps)

    def add(self, parents: Tensor, tokens: Tensor, logps: Tensor) -> None:
        """A step: of every row the row that it continues, its token, and its log-probability up to it."""
        self._steps.append((parents.tolist(), tokens.tolist(), logps.flatten().tolist()))

    def follow(self, row: int) -> tuple[list[int], list[float]]:
        """The tokens of a row of the last step, and the log-probability up to each of them."""
        tokens, sums = [], []
        for parents, nexts, logps in reversed(self._steps):
            tokens.append(nexts[row])
            sums.append(logps[row])
            row = parents[row]
        return tokens[::-1], sums[::-1]


def _collect(
    open_: list[_Sentence], values: Tensor, parents: Tensor, ends: Tensor, trail: _Trail, width: int
) -> list[tuple[int, int]]:
    """Put what has ended with the finished ones; the places (b, m) of what is kept there."""
    found = ends & (values > float("-inf"))
    places = found.nonzero().tolist()
    return [
        (b, m)
        for (b, m), logp, parent in zip(places, values[found].tolist(), parents[found].tolist(), strict=True)
        if open_[b].finish(b * width + parent, logp, trail.n_tokens + 1, trail)
    ]


def _greedy_step(
    rows: list[int], sums: list[float], logp: Tensor, taken: Tensor, stay: list[int], eos_id: int
) -> Step:
    """A greedy step as that of a beam of 1: the token that was taken, and the next best one.

    Args:
        sums: log-probability of each row before this step.
        logp: (B, V), of the tokens that could follow.
        taken: (B,), the tokens that do.
    """
    others = logp.scatter(1, taken[:, None], float("-inf")).argmax(dim=-1)
    tokens = torch.stack((taken, others), dim=1)
    totals = torch.tensor(sums)[:, None] + logp.gather(1, tokens)
    ended = [(b, 0) for b in range(len(rows)) if taken[b] == eos_id and totals[b, 0] > float("-inf")]
    first = torch.zeros_like(tokens)
    return Step(rows, totals, first, tokens, ended, first[:, :1], stay)
