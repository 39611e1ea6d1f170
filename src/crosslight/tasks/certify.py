"""Whether an exported model is the same model: a sample through both engines, judged by its certificate."""

import copy
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from crosslight import __version__
from crosslight.data.batch import make_batch
from crosslight.decode.hypothesis import Hypothesis, Ranking
from crosslight.decode.translator import Translator
from crosslight.evaluate import evaluate
from crosslight.export.certificate import Trial, certify
from crosslight.export.engine import Engine
from crosslight.tasks.foreign import ranked
from crosslight.text.corpus import Pair
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID

SAMPLE = 32  # sentences
AT_ONCE = 8
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
    translator: Translator, engine: Engine, kind: str, about: dict[str, Any], directory: Path
) -> dict[str, Any]:
    """The certificate of an engine whose model is in this directory, written there.

    Raises:
        ExportError: it is another model.
    """
    bundle = translator.bundle
    sample = list(bundle.validation[:SAMPLE]) or [Pair(line, "") for line in BUILT_IN]
    srcs = [[*bundle.src_subword.encode(pair.src), EOS_ID] for pair in sample]
    extra = bundle.config.decode.max_extra
    fitting = [i for i, src in enumerate(srcs) if len(src) + extra <= engine.longest]
    trial = _trial(translator, engine, [sample[i] for i in fitting], [srcs[i] for i in fitting])
    said = {
        "made_by": f"crosslight {__version__}",
        "torch": torch.__version__,
        **about,
        "numbers": kind,
        "sample": "the bundle's validation pairs" if bundle.validation else "built-in lines",
    }
    return certify(trial, kind, said, directory)


def _trial(translator: Translator, engine: Engine, sample: list[Pair], srcs: list[list[int]]) -> Trial:
    bundle, config = translator.bundle, translator.bundle.config.decode
    beam = max(2, config.beam)
    limits = [len(src) - 1 + config.max_extra for src in srcs]
    greedy_ours = [h.tokens for (h, *_) in translator.search(srcs, config.model_copy(update={"beam": 1}))]
    greedy_theirs = [found[0].tokens[: limits[i]] for i, found in enumerate(engine.search(srcs, limits, 1))]
    ours, theirs = forced(translator, srcs, greedy_ours), engine.score(srcs, greedy_ours)
    start = time.perf_counter()
    beam_ours = [best for (best, *_) in translator.search(srcs, config.model_copy(update={"beam": beam}))]
    middle = time.perf_counter()
    found = engine.search(srcs, limits, beam)
    end = time.perf_counter()
    ranks = [ranked(hypotheses, config.alpha, config.penalty) for hypotheses in found]
    beam_theirs = [best for (best, *_) in ranks]
    refs = [pair.tgt for pair in sample]
    if not any(refs):
        refs = [bundle.tgt_subword.decode(h.tokens) for h in beam_ours]
    return Trial(
        pieces=[bundle.tgt_subword.pieces([*tokens, EOS_ID]) for tokens in greedy_ours],
        ours=ours,
        theirs=theirs,
        greedy_ours=greedy_ours,
        greedy_theirs=greedy_theirs,
        margins=_margins(translator, srcs, greedy_ours, greedy_theirs),
        scores_ours=_scores(translator, srcs, ranks),
        scores_theirs=[[h.score for h in hypotheses] for hypotheses in ranks],
        beams_equal=sum(a.tokens == b.tokens for a, b in zip(beam_ours, beam_theirs, strict=True)),
        noise=_noise(translator, srcs, greedy_ours, ours),
        chrf_ours=_chrf(translator, beam_ours, refs),
        chrf_theirs=_chrf(translator, beam_theirs, refs),
        seconds_ours=middle - start,
        seconds_theirs=end - middle,
        n_tokens=sum(map(len, srcs)),
    )


@torch.inference_mode()
def forced(
    translator: Translator,
    srcs: Sequence[list[int]],
    tgts: Sequence[list[int]],
    banned: Sequence[int] = (),
) -> list[list[float]]:
    """The log-probability, under our model, of each token of given outputs, then of the end token."""
    rows = []
    for start in range(0, len(srcs), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        inputs, outputs = [src[:-1] for src in srcs[some]], [list(tgt) for tgt in tgts[some]]
        batch = make_batch(inputs, outputs, pad_id=PAD_ID, bos_id=BOS_ID, eos_id=EOS_ID)
        logits = translator.bundle.model(batch.src, batch.tgt_in)
        logits[:, :, list(banned)] = float("-inf")
        logp = logits.log_softmax(-1).gather(2, batch.tgt_out[:, :, None])[:, :, 0].tolist()
        rows += [row[: len(tgt) + 1] for row, tgt in zip(logp, outputs, strict=True)]
    return rows


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
        (x,), (y,) = (forced(translator, [src], [tokens]) for tokens in (a, b))
        margins.append(x[step] - y[step])
    return margins


def _noise(
    translator: Translator, srcs: list[list[int]], tgts: list[list[int]], ours: list[list[float]]
) -> float:
    """How far rounding moves our log-probabilities: float32 against float64."""
    exact = replace(translator.bundle, model=copy.deepcopy(translator.bundle.model).double())
    rows = forced(Translator(exact), srcs, tgts)
    flat = [abs(a - b) for x, y in zip(rows, ours, strict=True) for a, b in zip(x, y, strict=True)]
    return sum(flat) / len(flat)


def _scores(
    translator: Translator, srcs: list[list[int]], outputs: list[list[Hypothesis]]
) -> list[list[float]]:
    """What our model and our length penalty make of outputs that another search found."""
    config = translator.bundle.config.decode
    ranking = Ranking(config.alpha, config.penalty)
    scores = []
    for src, hypotheses in zip(srcs, outputs, strict=True):
        rows = forced(translator, [src] * len(hypotheses), [h.tokens for h in hypotheses], translator.banned)
        sizes = [len(h.tokens) + h.finished for h in hypotheses]
        scores.append([ranking.score(sum(row[:n]), n) for row, n in zip(rows, sizes, strict=True)])
    return scores


def _chrf(translator: Translator, outputs: list[Hypothesis], refs: list[str]) -> float:
    texts = [translator.bundle.tgt_subword.decode(h.tokens) for h in outputs]
    return evaluate(texts, [refs], metrics=("chrf",))["chrF"].value
