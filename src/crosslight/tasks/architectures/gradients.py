"""How far a gradient reaches back into a long source, for every arm: as it was initialized, and trained.

For some target tokens of joined sentences the gradient of the logit by every source token is taken, and made
relative: divided by its mean over the source, so that 1 is an even share. Two distances are looked at:

    steps back      tokens between a source token and the end of the source: what a network without
                    attention has to carry since it read the token
    off the place   tokens between a source token and the place that is as far into the source as the target
                    token is into the target: near 0 lies what it translates

Before training it is the architecture alone that speaks; after it, what was made of it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from crosslight.bundle import Bundle
from crosslight.interpret.source_gradient import by_distance, source_gradients
from crosslight.models.build import Model, build_model
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID

N_SENTENCES = 12
N_STEPS = 6  # target tokens of each
EDGES = (0, 1, 2, 4, 8, 16, 32, 64)
Pairs = Sequence[tuple[list[int], list[int]]]


def gradients(
    bundles: dict[str, Bundle], pairs: Sequence[tuple[str, str]], say: Callable[[str], None]
) -> dict[str, Any]:
    """The relative gradients of every arm by both distances, for `pairs` of long texts."""
    first = next(iter(bundles.values()))
    chosen = pairs[:: max(1, len(pairs) // N_SENTENCES)][:N_SENTENCES]
    ids = [([*first.src_subword.encode(src), EOS_ID], first.tgt_subword.encode(tgt)) for src, tgt in chosen]
    tree: dict[str, Any] = {"edges": list(EDGES), "sentences": len(ids), "arms": {}}
    for arm, bundle in bundles.items():
        say(f"gradients of {arm}")
        torch.manual_seed(bundle.config.train.seed)
        sizes = bundle.src_subword.vocab_size, bundle.tgt_subword.vocab_size
        fresh = build_model(bundle.config.model, *sizes, PAD_ID)
        tree["arms"][arm] = {"initialized": curves(fresh, ids), "trained": curves(bundle.model, ids)}
    return tree


def curves(model: Model, pairs: Pairs) -> dict[str, list[float | None]]:
    """The mean relative gradient for each range of the two distances; None where no token is so far."""
    shares, back, off = [], [], []
    for src, tgt in pairs:
        steps = sorted({len(tgt) * i // N_STEPS for i in range(N_STEPS)})
        norms = source_gradients(model, src, tgt, steps, BOS_ID)[:, :-1]  # without the end token
        n = norms.shape[1]
        places = np.arange(n)
        shares.append(relative(norms))
        back.append(np.broadcast_to(n - 1 - places, norms.shape))
        centers = np.array([round(step * (n - 1) / max(1, len(tgt) - 1)) for step in steps])
        off.append(np.abs(places[None] - centers[:, None]))
    flat = np.concatenate([share.ravel() for share in shares])
    return {
        name: [
            None if np.isnan(value) else float(value)
            for value in by_distance(flat, np.concatenate([d.ravel() for d in distances]), EDGES)
        ]
        for name, distances in (("steps back", back), ("off the place", off))
    }


def relative(norms: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Each row divided by its mean; a row without any gradient is all ones."""
    mean = norms.mean(axis=1, keepdims=True)
    return np.where(mean > 0, norms / np.where(mean > 0, mean, 1.0), 1.0)
