"""Word alignments read from attention: each target word is linked to the source word that it looks at most.

Attention is between pieces. What goes to the pieces of a source word is summed, what comes from the pieces of
a target word is averaged. A piece has two rows that may stand for it: the one where it is written, and the
one where it has just been read (Chen et al. 2020 found the second to be the better one).

Shape letters: L layers, H heads, T target pieces, S source pieces.
"""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from crosslight.text.links import Link

Row = Literal["written", "read"]
ROWS: tuple[Row, ...] = get_args(Row)


def word_attention(
    weights: npt.NDArray[np.floating], src_words: Sequence[range], tgt_words: Sequence[range], row: Row
) -> tuple[npt.NDArray[np.float64], list[int], list[int]]:
    """Attention between words, (L, H, target words, source words), and which words these are.

    Args:
        weights: (L, H, T + 1, S + 1), the end tokens last; what looks at the end of the source looks nowhere.
        src_words: the words that each source piece writes a part of (`text.links.word_spans`).
        tgt_words: those of each target piece.
        row: which row stands for a piece.
    """
    sources, targets = _present(src_words), _present(tgt_words)
    first = ROWS.index(row)
    pieces = np.asarray(weights, np.float64)[:, :, first : first + len(tgt_words), : len(src_words)]
    received, sent = _membership(src_words, sources), _membership(tgt_words, targets)
    sent = sent / np.maximum(sent.sum(axis=0, keepdims=True), 1)
    return np.einsum("tw,lhts,sv->lhwv", sent, pieces, received, optimize=True), sources, targets


def attention_links(
    weights: npt.NDArray[np.floating], src_words: Sequence[range], tgt_words: Sequence[range], row: Row
) -> list[list[set[Link]]]:
    """The links of every layer and head: one for each target word, none where a side has no word.

    >>> diagonal = np.eye(3)[None, None]
    >>> words = [range(0, 1), range(1, 2)]
    >>> [[links]] = attention_links(diagonal, words, words, "written")
    >>> sorted(links)
    [(0, 0), (1, 1)]
    """
    shares, sources, targets = word_attention(weights, src_words, tgt_words, row)
    n_layers, n_heads = shares.shape[:2]
    if not sources or not targets:
        return [[set() for _ in range(n_heads)] for _ in range(n_layers)]
    best = shares.argmax(axis=-1)
    return [
        [{(sources[i], j) for i, j in zip(head, targets, strict=True)} for head in layer] for layer in best
    ]


def _present(spans: Sequence[range]) -> list[int]:
    return sorted({word for span in spans for word in span})


def _membership(spans: Sequence[range], words: list[int]) -> npt.NDArray[np.float64]:
    """(pieces, words): 1 where the piece writes a part of the word."""
    places = {word: k for k, word in enumerate(words)}
    table = np.zeros((len(spans), len(words)))
    for piece, span in enumerate(spans):
        for word in span:
            table[piece, places[word]] = 1
    return table
