"""A made-up inspection with the patterns that trained heads show, for pictures and tests."""

import numpy as np

from crosslight.interpret.record import AttentionMap, Inspection, Kind

# Where each target piece comes from in the source: verbs wander to the end in German.
SRC = "▁The|▁trans|lat|or|▁has|▁read|▁the|▁letter|▁by|▁candle|light|.|</s>".split("|")
TGT = "▁Der|▁Übersetz|er|▁hat|▁den|▁Brief|▁bei|▁Kerzen|licht|▁gelesen|.|</s>".split("|")
ALIGNED = [0, 2, 3, 4, 6, 7, 8, 9, 10, 5, 11, 12]


def words_of(pieces: list[str]) -> list[list[int]]:
    words: list[list[int]] = []
    for i, piece in enumerate(pieces):
        if piece.startswith("▁") or piece in {".", "</s>"} or not words:
            words.append([])
        words[-1].append(i)
    return words


def softmax(scores: np.ndarray) -> np.ndarray:
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (exps / exps.sum(axis=-1, keepdims=True)).astype(np.float32)


def heads(kind: Kind, centers: np.ndarray, n_keys: int, layers: int, n_heads: int) -> AttentionMap:
    """Heads of four habits: the aligned key, its neighbors, the last key, everywhere."""
    random = np.random.default_rng(len(kind))
    keys = np.arange(n_keys)
    n_queries = len(centers)
    scores = np.zeros((layers, n_heads, n_queries, n_keys))
    for layer in range(layers):
        for head in range(n_heads):
            habit, sharp = (head + layer) % 4, 0.8 + 0.9 * layer
            shift = (head % 3) - 1
            distance = np.abs(keys[None, :] - (centers[:, None] + (shift if habit == 1 else 0)))
            drawn = [
                -sharp * distance,
                -2.2 * distance,
                3.0 * (keys == n_keys - 1) - 0.1 * distance,
                -0.08 * distance,
            ]
            scores[layer, head] = drawn[habit] + random.normal(0, 0.5, (n_queries, n_keys))
    if kind == "decoder":
        scores[..., np.triu(np.ones((n_queries, n_keys), bool), 1)] = -np.inf
    return AttentionMap(kind, softmax(scores))


def sample_inspection(
    src: list[str] = SRC,
    tgt: list[str] = TGT,
    aligned: list[int] = ALIGNED,
    *,
    layers: int = 4,
    n_heads: int = 8,
) -> Inspection:
    """A sentence of 12 words in 4 layers of 8 heads, or the pieces that are given."""
    text = lambda pieces: "".join(pieces).replace("</s>", "").replace("▁", " ").strip()  # noqa: E731
    queries = np.arange(len(tgt))
    return Inspection(
        src_text=text(src),
        tgt_text=text(tgt),
        score=-0.4127,
        src_tokens=src,
        tgt_tokens=tgt,
        tgt_inputs=["<s>", *tgt[:-1]],
        src_words=words_of(src),
        tgt_words=words_of(tgt),
        encoder=heads("encoder", np.arange(len(src)), len(src), layers, n_heads),
        decoder=heads("decoder", queries, len(tgt), layers, n_heads),
        cross=heads("cross", np.array(aligned), len(src), layers, n_heads),
        model_name="en-de, 4 layers of 8 heads",
    )
