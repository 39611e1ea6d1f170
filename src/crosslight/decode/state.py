"""Choosing rows of a model's state, whatever tree of tensors it is."""

from typing import Any, TypeVar

from torch import Tensor

Tree = TypeVar("Tree")


def select_rows(state: Tree, rows: Tensor) -> Tree:
    """The state with these rows, in this order, repeated if asked; dimension 0 of every tensor.

    >>> import torch
    >>> select_rows((torch.tensor([[1], [2]]), ()), torch.tensor([1, 1]))
    (tensor([[2],
            [2]]), ())
    """
    tree: Any = state
    if isinstance(tree, Tensor):
        chosen: Any = tree.index_select(0, rows)
        return chosen  # type: ignore[no-any-return]
    branches = [select_rows(branch, rows) for branch in tree]
    chosen = type(tree)(*branches) if hasattr(tree, "_fields") else tuple(branches)
    return chosen  # type: ignore[no-any-return]
