"""Which words of sentence pairs belong together, learned from the pairs alone.

IBM model 1 (Brown et al. 1993): every target word comes from one source word or from none, with a
probability t(target | source) that expectation-maximization finds. Added is what fast_align adds (Dyer,
Chahuneau and Smith 2013): words near the diagonal are more likely partners, and a Dirichlet prior keeps rare
words from explaining whatever stands beside them (variational Bayes).

    p(word i | place j, n source and m target words) = p0 for none, else (1 - p0) exp(-λ |i/n - j/m|) / Z

All links of all sentences lie in one array, target word by target word, so a round is five numpy calls.
"""

import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from crosslight.errors import CorpusError
from crosslight.text.links import Link, blank_words, symmetrized

NO_PARTNER = 0.08  # p0
TENSION = 4.0  # λ
CONCENTRATION = 0.01  # of the Dirichlet prior; 0 is maximum likelihood
ROUNDS = 6
MAX_LINKS = 8_000_000  # of the corpus, some 60 bytes each; what comes later is not read
UNSEEN = 1e-9  # weight of two words that never stood in one pair

Words = Sequence[Hashable]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Aligner:
    """A trained table of word translations, from source to target.

    >>> pairs = [(["le", "chat"], ["the", "cat"]), (["le", "chien"], ["the", "dog"]), (["chat"], ["cat"])]
    >>> aligner = Aligner.train(pairs)
    >>> sorted(aligner.links(["chat", "le"], ["cat", "the"]))
    [(0, 0), (1, 1)]
    """

    src_ids: dict[Hashable, int]  # from 1; 0 is "no word"
    tgt_ids: dict[Hashable, int]
    keys: Ints  # source id times the number of target words, plus target id; ascending
    weights: Floats  # of each key: e to the expected log t(target | source)
    expected: Floats  # of each key: the number of times that it is linked in the corpus
    bounds: tuple[float, ...]  # a bound of the corpus's log-likelihood in nats, round by round; see `train`

    @classmethod
    def train(
        cls,
        pairs: Iterable[tuple[Words, Words]],
        *,
        concentration: float = CONCENTRATION,
        tension: float = TENSION,
        rounds: int = ROUNDS,
    ) -> Self:
        """Learn from tokenized pairs; the same table for the same pairs, always.

        The `bounds` are those of the Bayesian model, and the log-likelihood itself where `concentration`
        is 0. Neither ever falls.

        Raises:
            CorpusError: no pair has a word on either side.
        """
        src_ids: dict[Hashable, int] = {}
        tgt_ids: dict[Hashable, int] = {}
        srcs: list[list[int]] = []
        tgts: list[list[int]] = []
        n_links = 0
        for src, tgt in pairs:
            if not src or not tgt:
                continue
            n_links += (len(src) + 1) * len(tgt)
            if srcs and n_links > MAX_LINKS:
                break
            srcs.append([src_ids.setdefault(word, len(src_ids) + 1) for word in src])
            tgts.append([tgt_ids.setdefault(word, len(tgt_ids)) for word in tgt])
        if not srcs:
            raise CorpusError("no pair has words on both sides", "give sentence pairs to learn from")
        words, prior, starts, tgt_flat = _links(srcs, tgts, tension)
        sizes = np.diff(starts, append=len(words))
        keys, place = np.unique(
            words * np.int64(len(tgt_ids)) + np.repeat(tgt_flat, sizes), return_inverse=True
        )
        owner = keys // len(tgt_ids)
        weights, fit = np.ones(len(keys)), 0.0
        bounds = []
        for _ in range(rounds):
            share = prior * weights[place]
            total = np.add.reduceat(share, starts)
            bounds.append(float(np.log(total).sum()) - fit)
            share /= np.repeat(total, sizes)
            expected: Floats = np.bincount(place, share, minlength=len(keys)).astype(np.float64)
            weights, fit = _maximized(expected, owner, len(src_ids) + 1, concentration)
        # The first bound is of weights that are no probabilities.
        return cls(src_ids, tgt_ids, keys, weights, expected, tuple(bounds[1:]))

    def posterior(self, src: Words, tgt: Words, tension: float = TENSION) -> Floats:
        """(T, S + 1): how probable each target word comes from no word, then from each source word."""
        words = np.array([0, *(self.src_ids.get(word, -1) for word in src)], np.int64)
        there = np.array([self.tgt_ids.get(word, -1) for word in tgt], np.int64)
        wanted = words[None, :] * len(self.tgt_ids) + there[:, None]
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        known = (self.keys[at] == wanted) & (words[None, :] >= 0) & (there[:, None] >= 0)
        share = np.where(known, self.weights[at], UNSEEN) * _prior(len(src), len(tgt), tension)
        return np.asarray(share / share.sum(axis=1, keepdims=True), np.float64)

    def links(self, src: Words, tgt: Words) -> set[Link]:
        """The most probable source word of each target word that has one."""
        if not src or not tgt:
            return set()
        best = self.posterior(src, tgt).argmax(axis=1)
        return {(int(i) - 1, j) for j, i in enumerate(best) if i > 0}

    def translations(self, src: Hashable) -> list[tuple[Hashable, float]]:
        """What a source word was linked to in the corpus, each with its share, the most probable first."""
        n, names = len(self.tgt_ids), list(self.tgt_ids)
        if src not in self.src_ids:
            return []
        first, last = np.searchsorted(self.keys, [self.src_ids[src] * n, (self.src_ids[src] + 1) * n])
        shares = self.expected[first:last] / max(float(self.expected[first:last].sum()), UNSEEN)
        order = np.argsort(-shares, kind="stable")
        return [(names[int(self.keys[first + k] % n)], float(shares[k])) for k in order]


