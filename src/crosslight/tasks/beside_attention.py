"""What stands beside attention on a page: what happens without a word, and what weights bring."""

from typing import Any

import numpy.typing as npt
import torch

from crosslight.interpret.interventions import STACKS, Stack, attentions
from crosslight.interpret.occlusion import unknown, without, word_changes
from crosslight.interpret.packed import packed
from crosslight.interpret.record import LabeledWeights, merged
from crosslight.interpret.value_norms import value_norms
from crosslight.interpret.views import Beside, Norms, NormsOfKind, Note, Occlusion
from crosslight.models.transformer import Transformer
from crosslight.tasks.opened import Opened, sentence

NOTE: Note = {
    "key": "not-explanation",
    "text": (
        "Attention shows where a head looked, not why a word was chosen. Other weights can give the same "
        "translation, and a large weight on a short vector moves nothing. Compare it with what happens when "
        "a word is taken out (occlusion), when a head is switched off, and with weights times the length "
        "of what they bring (value-weighted attention)."
    ),
    "sources": [
        "Jain & Wallace 2019, Attention is not Explanation",
        "Wiegreffe & Pinter 2019, Attention is not not Explanation",
        "Kobayashi et al. 2020, Attention is Not Only a Weight",
    ],
}


@torch.inference_mode()
def beside(opened: Opened) -> Beside:
    """A note, occlusion, and for a Transformer weights times what they bring."""
    return {
        "note": NOTE,
        "occlusion": _occlusion(opened),
        "value_weighted": {stack: _norms(opened, stack) for stack in STACKS}
        if isinstance(opened.bundle.model, Transformer)
        else {},
    }


def _norms(opened: Opened, stack: Stack) -> NormsOfKind:
    inspection, trace = opened.inspection, opened.traced[0]
    found = [
        value_norms(attention, trace.heads[name])
        for name, attention in attentions(opened.transformer, stack).items()
    ]
    blocks = [torch.stack(each).cpu().numpy() for each in map(list, zip(*found, strict=True))]
    groups = inspection.word_groups(stack)
    return {
        "pieces": _labeled(inspection.by_piece(stack), *blocks),
        "words": _labeled(inspection.by_word(stack), *(merged(block, *groups) for block in blocks)),
    }


def _labeled(view: LabeledWeights, norms: npt.NDArray[Any], together: npt.NDArray[Any]) -> Norms:
    return {
        "rows": view.row_labels,
        "columns": view.column_labels,
        "norms": packed(norms),
        "together": packed(together),
    }


def _occlusion(opened: Opened) -> Occlusion:
    frame = sentence(opened)
    words, tgt = frame["src"]["words"][:-1], opened.best.tokens
    removed, hidden = (
        word_changes(opened.log_probs, opened.score(tgt, variants) if variants else [], frame["tgt"]["words"])
        for variants in (without(opened.src, words), unknown(opened.src, words))
    )
    return {
        "rows": frame["tgt"]["texts"],
        "columns": frame["src"]["texts"][:-1],
        "removed": packed(removed),
        "unknown": packed(hidden),
    }
