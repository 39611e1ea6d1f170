"""Attention: the formula, and many heads of it (Vaswani et al. 2017, section 3.2, Figure 2).

Shape letters: B batch · H heads · T queries · S keys · K d_key · V d_head (width of a value) · D d_model.
A mask is boolean and True means "this query may look at this key"; it broadcasts to (B, H, T, S).
"""

import math
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from crosslight.errors import ConfigError
from crosslight.nn.linear import Linear

Attend = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]
"""(q, k, v, mask) -> context: what a head does. An attribute of every MultiHeadAttention, so that
looking inside means swapping it from outside (`interpret.attention.record_attention`)."""

KeysValues = tuple[Tensor, Tensor]
"""Keys (B, H, S, K) and values (B, H, S, V), projected and ready to be attended to. A cache is just these."""


def attention_weights(
    q: Float[Tensor, "B H T K"],
    k: Float[Tensor, "B H S K"],
    mask: Bool[Tensor, "#B #H #T #S"] | None = None,
    scale: float | None = None,
) -> Float[Tensor, "B H T S"]:
    """How much each query looks at each key: softmax(QKᵀ / √d_head), or of QKᵀ times another `scale`.

    Eq. (1) of the paper without its V. The division keeps the softmax out of the region where its
    gradient vanishes: the dot product of two random vectors grows like √d_head. Each row sums to 1,
    except a row whose mask is all False, which is NaN: callers mask padding *keys*, never whole queries.

    >>> q = torch.tensor([[[[1.0, 0.0]]]])
    >>> k = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]]])
    >>> attention_weights(q, k)
    tensor([[[[0.6698, 0.3302]]]])
    """
    scores = q @ k.transpose(-2, -1)
    scores = scores / math.sqrt(q.shape[-1]) if scale is None else scores * scale
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(dim=-1)


def attend_written_out(
    q: Float[Tensor, "B H T K"],
    k: Float[Tensor, "B H S K"],
    v: Float[Tensor, "B H S V"],
    mask: Bool[Tensor, "#B #H #T #S"] | None = None,
) -> Float[Tensor, "B H T V"]:
    """Eq. (1) as the paper writes it: softmax(QKᵀ / √d_head) V."""
    return attention_weights(q, k, mask) @ v


def attend_fused(
    q: Float[Tensor, "B H T K"],
    k: Float[Tensor, "B H S K"],
    v: Float[Tensor, "B H S V"],
    mask: Bool[Tensor, "#B #H #T #S"] | None = None,
    scale: float | None = None,
) -> Float[Tensor, "B H T V"]:
    """The same numbers from PyTorch's fused kernel, which never stores the (T, S) weights."""
    if q.device.type == "cpu" and q.dtype == torch.bfloat16:
        # On a processor the kernel's way back takes eight times as long in bfloat16 as the formula's.
        return attention_weights(q, k, mask, scale) @ v
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=scale)


