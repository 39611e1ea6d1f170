"""What training minimizes: cross-entropy against smoothed targets (section 5.4).

An objective returns a *sum* over tokens and their number; the division happens in one place, the
training step, so that batches of any size weigh every token alike.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from crosslight.data.batch import Batch


class Loss(NamedTuple):
    """A sum over tokens, in nats, and how many tokens it is over."""

    total: Tensor
    n_tokens: int


Objective = Callable[[nn.Module, Batch], Loss]


def label_smoothed(smoothing: float) -> Objective:
    """Cross-entropy against (1 - ε) · the right token + ε · every token alike.

    Szegedy et al. 2016, eq. for q'(k) with uniform u(k) = 1/V, which section 5.4 takes: the right
    token's own share of the uniform part included, padding not counted.
    """

    def objective(model: nn.Module, batch: Batch) -> Loss:
        logits: Tensor = model(batch.src, batch.tgt_in)
        total = F.cross_entropy(
            logits.flatten(0, 1),
            batch.tgt_out.flatten(),
            ignore_index=batch.pad_id,
            label_smoothing=smoothing,
            reduction="sum",
        )
        return Loss(total, batch.n_tokens)

    return objective
