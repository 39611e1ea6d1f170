"""A second model of the same weights, to be watched while the first one goes on working.

Looking inside swaps functions of a model's modules and hangs hooks on them; another thread that translates
with the same modules would see it. A twin has modules of its own and shares every number.
"""

import copy
from typing import TypeVar

from torch import nn

Model = TypeVar("Model", bound=nn.Module)


def twin(model: Model) -> Model:
    """The model once more: its modules copied, its parameters and buffers the same tensors.

    >>> first = nn.Linear(2, 2)
    >>> second = twin(first)
    >>> second is first, second.weight is first.weight
    (False, True)
    """
    shared = [*model.parameters(), *model.buffers()]
    return copy.deepcopy(model, {id(tensor): tensor for tensor in shared})
