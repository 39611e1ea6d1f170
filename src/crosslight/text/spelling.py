"""Random spellings of a text: the same words in other pieces, so that a model meets them all.

Two ways, one for each kind of vocabulary: BPE-dropout (Provilkov et al. 2020, https://arxiv.org/abs/1910.13267)
leaves merges out at random; subword sampling (Kudo 2018, https://arxiv.org/abs/1804.10959) draws one of all
spellings, the more probable ones more often.

The sentencepiece library can do both, but mixes a number of the operating system into its seed: no two
processes draw the same. A run that is to be repeated, or resumed to the bit, needs its own generator.
"""

import math
import re
from collections.abc import Callable, Mapping
from random import Random

# A blank and the word after it; no piece reaches over a blank.
WORD = re.compile("▁[^▁]*")
# Byte-pair merging takes time quadratic in the word; longer ones (no blanks: a URL, Chinese) are
# merged in parts, as if dropout had hit the merges between them.
MAX_PART = 100
# No piece is longer (the trainer's own limit), and a character without a piece counts as very rare.
MAX_PIECE = 16
UNKNOWN_SCORE = -100.0

# Draws a spelling of one word: the pieces that make it up.
Spell = Callable[[str, Mapping[str, float], float, Random], list[str]]


def words_of(marked: str) -> list[str]:
    """The words of a text in which ``▁`` marks every blank, each with its blank in front.

    >>> words_of("▁a▁small▁▁cat")
    ['▁a', '▁small', '▁', '▁cat']
    """
    parts: list[str] = []
    for word in WORD.findall(marked):
        parts += [word[at : at + MAX_PART] for at in range(0, len(word), MAX_PART)]
    return parts


def bpe_dropout(word: str, scores: Mapping[str, float], dropout: float, chance: Random) -> list[str]:
    """The pieces that merging makes of a word when each merge is skipped with probability ``dropout``.

    ``scores`` ranks the merges by the piece they make, the highest first. With a ``dropout`` of 0 this
    is byte-pair encoding itself, with 1 its characters.

    >>> bpe_dropout("lower", {"lo": 0, "er": -1, "low": -2}, 0, Random(0))
    ['low', 'er']
    """
    pieces = list(word)
    while len(pieces) > 1:
        best, best_score = -1, -math.inf
        for i in range(len(pieces) - 1):
            score = scores.get(pieces[i] + pieces[i + 1], -math.inf)
            # Only a merge that would win is put to the dice: the others lose either way.
            if score > best_score and chance.random() >= dropout:
                best, best_score = i, score
        if best < 0:
            break
        pieces[best : best + 2] = [pieces[best] + pieces[best + 1]]
    return pieces


def unigram_sample(word: str, scores: Mapping[str, float], alpha: float, chance: Random) -> list[str]:
    """A spelling of a word, drawn with a probability proportional to P(spelling) ** ``alpha``.

    ``scores`` are the logarithms of the pieces' probabilities. Sums over all spellings from left to
    right, then draws from right to left (forward filtering, backward sampling).

    >>> unigram_sample("aa", {"a": -9.0, "aa": -1.0}, 1.0, Random(0))
    ['aa']
    """
    # total[j] is log of the summed probability of all spellings of word[:j]; ends[j] its last pieces.
    total = [0.0]
    ends: list[list[tuple[int, float]]] = [[]]
    for j in range(1, len(word) + 1):
        last = []
        for i in range(max(0, j - MAX_PIECE), j):
            score = scores.get(word[i:j], UNKNOWN_SCORE if j == i + 1 else None)
            if score is not None:
                last.append((i, total[i] + alpha * score))
        highest = max(log for _, log in last)
        total.append(highest + math.log(sum(math.exp(log - highest) for _, log in last)))
        ends.append(last)
    pieces: list[str] = []
    j = len(word)
    while j:
        starts = [i for i, _ in ends[j]]
        weights = [math.exp(log - total[j]) for _, log in ends[j]]
        (i,) = chance.choices(starts, weights)
        pieces.append(word[i:j])
        j = i
    return pieces[::-1]
