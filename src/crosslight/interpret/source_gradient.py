"""How much each source token moves a logit: the norm of the logit's gradient by the token's vector.

It is the length of the path between the two that makes gradients fade or not (Hochreiter et al. 2001;
Vaswani et al. 2017, section 4). Nothing of a model is known here but its token tables: the vectors that the
source is read as are taken where they leave the table.

Shape letters: S source tokens · T target tokens.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from crosslight.errors import ConfigError
from crosslight.interpret.token_vectors import caught_vectors

Floats = npt.NDArray[np.float64]


def source_gradients(
    model: Any, src: Sequence[int], tgt: Sequence[int], steps: Sequence[int], bos_id: int
) -> Floats:
    """Norms (steps, S): of the logit of each target token in `steps`, by the vector of each source token.

    Args:
        model: a `models.protocol.Seq2Seq`.
        src: source ids, the end token included.
        tgt: target ids; the decoder is given those before each step.

    Raises:
        ConfigError: the model does not look its source up in an `nn.Embedding`.
    """
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    written = torch.tensor([[bos_id, *tgt[:-1]]], device=device)
    with torch.enable_grad():
        tokens = torch.tensor([list(src)], device=device)
        with caught_vectors(model, tokens) as read:
            state = model.start(tokens)
        if not read:
            raise ConfigError(
                f"a {type(model).__name__} reads its source in a way that is not known here",
                "compare architectures that look their tokens up in an `nn.Embedding`, as they are given",
            )
        logits, _ = model.decode(written, state)
        rows = []
        for i, step in enumerate(steps):
            (gradient,) = torch.autograd.grad(
                logits[0, step, tgt[step]], read[0], retain_graph=i + 1 < len(steps)
            )
            rows.append(gradient[0].norm(dim=-1).double().cpu().numpy())
    model.train(was_training)
    return np.stack(rows)


def by_distance(shares: Floats, distances: npt.NDArray[np.int64], edges: Sequence[int]) -> Floats:
    """The mean of `shares` whose distance is from each edge to before the next; NaN where there is none.

    >>> by_distance(np.array([[1.0, 3.0, 5.0]]), np.array([[0, 1, 4]]), [0, 2, 4, 8]).tolist()
    [2.0, nan, 5.0]
    """
    bins = np.digitize(distances.ravel(), edges) - 1
    n_bins = len(edges) - 1
    inside = (bins >= 0) & (bins < n_bins)
    totals = np.bincount(bins[inside], shares.ravel()[inside], n_bins)
    counts = np.bincount(bins[inside], minlength=n_bins)
    with np.errstate(invalid="ignore"):
        mean: Floats = totals / np.where(counts, counts, np.nan)
    return mean
