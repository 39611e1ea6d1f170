"""What a model does not keep as a weight, but another runtime wants to have written down."""

import torch
from torch import Tensor, nn

from crosslight.models.transformer import Transformer
from crosslight.nn.embedding import PositionedEmbedding
from crosslight.nn.positions import LearnedPositions

POSITIONS = 1024  # rows of a table of sinusoids


def n_positions(model: Transformer) -> int:
    """How many positions a converted model knows."""
    positions = model.src_embedding.positions
    return len(positions.table) if isinstance(positions, LearnedPositions) else POSITIONS


def epsilon(model: Transformer) -> float:
    """What the norms add to the variance. RMSNorm without a number of its own adds the smallest there is."""
    norm = next(m for m in model.modules() if isinstance(m, nn.LayerNorm | nn.RMSNorm))
    return norm.eps or float(torch.finfo(torch.float32).eps)


def position_table(embedding: PositionedEmbedding, n: int) -> Tensor:
    """The first n rows that are added to embeddings, whatever they come from."""
    rows: Tensor = embedding.positions(n)
    return rows
