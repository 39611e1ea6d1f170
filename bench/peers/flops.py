"""How much matrix arithmetic a target token of the benchmark's model takes, from the sizes alone.

A product of (m × k) and (k × n) is 2·m·k·n operations, and its backward pass two more of the same size.
With D = d_model, F = d_ff, V = vocabulary, L layers a side, S and T tokens of a sentence pair, end tokens
included, padding not:

    a source token    L · 2(4D² + 2DF)           encoder: four projections, feed-forward
                    + L · 2(2D²)                 keys and values for each decoder layer
    a target token    L · 2(6D² + 2DF) + 2DV     decoder: four projections and two, feed-forward; output
    scores            L · 4D (S² + T² + T·S)     QKᵀ and weights·V, squares counted whole

    a target token in training = 3 (S · source + T · target + scores) / T,   summed over the corpus

Biases, norms, softmax, dropout, embeddings and the optimizer are not matrix products, and not counted.
"""

from bench.peers import settings


def source_token() -> int:
    """Forward operations a source token takes outside the scores."""
    d, f = settings.D_MODEL, settings.D_FF
    return settings.N_LAYERS * 2 * (4 * d * d + 2 * d * f) + settings.N_LAYERS * 2 * 2 * d * d


def target_token() -> int:
    """Forward operations a target token takes outside the scores."""
    d, f = settings.D_MODEL, settings.D_FF
    return settings.N_LAYERS * 2 * (6 * d * d + 2 * d * f) + 2 * d * settings.VOCAB_SIZE


def scores(src_src: int, tgt_tgt: int, tgt_src: int) -> int:
    """Forward operations of attention itself, from sums of S², T² and T·S over sentences."""
    return settings.N_LAYERS * 4 * settings.D_MODEL * (src_src + tgt_tgt + tgt_src)


def per_target_token(meta: dict[str, int]) -> float:
    """Training operations a target token takes in a prepared corpus (`prepare`'s meta.json)."""
    forward = (
        meta["src_tokens"] * source_token()
        + meta["tgt_tokens"] * target_token()
        + scores(meta["src_src"], meta["tgt_tgt"], meta["tgt_src"])
    )
    return 3 * forward / meta["tgt_tokens"]