def word_forms(text: str) -> list[str]:
    """The blank-separated words as an aligner should count them: without case and the marks around them.

    >>> word_forms("« Le Chat ! » dit-il.")
    ['«', 'le', 'chat', '!', '»', 'dit-il']
    """
    return [re.sub(r"^\W+|\W+$", "", word).casefold() or word for word in blank_words(text)]


def aligned(pairs: Sequence[tuple[Words, Words]], n: int | None = None) -> list[set[Link]]:
    """The links of the first n tokenized pairs, learned from all of them, in both directions, made one.

    Raises:
        CorpusError: no pair has a word on either side.
    """
    there = Aligner.train(pairs)
    back = Aligner.train((tgt, src) for src, tgt in pairs)
    return [
        symmetrized(there.links(src, tgt), {(i, j) for j, i in back.links(tgt, src)})
        for src, tgt in pairs[:n]
    ]


def _links(srcs: list[list[int]], tgts: list[list[int]], tension: float) -> tuple[Ints, Floats, Ints, Ints]:
    """Every possible link: source word and prior; where each target word's links start; target words."""
    shapes: dict[tuple[int, int], Floats] = {}
    words, priors, sizes = [], [], []
    for src, tgt in zip(srcs, tgts, strict=True):
        n, m = len(src), len(tgt)
        if (n, m) not in shapes:
            shapes[n, m] = _prior(n, m, tension).ravel()
        words.append(np.tile(np.array([0, *src], np.int64), m))
        priors.append(shapes[n, m])
        sizes.append(np.full(m, n + 1, np.int64))
    per_word = np.concatenate(sizes)
    starts = np.cumsum(per_word) - per_word
    flat = np.array([word for tgt in tgts for word in tgt], np.int64)
    return np.concatenate(words), np.concatenate(priors), starts, flat


def _prior(n: int, m: int, tension: float) -> Floats:
    """(m, n + 1): the probability of no word, then of each of n source words, for each of m target words."""
    i, j = (np.arange(n) + 1) / n, (np.arange(m) + 1) / m
    near = np.exp(-tension * np.abs(i[None, :] - j[:, None]))
    near *= (1 - NO_PARTNER) / near.sum(axis=1, keepdims=True)
    return np.concatenate([np.full((m, 1), NO_PARTNER), near], axis=1)


def _maximized(expected: Floats, owner: Ints, n_words: int, concentration: float) -> tuple[Floats, float]:
    """The weights that fit expected counts best, and what the prior takes from the bound.

    That is the Kullback-Leibler divergence of the Dirichlet distributions (Beal 2003) after and before.
    """
    if not concentration:
        totals = np.bincount(owner, expected, minlength=n_words)
        return np.asarray(expected / np.maximum(totals[owner], 1e-300), np.float64), 0.0
    after = expected + concentration
    sums: Floats = np.bincount(owner, after, minlength=n_words).astype(np.float64)
    kinds = np.bincount(owner, minlength=n_words)
    sums, kinds_used = sums[kinds > 0], kinds[kinds > 0]
    which = (np.cumsum(kinds > 0) - 1)[owner]
    log_gamma, digamma = _gammas(after)
    log_gamma_sums, digamma_sums = _gammas(sums)
    log_weights = digamma - digamma_sums[which]
    log_gamma_before = _gammas(np.array([concentration]))[0][0]
    divergence = (
        log_gamma_sums.sum()
        - log_gamma.sum()
        - _gammas(np.asarray(kinds_used * concentration, np.float64))[0].sum()
        + len(after) * log_gamma_before
        + (expected * log_weights).sum()
    )
    return np.exp(log_weights), float(divergence)


def _gammas(x: Floats) -> tuple[Floats, Floats]:
    """ln Γ and its derivative for x > 0: Stirling's series at x + 8, and the recurrence back.

    >>> [float(np.round(value[0], 9)) for value in _gammas(np.array([0.5]))]
    [0.572364943, -1.963510026]
    """
    y, r = x + 8, 1 / (x + 8) ** 2
    log_gamma = (y - 0.5) * np.log(y) - y + 0.5 * np.log(2 * np.pi)
    log_gamma += (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r / 1680))) / y
    digamma = np.log(y) - 0.5 / y - r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r / 240)))
    for step in range(8):
        log_gamma -= np.log(x + step)
        digamma -= 1 / (x + step)
    return log_gamma, digamma
