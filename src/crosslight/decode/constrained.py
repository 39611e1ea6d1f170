"""Beam search under terms: the beam is shared out among hypotheses that are differently far with them.

Without care every hypothesis that has begun a term loses against those that have not. So hypotheses compete
only with those that have as many tokens of their terms left (grid beam search, Hokamp & Liu 2017), in
banks that share one beam (dynamic beam allocation, Post & Vilar 2018). Besides the most probable pieces every
hypothesis is continued with the next piece of each term that it lacks. What counts in the end is the text:
a hypothesis may end only once its text has every required term, and no piece is taken that completes a
forbidden one. Slower than plain search, and only for sentences that have terms.

Each sentence has rows of its own, so nothing depends on the batch. Shape letters: N rows · V vocabulary.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from crosslight.decode.beam import Decode, next_logp
from crosslight.decode.hypothesis import Hypothesis, Ranking
from crosslight.decode.rules import NEVER, Rule, ruled
from crosslight.decode.state import select_rows
from crosslight.decode.terms import Terms, count, joined, occurs
from crosslight.text.subword import Subword, normalized

LEAST_BEAM = 8  # banks need room


class TermSpelling:
    """The terms of one sentence, as text and as pieces."""

    def __init__(self, terms: Terms, subword: Subword, banned: Sequence[int]) -> None:
        self.terms = terms
        self._surfaces = subword.surfaces()
        # What most texts do not have at all, so that nobody need look at its neighbors.
        self._required = [[normalized(form).strip() for form in term] for term in terms.required]
        self._times = terms.times
        self._forbidden = [normalized(form).strip() for form in terms.forbidden]
        self._spellings = [
            [ids for form in term for ids in _spellings(form, subword) if not set(ids) & set(banned)]
            for term in terms.required
        ]

    @property
    def room(self) -> int:
        """Tokens that all terms may take."""
        return sum(max((len(ids) for ids in each), default=0) for each in self._spellings)

    def text(self, tokens: Sequence[int]) -> str:
        """What these tokens write, without the blank that begins it."""
        written = b"".join(self._surfaces[i] for i in tokens).decode("utf-8", "replace")
        return written.removeprefix(" ")

    def is_forbidden(self, text: str) -> bool:
        """Whether a forbidden form stands in the text."""
        return any(form in text and occurs(form, text) for form in self._forbidden)

    def missing(self, text: str) -> list[int]:
        """The numbers of the required terms that the text does not have."""
        required = enumerate(zip(self._required, self._times, strict=True))
        return [i for i, (term, n) in required if sum(count(f, text) for f in term if f in text) < n]

    def left(self, tokens: Sequence[int], text: str) -> int:
        """Tokens that have yet to be written for the missing terms, at least."""
        last = tokens[-1] if tokens else None
        return sum(
            min(
                (len(ids) - (_overlap(tokens, ids) if last in ids else 0) for ids in self._spellings[i]),
                default=1,
            )
            for i in self.missing(text)
        )

    def nexts(self, tokens: Sequence[int], text: str) -> set[int]:
        """The next piece of every missing term, in all its spellings."""
        found: set[int] = set()
        for i in self.missing(text):
            for ids in self._spellings[i]:
                n = _overlap(tokens, ids)
                bare = not self._surfaces[ids[0]].startswith(b" ")
                if n or not (bare and joined(text[-1:], self.text(ids)[:1])):
                    found.add(ids[n])
        return found


class _Row(NamedTuple):
    """A hypothesis in the making."""

    tokens: tuple[int, ...]
    sums: tuple[float, ...]  # log-probability up to each token
    text: str  # what the tokens write
    left: int  # tokens of terms yet to come
    parent: int  # its row in the last step, within the sentence

    @property
    def logp(self) -> float:
        return self.sums[-1] if self.sums else 0.0


def constrained_search(
    decode: Decode,
    state: Any,
    max_lengths: Sequence[int],
    spellings: Sequence[TermSpelling],
    *,
    beam: int,
    bos_id: int,
    eos_id: int,
    banned: Sequence[int] = (),
    ranking: Ranking | None = None,
    n_best: int = 1,
    rules: Sequence[Sequence[Rule]] = (),
) -> list[list[Hypothesis]]:
    """The n_best best hypotheses of every sentence that keep to its terms, best first.

    Where there is none within the limit, what comes nearest; `Terms.failures` of its text says what it
    lacks. The beam is at least `LEAST_BEAM`.
    """
    size = max(beam, LEAST_BEAM, n_best)
    searches = [
        _Search(i, limit, spelling, ranking or Ranking(), n_best, size, eos_id)
        for i, (limit, spelling) in enumerate(zip(max_lengths, spellings, strict=True))
    ]
    open_ = list(searches)
    tokens = torch.full((len(open_), 1), bos_id)
    while open_:
        logp, state = next_logp(decode, tokens, state, banned)
        device, logp = logp.device, logp.cpu()
        first = 0
        rows: list[int] = []
        nexts: list[int] = []
        still: list[_Search] = []
        for search in open_:
            n = len(search.rows)
            steps = logp[first : first + n]
            if rules:
                written = torch.tensor([row.tokens for row in search.rows], dtype=torch.long).view(n, -1)
                steps = ruled(steps[None], [written], [rules[search.index]])[0]
            search.step(steps)
            if search.rows:
                still.append(search)
                rows += [first + row.parent for row in search.rows]
                nexts += [row.tokens[-1] for row in search.rows]
            first += n
        open_ = still
        state = select_rows(state, torch.tensor(rows, dtype=torch.long, device=device))
        tokens = torch.tensor(nexts, dtype=torch.long, device=device).view(-1, 1)
    return [search.best() for search in searches]


class _Search:
    """One sentence: its rows, and what has finished."""

    def __init__(
        self,
        index: int,
        limit: int,
        spelling: TermSpelling,
        ranking: Ranking,
        n_best: int,
        beam: int,
        eos_id: int,
    ) -> None:
        self.index, self._limit, self._spelling = index, limit, spelling
        self._ranking, self._n_best, self._beam, self._eos_id = ranking, n_best, beam, eos_id
        self.rows = [_Row((), (), "", spelling.left((), ""), 0)]
        self._finished: list[Hypothesis] = []
        self._lacking: list[tuple[int, float, Hypothesis]] = []  # the nearest of those that lack something

    def step(self, logp: Tensor) -> None:
        """From log-probabilities (N, V) after each row to the next rows; none when the search is done."""
        going: list[_Row] = []
        for token, row, value in self._candidates(logp):
            if token == self._eos_id:
                self._end(row, value)
                continue
            tokens = (*row.tokens, token)
            text = self._spelling.text(tokens)
            if not self._spelling.is_forbidden(text):
                left = self._spelling.left(tokens, text)
                going.append(_Row(tokens, (*row.sums, row.logp + value), text, left, row.parent))
        at_limit = len(self.rows[0].tokens) >= self._limit
        if at_limit or not going:
            for row in self.rows:
                self._keep(row.tokens, row.sums, finished=False)
            self.rows = []
            return
        in_time = [row for row in going if len(row.tokens) + row.left <= self._limit]
        self.rows = _shared_out(in_time or going, self._beam)
        if not self._may_improve():
            self.rows = []

    def best(self) -> list[Hypothesis]:
        """The finished ones, else what was broken off at the limit, else the nearest."""
        if self._finished:
            return self._finished
        lacking = sorted(self._lacking, key=lambda one: (one[0], not one[2].finished, -one[1]))
        return [hypothesis for _, _, hypothesis in lacking[: self._n_best]]

    def _candidates(self, logp: Tensor) -> list[tuple[int, _Row, float]]:
        """(token, row, its log-probability): ends, pieces of terms, and the most probable others.

        Of the others the best of all rows, and the two best of each row, so that no bank runs dry.
        """
        asked: list[tuple[int, _Row, float]] = []
        others: list[tuple[int, _Row, float]] = []
        top = logp.topk(min(2 * self._beam, logp.shape[1]))
        for i, (row, values, tokens) in enumerate(
            zip(self.rows, top.values.tolist(), top.indices.tolist(), strict=True)
        ):
            here = row._replace(parent=i)
            nexts = self._spelling.nexts(row.tokens, row.text) | {self._eos_id}
            asked += [(token, here, float(logp[i, token])) for token in nexts]
            plain = [(t, here, v) for t, v in zip(tokens, values, strict=True) if t not in nexts]
            asked += plain[:2]
            others += plain[2:]
        others.sort(key=lambda one: -(one[1].logp + one[2]))
        return [one for one in (*asked, *others[: 2 * self._beam]) if one[2] > NEVER]

    def _end(self, row: _Row, value: float) -> None:
        self._keep(row.tokens, (*row.sums, row.logp + value), finished=True)

    def _keep(self, tokens: tuple[int, ...], sums: tuple[float, ...], finished: bool) -> None:
        logp = sums[-1] if sums else 0.0
        each = tuple(b - a for a, b in zip((0.0, *sums), sums, strict=False))
        score = self._ranking.score(logp, len(sums))
        hypothesis = Hypothesis(list(tokens), logp, score, finished, each)
        n_failures = len(self._spelling.terms.failures(self._spelling.text(tokens)))
        if n_failures == 0 and finished:
            self._finished = sorted([*self._finished, hypothesis], key=lambda h: -h.score)[: self._n_best]
        else:
            self._lacking = sorted(
                [*self._lacking, (n_failures, score, hypothesis)], key=lambda o: (o[0], -o[1])
            )
            del self._lacking[self._n_best :]

    def _may_improve(self) -> bool:
        if len(self._finished) < self._n_best:
            return True
        best = max(row.logp for row in self.rows)
        return self._ranking.score(best, self._limit + 1) > self._finished[-1].score


def _shared_out(rows: list[_Row], beam: int) -> list[_Row]:
    """The best rows of each bank, fewest tokens left first; what a bank cannot fill goes to the others."""
    banks: dict[int, list[_Row]] = {}
    for row in sorted(rows, key=lambda row: -row.logp):
        banks.setdefault(row.left, []).append(row)
    order = sorted(banks)
    chosen: list[_Row] = []
    for depth in range(beam):
        for left in order:
            if depth < len(banks[left]) and len(chosen) < beam:
                chosen.append(banks[left][depth])
    return chosen


def _overlap(tokens: Sequence[int], ids: Sequence[int]) -> int:
    """How many of the first ids the tokens end with; never all."""
    tokens, ids = tuple(tokens), tuple(ids)
    return next((n for n in range(len(ids) - 1, 0, -1) if tokens[-n:] == ids[:n]), 0)


def _spellings(form: str, subword: Subword) -> list[list[int]]:
    """The pieces of a form as a word after a blank, and right behind a bracket or an apostrophe."""
    form = form.strip()
    after_blank = subword.encode(form)
    opened = subword.encode("(" + form)
    surfaces = subword.surfaces()
    n, written = 0, b""
    while n < len(opened) and len(written) < len(b" ("):
        written += surfaces[opened[n]]
        n += 1
    return [after_blank, opened[n:]] if written == b" (" else [after_blank]
