"""Whether an exported model is the same model: a sample through both engines, judged by its certificate."""

import copy
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from crosslight import __version__
from crosslight.decode.hypothesis import Hypothesis, Ranking
from crosslight.decode.translator import Translator
from crosslight.errors import ExportError
from crosslight.evaluate import evaluate
from crosslight.export.certificate import Trial, certify
from crosslight.export.engine import Engine
from crosslight.tasks.foreign import ranked
from crosslight.text.corpus import Pair
from crosslight.text.subword import BOS_ID, EOS_ID

SAMPLE = 32  # sentences
LONGEST_GIVEN = 100
FEWEST = 30  # tokens from which the ε of the norms can be judged
NO_EPSILON = 1e-12
SMALLEST = float(torch.finfo(torch.float32).eps)  # what RMSNorm adds unless told otherwise
BUILT_IN = (
    "Hello! How are you?",
    "Le chat dort sur la table.",
    "Der Zug fährt um 18:45 Uhr ab.",
    "¿Dónde está la biblioteca?",
    "It costs $3.50 (or 4 €) at https://example.org.",
    "1, 2, 3, 4, 5",
    "— Да, конечно.",
    "Two people in green jackets are walking down a narrow street in the rain.",
)


def certified(
    translator: Translator,
    engine: Engine,
    kind: str,
    about: dict[str, Any],
    directory: Path,
    sample: Sequence[Pair] = (),
) -> dict[str, Any]:
    """The certificate of an engine whose model is in this directory, written there.

    Args:
        kind: a key of `export.certificate.TOLERANCES`.
        sample: sentences, with references or without; unless given the bundle's, or lines of our own.

    Raises:
        ExportError: it is another model, or no sentence of the sample is short enough for it.
    """
    bundle = translator.bundle
    where = "given" if sample else "the bundle's validation pairs" if bundle.validation else "built-in lines"
    if sample and sample is bundle.validation:
        where = "the bundle's validation pairs"
    pairs = list(sample) or list(bundle.validation[:SAMPLE]) or [Pair(line, "") for line in BUILT_IN]
    srcs = [[*bundle.src_subword.encode(pair.src), EOS_ID] for pair in pairs]
    extra = bundle.config.decode.max_extra
    fitting = [i for i, src in enumerate(srcs) if len(src) > 1 and len(src) + extra <= engine.longest]
    if not fitting:
        raise ExportError(
            f"none of {len(pairs)} sample sentences has 1 to {engine.longest - extra} tokens",
            "give a sample of ordinary sentences",
        )
    trial = _trial(translator, engine, [pairs[i] for i in fitting], [srcs[i] for i in fitting], kind)
    said = {
        "made_by": f"crosslight {__version__}",
        "torch": torch.__version__,
        **about,
        "numbers": kind,
        "sample": where,
        "bytes": {
            "bundle": 4 * sum(p.numel() for p in bundle.model.parameters()),
            "export": sum(file.stat().st_size for file in directory.rglob("*") if file.is_file()),
        },
    }
    return certify(trial, kind, said, directory)


def _trial(
    translator: Translator, engine: Engine, sample: list[Pair], srcs: list[list[int]], kind: str
) -> Trial:
    bundle, config = translator.bundle, translator.bundle.config.decode
    beam = max(2, config.beam)
    limits = [len(src) - 1 + config.max_extra for src in srcs]
    greedy_ours = [h.tokens for (h, *_) in translator.search(srcs, config.model_copy(update={"beam": 1}))]
    greedy_theirs = [found[0].tokens[: limits[i]] for i, found in enumerate(engine.search(srcs, limits, 1))]
    given = greedy_ours
    if kind == "float32":  # any text will do, and what the model finds unlikely shows the most
        given = [bundle.tgt_subword.encode(pair.tgt or pair.src)[:LONGEST_GIVEN] for pair in sample]
    ours, theirs = translator.score(srcs, given, ()), engine.score(srcs, given)
    start = time.perf_counter()
    beam_ours = [best for (best, *_) in translator.search(srcs, config.model_copy(update={"beam": beam}))]
    middle = time.perf_counter()
    found = engine.search(srcs, limits, beam)
    end = time.perf_counter()
    ranks = [ranked(hypotheses, config.alpha, config.penalty) for hypotheses in found]
    beam_theirs = [best for (best, *_) in ranks]
    refs = [pair.tgt for pair in sample]
    is_referenced = any(refs)
    if not is_referenced:
        refs = [bundle.tgt_subword.decode(h.tokens) for h in beam_ours]
    rounding = _rounding(translator, srcs, given, ours, theirs)
    return Trial(
        pieces=[bundle.tgt_subword.pieces([*tokens, EOS_ID]) for tokens in given],
        ours=ours,
        theirs=theirs,
        greedy_ours=greedy_ours,
        greedy_theirs=greedy_theirs,
        margins=_margins(translator, srcs, greedy_ours, greedy_theirs),
        scores_ours=_scores(translator, srcs, ranks),
        scores_theirs=[[h.score for h in hypotheses] for hypotheses in ranks],
        beams_equal=sum(a.tokens == b.tokens for a, b in zip(beam_ours, beam_theirs, strict=True)),
        noise=rounding.noise,
        epsilon_share=rounding.epsilon_share,
        epsilon_error=rounding.epsilon_error,
        settings_ours={"epsilon": epsilon_of(bundle.model), "start": bundle.tgt_subword.pieces([BOS_ID])[0]},
        settings_theirs=engine.settings,
        chrf_ours=_chrf(translator, beam_ours, refs),
        chrf_theirs=_chrf(translator, beam_theirs, refs),
        seconds_ours=middle - start,
        seconds_theirs=end - middle,
        n_tokens=sum(map(len, srcs)),
        is_referenced=is_referenced,
    )


