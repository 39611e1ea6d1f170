"""Weights of one byte: a model's tables in a quarter of their size.

Each row of a matrix becomes whole numbers from -127 to 127 times a unit of its own, so that the row's largest
weight is 127 units. CTranslate2 makes the same numbers for its int8: such a model loses nothing more there.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

LARGEST = 127
UNITS = ".unit"  # ends the name of a matrix's units: what 1 stands for, row by row


def pack(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Matrices as int8 with the units of their rows beside them; all else as it is."""
    packed: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if tensor.dim() != 2:
            packed[name] = tensor
            continue
        units = (
            tensor.float().abs().amax(dim=1, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny)
            / LARGEST
        )
        packed[name] = (tensor.float() / units).round().to(torch.int8)
        packed[name + UNITS] = units[:, 0].contiguous()
    return packed


def unpack(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What `pack` took apart, as float32; tensors that are not packed as they are."""
    return {
        name: tensor.float() * tensors[name + UNITS][:, None] if tensor.dtype == torch.int8 else tensor
        for name, tensor in tensors.items()
        if not (name.endswith(UNITS) and name.removesuffix(UNITS) in tensors)
    }
