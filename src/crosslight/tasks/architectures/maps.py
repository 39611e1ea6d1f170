"""What every arm that has attention looked at, for one sentence."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from crosslight.bundle import Bundle
from crosslight.decode.translator import Translator
from crosslight.interpret.maps import look
from crosslight.models.build import Model
from crosslight.text.subword import BOS_ID, EOS_ID

MOST = 40  # rows that are shown of an output that finds no end


def attention_maps(bundles: dict[str, Bundle], text: str) -> dict[str, Any]:
    """For each arm its own translation, as pieces, and where each piece looked; None without attention."""
    tree: dict[str, Any] = {"text": text, "arms": {}}
    for arm, bundle in bundles.items():
        translator = Translator(bundle)
        src = [*bundle.src_subword.encode(text), EOS_ID]
        found = translator.search([src], translator.settings_for(1, {}))[0][0]
        weights = cross_attention(bundle.model, src, found.tokens)
        shown = slice(MOST)
        tree["arms"][arm] = {
            "translation": bundle.tgt_subword.decode(found.tokens),
            "src": bundle.src_subword.pieces(src),
            "tgt": [*bundle.tgt_subword.pieces(found.tokens), "</s>"][shown],
            "weights": None if weights is None else np.round(weights[shown], 3).tolist(),
        }
    return tree


@torch.inference_mode()
def cross_attention(model: Model, src: Sequence[int], tgt: Sequence[int]) -> npt.NDArray[np.float64] | None:
    """The weights (target tokens and end, source tokens): the mean of all heads, of all layers and steps.

    None for a model that does not attend to its source.
    """
    cross = look(model.eval(), torch.tensor([list(src)]), torch.tensor([[BOS_ID, *tgt]])).cross
    return None if cross is None else cross[0].mean(dim=(0, 1)).double().numpy()
