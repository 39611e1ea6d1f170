"""What was seen while one sentence was translated: attention weights and the words they belong to.

Plain data, between the part that records (it knows models) and the parts that draw (they know pages and
terminals). Nothing here imports torch. Shape letters: L layers, H heads, T queries (rows), S keys (columns).

    kind       a row is ...                   a column is ...                  T, S
    encoder    a source piece                 a source piece                len(src_tokens) twice
    decoder    the target piece to write      a target piece already read   len(tgt_tokens) twice
    cross      the target piece to write      a source piece                len(tgt_tokens), len(src_tokens)

Weights are after the softmax: a row says how one query shares its attention among the keys; it sums to 1.
"""

import math
import re
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from crosslight.errors import CrosslightError
from crosslight.interpret.steps import Steps

Kind = Literal["encoder", "decoder", "cross"]
Weights = npt.NDArray[np.float32]

# bfloat16 keeps under 3 digits: a real softmax row stays well inside, scores before the softmax do not.
_ROW_SUM_TOLERANCE = 0.02

_BYTE_PIECES = re.compile(r"(?:<0x[0-9A-F]{2}>)+")
_CURE = "build the inspection from one translation: every list and map must speak of the same pieces"


@dataclass(frozen=True, eq=False)
class AttentionMap:
    """One kind of attention over all layers: ``weights`` is (L, H, T, S), float32, and rows sum to 1.

    Raises:
        CrosslightError: `weights` is not float32 with four non-empty axes, or a row is not a distribution.
    """

    kind: Kind
    weights: Weights

    def __post_init__(self) -> None:
        w = self.weights
        if w.ndim != 4 or 0 in w.shape or w.dtype != np.float32:
            raise CrosslightError(
                f"{self.kind} weights have shape {w.shape} and type {w.dtype}; "
                "expected (layers, heads, queries, keys), float32",
                "stack the layers of one sentence, without a batch axis, and convert with astype('float32')",
            )
        sums = w.sum(axis=-1, dtype=np.float64)
        # Written so that NaN fails too: every comparison with NaN is false.
        if not (w.min() >= 0 and np.all(np.abs(sums - 1) <= _ROW_SUM_TOLERANCE)):
            raise CrosslightError(
                f"{self.kind} weights have a row that sums to {sums.flat[np.abs(sums - 1).argmax()]:.4g} "
                f"and a smallest value of {w.min():.4g}; expected rows of shares that sum to 1",
                "record the weights after the softmax and without dropout (model.eval())",
            )


class LabeledWeights(NamedTuple):
    """Weights (L, H, rows, columns) with a text to show for every row and column."""

    row_labels: list[str]
    column_labels: list[str]
    weights: Weights


@dataclass(frozen=True, eq=False)
class Inspection:
    """Everything that can be shown about how one sentence was translated.

    Row i of ``decoder`` and ``cross`` is the position that *predicts* ``tgt_tokens[i]``. At that moment the
    decoder has read ``tgt_inputs[: i + 1]``: the start sign, then the target one place to the right.

    Raises:
        CrosslightError: sizes disagree, words do not cover the pieces in order, or the score is not finite.
    """

    src_text: str
    tgt_text: str
    score: float  # what the search ranked by: a log-probability (natural logarithm), higher is better
    src_tokens: list[str]  # pieces as shown: "▁the", "</s>", "<0xE2>"
    tgt_tokens: list[str]
    tgt_inputs: list[str]  # what the decoder reads: "<s>", then tgt_tokens without its last
    src_words: list[list[int]]  # the pieces of each word, as indices into src_tokens
    tgt_words: list[list[int]]
    encoder: AttentionMap | None  # None where the architecture has no such attention
    decoder: AttentionMap | None
    cross: AttentionMap | None
    model_name: str
    steps: Steps | None = None  # of a model that decides how many each token takes

    def __post_init__(self) -> None:
        if not math.isfinite(self.score):
            raise CrosslightError(f"score is {self.score}; expected a finite number", _CURE)
        if self.tgt_inputs[1:] != self.tgt_tokens[:-1] or len(self.tgt_inputs) != len(self.tgt_tokens):
            raise CrosslightError(
                f"tgt_inputs is {self.tgt_inputs}; expected a start sign and then tgt_tokens "
                f"without its last piece: {self.tgt_tokens[:-1]}",
                _CURE,
            )
        _check_words("src_words", self.src_words, len(self.src_tokens))
        _check_words("tgt_words", self.tgt_words, len(self.tgt_tokens))
        for kind in self.kinds:
            self._check_map(kind)

    def _check_map(self, kind: Kind) -> None:
        seen = self.attention(kind)
        rows, columns, _ = self.by_piece(kind)
        found = (seen.kind, *seen.weights.shape[2:])
        expected = (kind, len(rows), len(columns))
        if found != expected:
            raise CrosslightError(
                f"field {kind!r} holds a map of {found[0]!r} with {found[1]} queries and {found[2]} keys; "
                f"expected {kind!r} with {len(rows)} and {len(columns)}",
                _CURE,
            )

    @property
    def kinds(self) -> list[Kind]:
        """Those that the model has."""
        return [kind for kind, seen in self._maps.items() if seen is not None]

    def attention(self, kind: Kind) -> AttentionMap:
        """The map of that kind, as it was recorded.

        Raises:
            CrosslightError: the model has no such attention.
        """
        seen = self._maps[kind]
        if seen is None:
            raise CrosslightError(
                f"the model has no {kind} attention", f"ask for one of its kinds: {', '.join(self.kinds)}"
            )
        return seen

    @property
    def _maps(self) -> dict[Kind, AttentionMap | None]:
        return {"encoder": self.encoder, "decoder": self.decoder, "cross": self.cross}

    def by_piece(self, kind: Kind) -> LabeledWeights:
        """The recorded weights with the subword pieces that their rows and columns belong to."""
        rows = self.src_tokens if kind == "encoder" else self.tgt_tokens
        columns = self.tgt_inputs if kind == "decoder" else self.src_tokens
        return LabeledWeights(list(rows), list(columns), self.attention(kind).weights)

    def by_word(self, kind: Kind) -> LabeledWeights:
        """The same weights with the pieces of a word put together; rows still sum to 1.

        Attention *to* a word is the sum over its pieces (columns): shares add up. Attention *from* a word is
        the mean over its pieces (rows): each piece asked once. Clark et al. (2019, section 4.1) do the same.

        For the decoder the columns are the words already read, so a word of several pieces also looks
        at its own beginning. An unfinished last word has no column if its only piece was never read.
        """
        pieces = self.by_piece(kind)
        row_words, column_words = self.word_groups(kind)
        return LabeledWeights(
            [word_text([pieces.row_labels[i] for i in word]) for word in row_words],
            [word_text([pieces.column_labels[i] for i in word]) for word in column_words],
            merged(pieces.weights, row_words, column_words).astype(np.float32),
        )

    def word_groups(self, kind: Kind) -> tuple[list[list[int]], list[list[int]]]:
        """Which rows and which columns of a map make up words."""
        rows = self.src_words if kind == "encoder" else self.tgt_words
        return rows, self._input_words() if kind == "decoder" else self.src_words

    def _input_words(self) -> list[list[int]]:
        """The words of tgt_inputs: the start sign, then the target's words one place to the right."""
        n_inputs = len(self.tgt_inputs)
        shifted = ([i + 1 for i in word if i + 1 < n_inputs] for word in self.tgt_words)
        return [[0], *(word for word in shifted if word)]


