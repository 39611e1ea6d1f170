"""Who may look at whom. Boolean, and True means yes, everywhere in the project."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def padding_mask(tokens: Int[Tensor, "B S"], pad_id: int) -> Bool[Tensor, "B 1 1 S"]:
    """Every query of a sentence may look at its real tokens, never at padding.

    >>> padding_mask(torch.tensor([[5, 6, 0]]), pad_id=0)
    tensor([[[[ True,  True, False]]]])
    """
    return (tokens != pad_id)[:, None, None, :]


def causal_mask(n_new: int, n_past: int = 0, device: torch.device | None = None) -> Bool[Tensor, "1 1 T S"]:
    """A token may look at itself and at what came before it (section 3.2.3), never ahead.

    Args:
        n_new: tokens that are decoded now (T).
        n_past: tokens before them whose keys are cached; S = n_past + n_new.

    >>> causal_mask(2, n_past=1)[0, 0]
    tensor([[ True,  True, False],
            [ True,  True,  True]])
    """
    return torch.ones(n_new, n_past + n_new, dtype=torch.bool, device=device).tril(n_past)[None, None]
