"""Positions as turns of queries and keys (Su et al. 2021, "RoFormer", section 3.2).

Each pair of features is a number of the complex plane; at position p, pair m is turned by the angle p·θₘ,
θₘ = 10000^(−2m/d_key), the angles of the paper's sinusoids:

    f(x, p)ₘ = (x₂ₘ + i·x₂ₘ₊₁) · exp(i·p·θₘ)          eq. (12), (14)

A score is the real part of one number times the other's conjugate, so only the difference of their positions
is left in it. Nothing is added to the embeddings, and nothing is learned.

Where tokens stand follows from the shapes, as in `nn.relative`: the queries are the last T of S keys. Keys
are kept unturned, so each step of decoding turns them once more: no more work than looking at them.

Shape letters: B batch · H heads · T queries · S keys · K d_key · V width of a value · F = K / 2 pairs.
"""

from functools import lru_cache

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from crosslight.errors import ConfigError
from crosslight.nn.attention import DotProduct

SHORTEST = 64  # positions of the shortest table of turns; longer ones have twice as many, and so on


def turned(x: Float[Tensor, "B H T K"], n_past: int = 0) -> Float[Tensor, "B H T K"]:
    """Queries or keys at the positions n_past, n_past + 1, …, as their positions turn them.

    >>> turned(torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]]))
    tensor([[[[1.0000, 0.0000],
              [0.5403, 0.8415]]]])
    """
    end = n_past + x.shape[2]
    exact = torch.float64 if x.dtype == torch.float64 else torch.float32  # eight bits are no angle
    length = max(SHORTEST, 1 << (end - 1).bit_length())
    turns = _turns(length, x.shape[3], exact, x.device)[n_past:end]
    pairs = torch.view_as_complex(x.to(exact).reshape(*x.shape[:3], x.shape[3] // 2, 2))
    return torch.view_as_real(pairs * turns).flatten(-2).to(x.dtype)


@lru_cache(maxsize=32)
def _turns(n_positions: int, d_key: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """exp(i·p·θₘ), complex (P, F); the same for all layers, so it is made once."""
    with torch.inference_mode(False):  # training multiplies by it, even where a search made it
        angles = torch.arange(n_positions, dtype=torch.float64, device="cpu")[:, None] * frequencies(d_key)
        turns = torch.polar(torch.ones_like(angles), angles)
        return turns.to(torch.complex128 if dtype == torch.float64 else torch.complex64).to(device)


def frequencies(d_key: int) -> Float[Tensor, " F"]:
    """θₘ: the angle by which each pair is turned per position, in radians, float64.

    >>> frequencies(4).tolist()
    [1.0, 0.01]
    """
    pairs = torch.arange(0, d_key, 2, dtype=torch.float64, device="cpu")
    return torch.as_tensor(10000.0 ** (-pairs / d_key))


class RotaryScoring(DotProduct):
    """A `nn.attention.Scoring` for self-attention: the dot product of turned queries and keys.

    Args:
        d_key: width of a head's queries and keys.

    Raises:
        ConfigError: d_key is odd.
    """

    def __init__(self, d_key: int) -> None:
        super().__init__()
        if d_key % 2:
            raise ConfigError(
                f"heads of width {d_key} have a feature without a partner", "choose an even d_key"
            )

    def turned(
        self, q: Float[Tensor, "B H T K"], k: Float[Tensor, "B H S K"]
    ) -> tuple[Float[Tensor, "B H T K"], Float[Tensor, "B H S K"]]:
        """Queries and keys as they meet."""
        return turned(q, k.shape[2] - q.shape[2]), turned(k)

    def weights(
        self,
        q: Float[Tensor, "B H T K"],
        k: Float[Tensor, "B H S K"],
        mask: Bool[Tensor, "#B #H #T #S"] | None = None,
    ) -> Float[Tensor, "B H T S"]:
        """The paper's softmax(QKᵀ / √d_key), of what was turned."""
        return super().weights(*self.turned(q, k), mask)

    def attend(
        self,
        q: Float[Tensor, "B H T K"],
        k: Float[Tensor, "B H S K"],
        v: Float[Tensor, "B H S V"],
        mask: Bool[Tensor, "#B #H #T #S"] | None = None,
    ) -> Float[Tensor, "B H T V"]:
        """Weights and values at once, by the fused kernel."""
        return super().attend(*self.turned(q, k), v, mask)