def _check_words(name: str, words: list[list[int]], n_pieces: int) -> None:
    if not all(words) or [i for word in words for i in word] != list(range(n_pieces)):
        raise CrosslightError(
            f"{name} is {words}; expected every index from 0 to {n_pieces - 1} once, in order, no word empty",
            _CURE,
        )


def merged(
    numbers: npt.NDArray[Any], row_words: list[list[int]], column_words: list[list[int]]
) -> npt.NDArray[np.float64]:
    """From pieces to words in the last two axes: the sum of a word's columns, the mean of its rows."""
    to_word = np.add.reduceat(numbers.astype(np.float64), [word[0] for word in column_words], axis=-1)
    from_word: npt.NDArray[np.float64] = np.add.reduceat(to_word, [word[0] for word in row_words], axis=-2)
    from_word /= np.array([len(word) for word in row_words])[:, None]
    return from_word


def whole_words(words: list[list[int]], n_pieces: int) -> list[list[int]]:
    """The same words with every piece in one: what belongs to none joins the word before it, or begins one.

    >>> whole_words([[1, 3], [4]], 6)
    [[0], [1, 2, 3], [4, 5]]
    """
    first = {word[0] for word in words}
    groups: list[list[int]] = []
    for piece in range(n_pieces):
        if piece in first or not groups:
            groups.append([])
        groups[-1].append(piece)
    return groups


def word_text(pieces: list[str]) -> str:
    """The word that pieces spell, for display; pieces that are not text on their own stay as they are.

    >>> word_text(["▁trans", "lat", "or"]), word_text(["▁", "<0xE2>", "<0x82>", "<0xAC>"])
    ('translator', '€')
    >>> word_text(["</s>"]), word_text(["▁"]), word_text(["<0xFF>"])
    ('</s>', '▁', '<0xFF>')
    """
    text = _BYTE_PIECES.sub(_decode_bytes, "".join(pieces))
    return text.strip("▁").replace("▁", " ") or "▁"


def _decode_bytes(match: re.Match[str]) -> str:
    try:
        return bytes.fromhex(match[0].replace("<0x", "").replace(">", "")).decode("utf-8")
    except UnicodeDecodeError:
        return match[0]


def entropy_bits(weights: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """How spread out the attention is: entropy of each row in bits, averaged over the rows (axes -2, -1 go).

    0 when every query looks at one key; log2(S) when all look evenly at S keys.

    >>> entropy_bits(np.array([[0.25, 0.25, 0.25, 0.25], [0.0, 1.0, 0.0, 0.0]])).item()
    1.0
    """
    p = weights.astype(np.float64)
    terms = p * np.log2(p, out=np.zeros_like(p), where=p > 0)
    mean: npt.NDArray[np.float64] = np.abs(terms.sum(axis=-1).mean(axis=-1))
    return mean