class Scoring(Protocol):
    """How a query meets the keys. `attend` is `weights`, then `gather`: in one where that is faster."""

    def weights(self, q: Tensor, k: Tensor, mask: Tensor | None) -> Tensor:
        """(B, H, T, K), (B, H, S, K) -> shares (B, H, T, S), each row of which sums to 1."""
        ...

    def gather(self, weights: Tensor, v: Tensor) -> Tensor:
        """(B, H, T, S), (B, H, S, V) -> context (B, H, T, V)."""
        ...

    def attend(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        """Context (B, H, T, V)."""
        ...


@runtime_checkable
class Attentive(Protocol):
    """A module that attends, and whose attention can be watched and changed from outside."""

    scoring: Any  # a Scoring
    attend: Attend  # what is called; `scoring.attend` unless somebody looks


class DotProduct(nn.Module):
    """The paper's scoring: eq. (1).

    Args:
        scale: what dot products are multiplied by; 1 / √d_head unless given.
    """

    def __init__(self, scale: float | None = None) -> None:
        super().__init__()
        self.scale = scale

    def weights(
        self,
        q: Float[Tensor, "B H T K"],
        k: Float[Tensor, "B H S K"],
        mask: Bool[Tensor, "#B #H #T #S"] | None = None,
    ) -> Float[Tensor, "B H T S"]:
        """softmax(QKᵀ / √d_head)."""
        return attention_weights(q, k, mask, self.scale)

    def gather(
        self, weights: Float[Tensor, "B H T S"], v: Float[Tensor, "B H S V"]
    ) -> Float[Tensor, "B H T V"]:
        """The values, each as much as its weight says."""
        return weights @ v

    def attend(
        self,
        q: Float[Tensor, "B H T K"],
        k: Float[Tensor, "B H S K"],
        v: Float[Tensor, "B H S V"],
        mask: Bool[Tensor, "#B #H #T #S"] | None = None,
    ) -> Float[Tensor, "B H T V"]:
        """Both at once, by the fused kernel."""
        return attend_fused(q, k, v, mask, self.scale)


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each in a subspace of its own (section 3.2.2, Figure 2 right).

        x ──► W_Q ──► q ─┐
        y ──► W_K ──► k ─┼─► attend ──► W_O ──► context
          └─► W_V ──► v ─┘

    Keys and values are an argument (`project` makes them): the source's are projected once per
    sentence, and while decoding the target's grow by one token a step (`extend`).

    Args:
        d_key: width of a head's queries and keys; as its values', d_model / n_heads, unless given (rows B
            of Table 3 vary it alone).
        bias: whether the four projections have one. The paper's equations do not; `torch.nn` does.
        qk_norm: whether every query and key is scaled to a learned length before they meet (RMSNorm over
            each head, as Henry et al. 2020 and later models do), so that no score runs away.
        scoring: how a query meets the keys; the scaled dot product unless given.
    """

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        d_key: int | None = None,
        bias: bool = False,
        qk_norm: bool = False,
        scoring: nn.Module | None = None,
    ) -> None:
        super().__init__()
        if d_model % n_heads:
            raise ConfigError(
                f"d_model = {d_model} is not divisible by n_heads = {n_heads}",
                "choose n_heads among the divisors of d_model",
            )
        self.n_heads = n_heads
        d_key = d_key or d_model // n_heads
        self.q_proj = Linear(d_model, n_heads * d_key, bias)
        self.k_proj = Linear(d_model, n_heads * d_key, bias)
        self.v_proj = Linear(d_model, d_model, bias)
        self.out_proj = Linear(d_model, d_model, bias)
        self.q_norm = nn.RMSNorm(d_key) if qk_norm else nn.Identity()
        self.k_norm = nn.RMSNorm(d_key) if qk_norm else nn.Identity()
        chosen: Any = scoring or DotProduct()
        self.scoring = chosen
        self.attend: Attend = chosen.attend

    def project(self, x: Float[Tensor, "B S D"]) -> KeysValues:
        """Keys and values of x: what it offers to be found by, and what it then hands over."""
        return self.k_norm(self._split(self.k_proj(x))), self._split(self.v_proj(x))

    def extend(self, past: KeysValues, x: Float[Tensor, "B T D"]) -> KeysValues:
        """The keys and values so far, and those of the tokens x after them."""
        keys, values = self.project(x)
        if past[0].shape[2] == 0:  # all of training: nothing to copy
            return keys, values
        return torch.cat((past[0], keys), dim=2), torch.cat((past[1], values), dim=2)

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        keys_values: KeysValues,
        mask: Bool[Tensor, "#B #H #T #S"] | None = None,
    ) -> Float[Tensor, "B T D"]:
        """What x finds when it looks at keys_values."""
        keys, values = keys_values
        queries = self.q_norm(self._split(self.q_proj(x)))
        context = self.attend(queries, keys, values, mask)
        out: Tensor = self.out_proj(context.transpose(1, 2).flatten(2))
        return out

    def _split(self, x: Float[Tensor, "B T HK"]) -> Float[Tensor, "B H T K"]:
        return x.view(*x.shape[:2], self.n_heads, x.shape[-1] // self.n_heads).transpose(1, 2)
