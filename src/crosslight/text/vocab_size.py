"""How many pieces suit a corpus."""

import numpy as np


def choose_vocab_size(n_pairs: int, n_words: int) -> tuple[int, str]:
    """A vocabulary size that suits a corpus, and one sentence that says why.

    ``n_pairs`` sentence pairs, each counted once however often it is trained on, with ``n_words`` distinct
    words (of both sides, for a joint vocabulary).
    Few pairs show a rare piece too seldom to learn what it means, many pairs repay longer pieces with
    shorter sequences: about 2,000 below 10,000 pairs, 4,000 at 30,000, 8,000 at 125,000, 16,000 at a million,
    32,000 from 4 million on. Never more pieces than distinct words: beyond that each word is its own piece.

    >>> choose_vocab_size(29_000, 28_000)
    (4000, '4,000 pieces suit 29,000 sentence pairs')
    >>> choose_vocab_size(29_000, 1_700)
    (1500, '1,500 pieces, because the text has only 1,700 distinct words')
    """
    pairs, sizes = (10_000, 30_000, 125_000, 1_000_000, 4_000_000), (2_000, 4_000, 8_000, 16_000, 32_000)
    exponent = np.interp(np.log2(max(1, n_pairs)), np.log2(pairs), np.log2(sizes))
    suitable = round(2**exponent / 500) * 500
    possible = max(500, n_words // 500 * 500)
    if possible < suitable:
        return possible, f"{possible:,} pieces, because the text has only {n_words:,} distinct words"
    return suitable, f"{suitable:,} pieces suit {n_pairs:,} sentence pairs"
