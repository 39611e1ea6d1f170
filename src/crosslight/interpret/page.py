"""Attention as one HTML file: everything inside, nothing fetched, readable in ten years.

The page is a fixed template (page.html, page.css and the scripts) and one block of JSON. No text of the
sentence ever becomes HTML: it waits in the JSON, where ``<`` cannot occur, and the scripts insert it with
``textContent``. A strict content policy in the page forbids every request, so it can be opened from
anywhere and shared without leaking what was translated.

Weights travel as base64 of little-endian float32, so the page shows exactly the library's numbers.
"""

import json
import re
from importlib import resources
from typing import Any

import numpy as np

from crosslight.interpret.packed import base64_float32
from crosslight.interpret.record import Inspection, LabeledWeights, entropy_bits

_SCRIPTS = ("page_color.js", "page_detail.js", "page.js")


def attention_page(inspection: Inspection) -> str:
    """A stand-alone HTML page that shows all attention of one translation; write it as UTF-8.

    A tab for each kind (encoder, decoder, cross) that the model has, with every layer and head; one of them
    large, as a matrix and as lines between words. What people read counts layers and heads from 1; a link
    counts from 0, like the arrays: ``page.html#cross/2/5/words`` is the third layer's sixth head,
    ``#cross/2/mean/pieces`` the mean.

    About 11 bytes per weight: 0.4 MB for 12 words in 4 layers of 8 heads, tens of MB for 100 words in the
    largest models.
    """
    parts = {
        "style": _template("page.css"),
        "data": _json_block(attention_content(inspection)),
        "script": "\n".join(_template(name) for name in _SCRIPTS),
    }
    # One pass, so that a sentence which contains "{{script}}" stays a sentence.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _template("page.html"))


def attention_content(inspection: Inspection) -> dict[str, Any]:
    """What the page shows, as data: its block of JSON (docs/inside.md has the keys)."""
    return {
        "model": inspection.model_name,
        "source": inspection.src_text,
        "translation": inspection.tgt_text,
        "score": inspection.score,
        "kinds": {
            kind: {
                "pieces": _view(inspection.by_piece(kind)),
                "words": _view(inspection.by_word(kind)),
            }
            for kind in inspection.kinds
        },
    }


def _view(view: LabeledWeights) -> dict[str, Any]:
    return {
        "rows": view.row_labels,
        "columns": view.column_labels,
        "layers": view.weights.shape[0],
        "heads": view.weights.shape[1],
        "weights": base64_float32(view.weights),
        "entropy": entropy_bits(view.weights).tolist(),
        "mean": base64_float32(view.weights.mean(axis=1, dtype=np.float64)),
        "meanEntropy": entropy_bits(view.weights.mean(axis=1, dtype=np.float64)).tolist(),
    }


def _json_block(content: dict[str, Any]) -> str:
    """JSON that is safe inside ``<script>``: pure ASCII (so no U+2028) and without ``<``, ``>`` and ``&``.

    >>> print(_json_block({"source": "</script> \\u2028"}))
    {"source":"\\u003c/script\\u003e \\u2028"}
    """
    text = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _template(name: str) -> str:
    return resources.files("crosslight.interpret").joinpath(name).read_text(encoding="utf-8")