def _margins(
    translator: Translator, srcs: list[list[int]], ours: list[list[int]], theirs: list[list[int]]
) -> list[float]:
    """Where greedy outputs part, by how much our token is the better one under our model."""
    margins = []
    for src, a, b in zip(srcs, ours, theirs, strict=True):
        if a == b:
            margins.append(0.0)
            continue
        step = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
        x, y = translator.score([src, src], [a, b], ())
        margins.append(x[step] - y[step])
    return margins


class _Rounding(NamedTuple):
    noise: float
    epsilon_share: float
    epsilon_error: float


def _rounding(
    translator: Translator,
    srcs: list[list[int]],
    tgts: list[list[int]],
    ours: list[list[float]],
    theirs: list[list[float]],
) -> _Rounding:
    """How far rounding moves our log-probabilities, and whether theirs moved as another ε would move them.

    One number cannot show an ε of 1e-12 instead of 1e-5: it moves by less than rounding does. But float64
    knows how each of some hundred numbers would move, and rounding is not in that direction; so the
    least-squares share of it in theirs minus ours is 0 but for a small error (a matched filter).
    """
    exact = copy.deepcopy(translator.bundle.model).double()
    norms = [m for m in exact.modules() if isinstance(m, nn.LayerNorm | nn.RMSNorm)]
    for norm in norms:
        norm.eps = norm.eps or SMALLEST  # unless given it follows the numbers, and those are others here
    precise = Translator(replace(translator.bundle, model=exact))
    there = _flat(precise.score(srcs, tgts, ()))
    for norm in norms:
        norm.eps = NO_EPSILON
    without = _flat(precise.score(srcs, tgts, ()))
    noise = float(np.abs(_flat(ours) - there).mean())
    direction, moved = without - there, _flat(theirs) - there
    length = float(direction @ direction)
    if not length or len(moved) < FEWEST or not np.isfinite(moved).all():
        return _Rounding(noise, 0.0, 0.0)
    share = float(moved @ direction) / length
    rest = moved - share * direction
    return _Rounding(noise, share, float(np.sqrt(rest @ rest / ((len(rest) - 1) * length))))


def epsilon_of(model: nn.Module) -> float:
    """The ε of a model's norms, read from them; 0 where there is no norm."""
    norms = [m for m in model.modules() if isinstance(m, nn.LayerNorm | nn.RMSNorm)]
    return min((norm.eps or SMALLEST for norm in norms), default=0.0)


def _flat(rows: list[list[float]]) -> NDArray[np.float64]:
    return np.array([x for row in rows for x in row], np.float64)


def _scores(
    translator: Translator, srcs: list[list[int]], outputs: list[list[Hypothesis]]
) -> list[list[float]]:
    """What our model and our length penalty make of outputs that another search found.

    One with a token that ours never writes is impossible.
    """
    config = translator.bundle.config.decode
    ranking = Ranking(config.alpha, config.penalty)
    scores, never = [], set(translator.banned)
    for src, hypotheses in zip(srcs, outputs, strict=True):
        rows = translator.score([src] * len(hypotheses), [h.tokens for h in hypotheses])
        sizes = [len(h.tokens) + h.finished for h in hypotheses]
        logps = [
            -math.inf if never & {*h.tokens} else sum(row[:n])
            for h, row, n in zip(hypotheses, rows, sizes, strict=True)
        ]
        scores.append([ranking.score(logp, n) for logp, n in zip(logps, sizes, strict=True)])
    return scores


def _chrf(translator: Translator, outputs: list[Hypothesis], refs: list[str]) -> float:
    texts = [translator.bundle.tgt_subword.decode(h.tokens) for h in outputs]
    return evaluate(texts, [refs], metrics=("chrf",))["chrF"].value
