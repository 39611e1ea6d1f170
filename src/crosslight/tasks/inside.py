"""What a page shows of the inside of a model, as plain dictionaries: docs/inside.md says what is in them.

Each view is a function of an opened sentence. Numbers come from the model itself, watched from outside.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import torch
from torch import Tensor

from crosslight.bundle import load_bundle
from crosslight.errors import ConfigError
from crosslight.interpret.interventions import (
    STACKS,
    Intervention,
    Stack,
    attentions,
    has_positions,
    intervened,
    intervention,
)
from crosslight.interpret.packed import Array, packed, short, shorts, unpacked
from crosslight.interpret.page import attention_content
from crosslight.interpret.ponder import decides_on_steps
from crosslight.interpret.position_view import positions_view
from crosslight.interpret.stages import ranks, stage_logp, stages
from crosslight.interpret.steps import TokenSteps
from crosslight.interpret.views import (
    Candidate,
    Causal,
    Path,
    Ponder,
    Pondered,
    Positions,
    Search,
)
from crosslight.tasks.beside_attention import NOTE, beside
from crosslight.tasks.files import write_text
from crosslight.tasks.opened import Opened, open_sentence, sentence, side, views_of
from crosslight.tasks.tour import tour

__all__ = [
    "NOTE",
    "attention",
    "beside",
    "causal",
    "everything",
    "head_survey",
    "open_sentence",
    "path",
    "ponder",
    "positions",
    "search",
    "sentence",
    "tour",
    "write_views",
]

AT_STAGE, AT_END = 5, 10  # candidates


def attention(opened: Opened) -> dict[str, Any]:
    """Who looks at what, every layer and head: the block of the stand-alone page."""
    return attention_content(opened.inspection)


def search(opened: Opened) -> Search:
    """The search as it went, as a tree."""
    tree, subword = opened.tree, opened.bundle.tgt_subword
    pieces = subword.pieces([node.token for node in tree.nodes])
    return {
        "beam": max(opened.config.beam, opened.n_best),
        "alpha": opened.config.alpha,
        "penalty": opened.config.penalty,
        "longest": tree.limit,
        "nodes": [
            {
                "id": place,
                "parent": node.parent,
                "step": node.step,
                "rank": node.rank,
                "token": node.token,
                "piece": piece,
                "p": short(math.exp(min(0.0, tree.token_logp(node)))),
                "logp": short(node.logp),
                "score": short(node.score),
                "state": node.fate,
            }
            for place, (node, piece) in enumerate(zip(tree.nodes, pieces, strict=True))
        ],
        "steps": [
            {
                "step": number,
                "nodes": standing.nodes,
                "n_finished": standing.n_finished,
                "worst_finished": None if standing.worst_finished is None else short(standing.worst_finished),
                "best_possible": None if standing.best_possible is None else short(standing.best_possible),
            }
            for number, standing in enumerate(tree.steps, start=1)
        ],
        "results": [
            {
                "node": tree.path(found),
                "text": subword.decode(found.tokens),
                "logp": short(found.logp),
                "score": short(found.score),
                "finished": found.finished,
            }
            for found in opened.found
        ],
        "stopped": tree.stopped,
    }


@torch.inference_mode()
def path(opened: Opened) -> Path:
    """What the model would say after each sublayer, and the best candidates at its end."""
    model, (trace, _) = opened.transformer, opened.traced
    logp = stage_logp(model, trace, opened.searcher.banned)
    ids = torch.tensor(opened.ids, device=logp.device)
    chosen = logp.gather(2, ids.expand(len(logp), -1)[:, :, None])[:, :, 0]
    return {
        "stages": [{"layer": stage.layer, "after": stage.after} for stage in stages(model)],
        "candidates": [[_candidates(opened, row, AT_STAGE) for row in rows] for rows in logp],
        "chosen": {"p": packed(chosen.exp()), "rank": ranks(logp, ids).tolist()},
        "steps": [_candidates(opened, row, AT_END) for row in logp[-1]],
    }


def causal(opened: Opened, interventions: Sequence[dict[str, Any]]) -> Causal:
    """What becomes of the translation under interventions: of the old one, and what is found instead.

    Raises:
        ConfigError: an intervention that cannot be.
    """
    changes = [intervention(wish) for wish in interventions]
    with intervened(opened.transformer, changes):
        old = opened.score(opened.best.tokens)[0]
        found = opened.search()
        log_probs = opened.score(found.tokens)[0]
    subword = opened.bundle.tgt_subword
    differences = _change(opened, old)
    return {
        "interventions": [asdict(change) for change in changes],
        "old": {
            "log_probs": shorts(old),
            "logp": short(sum(opened.written(old))),
            "change": shorts(differences),
            "total_change": short(sum(opened.written(differences))),
        },
        "new": {
            "translation": subword.decode(found.tokens),
            "tgt": side(subword, found.tokens),
            "log_probs": shorts(log_probs),
            "logp": short(sum(log_probs[: len(found.tokens) + found.finished])),
            "score": short(found.score),
            "finished": found.finished,
            "looped": found.looped,
        },
        "same": found.tokens == opened.best.tokens,
    }


def head_survey(opened: Opened) -> dict[Stack, Array]:
    """Each head alone switched off: the change of the translation's log-probability, (layers, heads)."""
    survey: dict[Stack, Array] = {}
    for stack in STACKS:
        sublayers = list(attentions(opened.transformer, stack).values())
        total = np.zeros((len(sublayers), sublayers[0].n_heads))
        for layer, head in np.ndindex(total.shape):
            with intervened(opened.transformer, [Intervention("zero", stack, layer, head)]):
                change = _change(opened, opened.score(opened.best.tokens)[0])
            total[layer, head] = sum(opened.written(change))
        survey[stack] = packed(total)
    return survey


