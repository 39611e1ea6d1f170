"""The most probable next words at a place of a translation: what else could stand there.

A model writes pieces, a person thinks in words, and one word has many spellings in pieces. The probability
of a word is the sum over its spellings, each times the probability that a new word (or the end) follows:
without that, `cat` would have the probability of `cats` too. Spellings are followed step by step, all of
a length together; those less probable than `LEAST` are left out, so that a probability is a little too
small rather than too large, by what was left out.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from crosslight.decode.beam import Decode, next_logp
from crosslight.decode.rules import NEVER, Rule
from crosslight.decode.search import Wish
from crosslight.decode.state import select_rows
from crosslight.decode.translation import Translation
from crosslight.text.subword import BOS_ID, EOS_ID

LEAST = 1e-4  # a spelling below it is no alternative to anybody
ROWS = 128  # spellings of one length that are followed, the most probable ones
LONGEST = 40  # pieces of a word


class Alternative(NamedTuple):
    """A word that could come next. The translation begins with the prefix and it."""

    word: str  # between blanks, punctuation included; empty where the translation ends here
    probability: float  # of this word, of all that could come; 0 to 1
    translation: Translation


class NextWord(NamedTuple):
    """A word in its most probable spelling."""

    text: str  # with the blanks before it
    probability: float  # over all spellings
    tokens: tuple[int, ...]  # those of the prefix included
    is_complete: bool  # the last piece holds what ends the word, so nothing need be asked of the next


class _Spelling(NamedTuple):
    written: bytes
    tokens: tuple[int, ...]
    p: float
    row: int  # its row in the state


def next_words(
    decode: Decode,
    state: Any,
    forced: Sequence[int],
    surfaces: Sequence[bytes],
    n: int,
    *,
    banned: Sequence[int] = (),
    bos_id: int = BOS_ID,
    eos_id: int = EOS_ID,
    longest: int = LONGEST,
    least: float = LEAST,
    rows: int = ROWS,
) -> list[NextWord]:
    """The n most probable words after an output's first tokens, the most probable first.

    The first tokens end a word: their probabilities are those given that no piece follows that would
    make the last word longer. So over all words, the empty one (the end) included, they sum to 1.

    Args:
        state: the model's state after reading one source.
        surfaces: what each id writes.
        longest: the most pieces that a word may have; a piece that holds its end may come on top.
    """
    logp, state = next_logp(decode, torch.tensor([[bos_id, *forced]]), state, banned)
    device, logp = logp.device, logp.cpu()
    begins = torch.tensor([surface.startswith(b" ") for surface in surfaces])
    begins[eos_id] = True
    if forced:
        logp = logp.masked_fill(~begins, NEVER).log_softmax(dim=-1)
    open_ = [_Spelling(b"", tuple(forced), 1.0, 0)]
    words = _Words(at_start=not forced)
    for n_pieces in range(min(longest, LONGEST) + 1):
        step = torch.tensor([spelling.p for spelling in open_])[:, None] * logp.exp()  # (N, V)
        open_ = _continued(open_, step, begins, surfaces, eos_id, least, words)[:rows]
        if not open_ or n_pieces == min(longest, LONGEST):
            break
        chosen = torch.tensor([spelling.row for spelling in open_])
        tokens = torch.tensor([spelling.tokens[-1:] for spelling in open_])
        logp, state = next_logp(decode, tokens, select_rows(state, chosen.to(device)), banned)
        logp = logp.cpu()
    return words.best(n)


def wish_for(word: NextWord, surfaces: Sequence[bytes]) -> Wish:
    """What a translation is asked for that begins with the word's tokens and has the word to its end."""
    n = len(word.tokens)
    is_end = not word.text.strip(" ")
    may_follow = torch.tensor([surface.startswith(b" ") and not is_end for surface in surfaces])
    may_follow[EOS_ID] = True

    def rule(tokens: Tensor, logp: Tensor) -> Tensor:
        n_written = tokens.shape[1]
        if n_written > n or (n_written == n and word.is_complete):
            return logp
        if n_written == n:
            return logp.masked_fill(~may_follow, NEVER)
        only = torch.full_like(logp, NEVER)
        wanted = word.tokens[n_written]
        only[:, wanted] = logp[:, wanted]
        return only

    rules: tuple[Rule, ...] = (rule,)
    return Wish(rules, room=n)


class _Words:
    """What has been found: the sum over spellings, and the most probable one."""

    def __init__(self, at_start: bool) -> None:
        self._at_start = at_start
        self._sums: dict[bytes, float] = {}
        self._spellings: dict[bytes, tuple[float, tuple[int, ...], bool]] = {}

    def add(self, written: bytes, p: float, tokens: tuple[int, ...], is_complete: bool) -> None:
        if p <= 0:
            return
        if self._at_start:  # the blank before a text's first word is not written
            written = written.removeprefix(b" ")
        self._sums[written] = self._sums.get(written, 0.0) + p
        if written not in self._spellings or p > self._spellings[written][0]:
            self._spellings[written] = (p, tokens, is_complete)

    def best(self, n: int) -> list[NextWord]:
        order = sorted(self._sums, key=lambda written: (-self._sums[written], written))[:n]
        return [
            NextWord(written.decode("utf-8", "replace"), self._sums[written], *self._spellings[written][1:])
            for written in order
        ]


def _continued(
    open_: list[_Spelling],
    step: Tensor,
    begins: Tensor,
    surfaces: Sequence[bytes],
    eos_id: int,
    least: float,
    words: _Words,
) -> list[_Spelling]:
    """Spellings with one piece more, the most probable first; those that end go to the words.

    Args:
        step: (N, V), the probability of every spelling with every piece after it.
    """
    going: list[_Spelling] = []
    ends = step[:, begins].sum(dim=1).tolist()
    for row, (spelling, end) in enumerate(zip(open_, ends, strict=True)):
        has_word = bool(spelling.written.strip(b" "))
        if has_word:
            words.add(spelling.written, end, spelling.tokens, False)
        else:
            words.add(b"", float(step[row, eos_id]), spelling.tokens, False)
        may_come = (step[row] > least) & ~begins if has_word else step[row] > least
        for token in may_come.nonzero()[:, 0].tolist():
            if token == eos_id or not surfaces[token]:
                continue
            p, tokens = float(step[row, token]), (*spelling.tokens, token)
            written = spelling.written + surfaces[token]
            blanks = len(written) - len(written.lstrip(b" "))
            word, blank, _ = written[blanks:].partition(b" ")
            if blank:  # a piece that holds a blank behind the word
                words.add(written[:blanks] + word, p, tokens, True)
            else:
                going.append(_Spelling(written, tokens, p, row))
    return sorted(going, key=lambda s: -s.p)
