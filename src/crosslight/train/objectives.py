"""What training minimizes: cross-entropy against smoothed targets (section 5.4), and agreement with itself.

An objective returns a *sum* over tokens and their number; the division happens in one place, the
training step, so that batches of any size weigh every token alike.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from crosslight.config.run import TrainConfig
from crosslight.data.batch import Batch
from crosslight.nn.dropout import kept
from crosslight.nn.linear_cross_entropy import BlockLoss, consistent, linear_loss, smoothed
from crosslight.text.subword import SPECIAL_IDS, UNK_ID


class Loss(NamedTuple):
    """A sum over tokens, in nats, and how many tokens it is over."""

    total: Tensor
    n_tokens: int


Objective = Callable[[nn.Module, Batch], Loss]


def objective_of(config: TrainConfig) -> Objective:
    """The objective that the settings name."""
    match config.consistency:
        case "rdrop":
            return rdrop(config.label_smoothing, config.consistency_weight)
        case "simcut":
            return simcut(config.label_smoothing, config.consistency_weight, config.cut_rate)
        case _:
            return label_smoothed(config.label_smoothing)


def label_smoothed(smoothing: float) -> Objective:
    """Cross-entropy against (1 - ε) · the right token + ε · every token alike; padding is not counted."""
    return lambda model, batch: _loss(model, [batch], smoothed(smoothing))


def rdrop(smoothing: float, weight: float) -> Objective:
    """R-Drop (Liang et al. 2021): the batch under two dropouts, and the two outputs alike.

    Half of L = CE(a) + CE(b) + α/2 (KL(a ‖ b) + KL(b ‖ a)), so that it is of the size of one batch.
    """
    loss = consistent(smoothing, (0.5, 0.5), forth=weight / 4, back=weight / 4)
    return lambda model, batch: _loss(model, [batch, batch], loss)


def simcut(smoothing: float, weight: float, cut_rate: float) -> Objective:
    """SimCut (Gao et al. 2022): what is said of a pair does not change when some words are cut.

    L = CE(whole) + α KL(whole ‖ cut), with gradients through both. A cut token becomes the unknown one,
    which text never makes: every character has a piece or bytes.
    """
    loss = consistent(smoothing, (1.0, 0.0), forth=weight, back=0.0)
    return lambda model, batch: _loss(model, [batch, cut(batch, cut_rate)], loss)


def cut(batch: Batch, rate: float) -> Batch:
    """The batch with a share of its words unknown on the source side and in what the decoder has seen."""

    def without(tokens: Tensor) -> Tensor:
        special = torch.isin(tokens, torch.tensor(SPECIAL_IDS, device=tokens.device))
        keep = kept(tokens.shape, round(rate * 256), tokens.device) | special
        return torch.where(keep, tokens, UNK_ID)

    return replace(batch, src=without(batch.src), tgt_in=without(batch.tgt_in))


def _loss(model: Any, views: list[Batch], block_loss: BlockLoss) -> Loss:
    """All views in one pass: the rows of a batch do not see each other.

    The model is a `models.protocol.Trainable`.
    """
    real = views[0].tgt_out != views[0].pad_id
    src, tgt_in = torch.cat([view.src for view in views]), torch.cat([view.tgt_in for view in views])
    xs = [x[real] for x in model.features(src, tgt_in).chunk(len(views))]
    weight = model.output.table.weight
    if model.output.bias is not None:  # one more column, which always meets a 1
        weight = torch.cat((weight, model.output.bias[:, None]), dim=1)
        xs = [nn.functional.pad(x, (0, 1), value=1.0) for x in xs]
    total = linear_loss(xs, weight, views[0].tgt_out[real], block_loss)
    return Loss(total, len(xs[0]))