def positions(opened: Opened, n_positions: int = 64) -> Positions:
    """What the model knows of positions: what is added, how alike they are, f(p+k) = A_k f(p); distances.

    Raises:
        ConfigError: fewer than one position is asked for.
    """
    return positions_view(opened.transformer, n_positions)


def ponder(opened: Opened) -> Ponder:
    """How many steps the model has spent on each piece, and how much of each step's state went on.

    Raises:
        ConfigError: it spends as many on every piece.
    """
    steps = opened.inspection.steps if decides_on_steps(opened.bundle.model) else None
    if steps is None:
        raise ConfigError(
            "this model takes as many steps for every piece: nothing in it decides how many",
            'give the bundle of a Universal Transformer with model.halting = "act"',
        )
    return {
        "max_steps": steps.max_steps,
        "mean": short(steps.mean),
        "src": _pondered(steps.src),
        "tgt": _pondered(steps.tgt),
    }


def everything(opened: Opened) -> dict[str, Any]:
    """All views that there are of such a model, under their names.

    The causal ones are a few that show something for most sentences.
    """
    makers: dict[str, Callable[[Opened], Any]] = {
        "sentence": sentence,
        "attention": attention,
        "search": search,
        "path": path,
        "head_survey": head_survey,
        "positions": positions,
        "tour": tour,
        "beside": beside,
        "ponder": ponder,
    }
    names = views_of(opened.bundle)
    views = {name: make(opened) for name, make in makers.items() if name in names}
    if "causal" in names:
        views["causal"] = [causal(opened, [wish]) for wish in _telling(opened, views["head_survey"])]
    return views


def write_views(path: FilePath | str, text: str, file: FilePath) -> None:
    """All views of one sentence, translated with the bundle at `path`, as a file of JSON.

    Raises:
        ConfigError: a text that is not one sentence.
        CrosslightError: the file cannot be written.
    """
    views = everything(open_sentence(load_bundle(path), text))
    write_text(file, json.dumps(views, ensure_ascii=False, allow_nan=False) + "\n")


def _candidates(opened: Opened, logp: Tensor, n: int) -> list[Candidate]:
    """The n most probable pieces of a row of log-probabilities (V,)."""
    best = logp.topk(min(n, len(logp)))
    ids = best.indices.tolist()
    pieces = opened.bundle.tgt_subword.pieces(ids)
    return [
        {"id": token, "piece": piece, "p": p}
        for token, piece, p in zip(ids, pieces, shorts(best.values.exp()), strict=True)
    ]


def _pondered(tokens: Sequence[TokenSteps]) -> Pondered:
    return {
        "n_steps": [token.n_steps for token in tokens],
        "weights": packed(np.array([token.weights for token in tokens])),
    }


def _change(opened: Opened, log_probs: Sequence[float]) -> list[float]:
    """New log-probabilities of the translation's pieces less those before."""
    return [new - old for new, old in zip(log_probs, opened.log_probs, strict=True)]


def _telling(opened: Opened, survey: dict[Stack, Array]) -> list[dict[str, Any]]:
    """Interventions that are worth a look: no positions, if there are any, and the head that costs most."""
    least = {stack: unpacked(array) for stack, array in survey.items()}
    stack = min(least, key=lambda name: float(least[name].min()))
    layer, head = np.unravel_index(least[stack].argmin(), least[stack].shape)
    blind = ("encoder", "decoder") if has_positions(opened.transformer) else ()
    return [
        *({"what": "no_positions", "stack": each} for each in blind),
        {"what": "zero", "stack": stack, "layer": int(layer), "head": int(head)},
    ]
