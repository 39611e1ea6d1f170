"""What a page shows of the inside of a model, as plain dictionaries: docs/inside.md says what is in them.

Each view is a function of an opened sentence. Numbers come from the model itself, watched from outside.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from crosslight.decode.hypothesis import length_penalty
from crosslight.errors import ConfigError
from crosslight.interpret.interventions import (
    STACKS,
    Intervention,
    Stack,
    attentions,
    intervened,
    intervention,
)
from crosslight.interpret.packed import Array, packed, short, shorts, unpacked
from crosslight.interpret.page import attention_content
from crosslight.interpret.position_view import positions_view
from crosslight.interpret.stages import ranks, read_out, stage_logp, stages
from crosslight.interpret.tour import Place, Walk, output_step, reading_steps, value, writing_steps
from crosslight.interpret.views import (
    Candidate,
    Causal,
    Path,
    Positions,
    Search,
    Tour,
    Value,
)
from crosslight.tasks.beside_attention import NOTE, beside
from crosslight.tasks.opened import Opened, open_sentence, sentence, side

__all__ = [
    "NOTE",
    "attention",
    "beside",
    "causal",
    "everything",
    "head_survey",
    "open_sentence",
    "path",
    "positions",
    "search",
    "sentence",
    "tour",
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
    model, (trace, _) = opened.bundle.model, opened.traced
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
    with intervened(opened.bundle.model, changes):
        old = opened.score(opened.best.tokens)[0]
        found = opened.search()
        log_probs = opened.score(found.tokens)[0]
    subword = opened.bundle.tgt_subword
    change = _change(opened, old)
    return {
        "interventions": [dict(wish) for wish in interventions],
        "old": {
            "log_probs": shorts(old),
            "logp": short(sum(_written(opened, old))),
            "change": shorts(change),
            "total_change": short(sum(_written(opened, change))),
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
        sublayers = list(attentions(opened.bundle.model, stack).values())
        total = np.zeros((len(sublayers), sublayers[0].n_heads))
        for layer, head in np.ndindex(total.shape):
            with intervened(opened.bundle.model, [Intervention("zero", stack, layer, head)]):
                change = _change(opened, opened.score(opened.best.tokens)[0])
            total[layer, head] = sum(_written(opened, change))
        survey[stack] = packed(total)
    return survey


def positions(opened: Opened, n_positions: int = 64) -> Positions:
    """The position encodings of the model, how alike positions are, and f(p+k) = A_k f(p).

    Raises:
        ConfigError: fewer than one position is asked for.
    """
    return positions_view(opened.bundle.model, n_positions)


@torch.inference_mode()
def tour(
    opened: Opened,
    *,
    encoder_layer: int = 0,
    decoder_layer: int = 0,
    head: int = 0,
    src_position: int | None = None,
    tgt_position: int | None = None,
) -> Tour:
    """Ten steps from the sentence to its translation, through one head and one position of each side.

    Raises:
        ConfigError: a layer, head or position that is not there.
    """
    bundle, (trace, logits), shape = opened.bundle, opened.traced, opened.bundle.config.model
    frame = sentence(opened)
    at = Place(
        encoder_layer,
        decoder_layer,
        head,
        _longest_word(frame["src"]["words"], frame["src"]["texts"]) if src_position is None else src_position,
        _longest_word(frame["tgt"]["words"], frame["tgt"]["texts"]) if tgt_position is None else tgt_position,
    )
    limits = (
        shape.n_encoder_layers,
        shape.n_decoder_layers,
        shape.n_heads,
        len(opened.src),
        len(opened.ids),
    )
    for name, place, limit in zip(Place._fields, at, limits, strict=True):
        if not 0 <= place < limit:
            raise ConfigError(f"{name} {place} does not exist", f"choose 0 to {limit - 1}")
    walk = Walk(bundle.model, trace, opened.src, frame["src"]["pieces"], opened.inputs, at)
    t = at.tgt_position
    last = output_step(
        vector=trace.said("decoder_norm")[0, t],
        logits=logits[t],
        logp=read_out(bundle.model, trace.read("decoder_norm")[0], opened.searcher.banned)[t],
        pieces=bundle.tgt_subword.pieces(range(bundle.tgt_subword.vocab_size)),
        chosen=opened.ids[t],
        search=_sum_of_search(opened, frame["tgt"]["pieces"]),
    )
    return {"chosen": at._asdict(), "steps": [*reading_steps(walk), *writing_steps(walk), last]}


def everything(opened: Opened) -> dict[str, Any]:
    """All views under their names; the causal ones are three that show something for most sentences."""
    survey = head_survey(opened)
    return {
        "sentence": sentence(opened),
        "attention": attention(opened),
        "search": search(opened),
        "path": path(opened),
        "causal": [causal(opened, [wish]) for wish in _telling(survey)],
        "head_survey": survey,
        "positions": positions(opened),
        "tour": tour(opened),
        "beside": beside(opened),
    }


def _candidates(opened: Opened, logp: Tensor, n: int) -> list[Candidate]:
    """The n most probable pieces of a row of log-probabilities (V,)."""
    best = logp.topk(min(n, len(logp)))
    ids = best.indices.tolist()
    pieces = opened.bundle.tgt_subword.pieces(ids)
    return [
        {"id": token, "piece": piece, "p": p}
        for token, piece, p in zip(ids, pieces, shorts(best.values.exp()), strict=True)
    ]


def _change(opened: Opened, log_probs: Sequence[float]) -> list[float]:
    """New log-probabilities of the translation's pieces less those before."""
    return [new - old for new, old in zip(log_probs, opened.log_probs, strict=True)]


def _written(opened: Opened, numbers: list[float]) -> list[float]:
    """Those of the pieces that were written: without the end where the limit broke it off."""
    return numbers[: len(opened.best.tokens) + opened.best.finished]


def _longest_word(words: list[list[int]], texts: list[str]) -> int:
    """The first piece of the longest word but the end."""
    lengths = [len(text) for text in texts[:-1]] or [0]
    return words[lengths.index(max(lengths))][0]


def _sum_of_search(opened: Opened, pieces: list[str]) -> list[Value]:
    """How the whole translation comes to its score."""
    best, ranking = opened.best, opened.tree.ranking
    n_tokens = len(best.tokens) + best.finished
    written = _written(opened, opened.log_probs)
    return [
        value("log_probs", "log P(y_t)", written, pieces[:n_tokens]),
        value("logp", "Σ log P", torch.tensor(sum(written))),
        value("penalty", "lp(n)", torch.tensor(length_penalty(n_tokens, *ranking))),
        value("score", "score", torch.tensor(best.score)),
    ]


def _telling(survey: dict[Stack, Array]) -> list[dict[str, Any]]:
    """Interventions that are worth a look: no positions, and the head that costs most."""
    least = {stack: unpacked(array) for stack, array in survey.items()}
    stack = min(least, key=lambda name: float(least[name].min()))
    layer, head = np.unravel_index(least[stack].argmin(), least[stack].shape)
    return [
        {"what": "no_positions", "stack": "encoder"},
        {"what": "no_positions", "stack": "decoder"},
        {"what": "zero", "stack": stack, "layer": int(layer), "head": int(head)},
    ]
