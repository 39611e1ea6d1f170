"""Adaptive computation time: every position decides for itself when it has thought enough.

Graves 2016, sections 2 and 2.1, per position as in Dehghani et al. 2019, section 2.2. After step n a position says
with what probability p it halts. It goes on while the sum of what it said is at most 1 - ε and steps are left; its
last step takes the remainder, 1 - the sum before. So the weights of its steps sum to 1, and what it hands on is the
mixture of its states after each step, in these shares. A position that has halted keeps its state.

Shape letters: B batch · T tokens · N steps · D d_model.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn


class HaltingUnit(nn.Module):
    """With what probability a position halts after a step: σ(w·h + b), with b = 1 before training.

    Written as a sum and not as a matrix product, so that it keeps its digits where products are of low precision:
    1 - ε is too close to 1 for bfloat16.
    """

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(d_model))
        self.bias = nn.Parameter(torch.ones(()))
        nn.init.uniform_(self.weight, -((6 / (d_model + 1)) ** 0.5), (6 / (d_model + 1)) ** 0.5)  # Xavier

    def forward(self, h: Float[Tensor, "B T D"]) -> Float[Tensor, "B T"]:
        """The probability at each position."""
        return ((h * self.weight).sum(-1) + self.bias).sigmoid()


class Tireless(nn.Module):
    """In place of a `HaltingUnit`: never halts, so that the last step takes all the weight."""

    def forward(self, h: Float[Tensor, "B T D"]) -> Float[Tensor, "B T"]:
        """0 everywhere."""
        return torch.zeros_like(h[..., 0])


class Account(NamedTuple):
    """What each position has spent of its 1."""

    running: Bool[Tensor, "B T"]
    spent: Float[Tensor, "B T"]  # sum of the probabilities after which it went on
    n_steps: Int[Tensor, "B T"]  # that it has taken

    @staticmethod
    def begin(real: Bool[Tensor, "B T"], x: Float[Tensor, "B T D"]) -> "Account":
        """Nothing is spent. Padding takes no step at all."""
        return Account(real, torch.zeros_like(x[..., 0]), torch.zeros_like(real, dtype=torch.long))

    def after(
        self, p: Float[Tensor, "B T"], epsilon: float, is_last: bool
    ) -> tuple[Float[Tensor, "B T"], "Account"]:
        """The weight of a step after which each position halts with probability p, and the account then."""
        total = self.spent + p
        going = self.running & (total <= 1 - epsilon) & (not is_last)
        weight = torch.where(going, p, torch.where(self.running, 1 - self.spent, 0.0))
        spent = torch.where(going, total, self.spent)
        return weight, Account(going, spent, self.n_steps + self.running)


class Halting(NamedTuple):
    """How long each position has thought, and what it made of it."""

    weights: Float[Tensor, "B T N"]  # of the states after each step: they sum to 1, and are 0 at padding
    n_steps: Int[Tensor, "B T"]
    remainder: Float[Tensor, "B T"]  # the weight of its last step; 1 at padding

    @property
    def cost(self) -> Float[Tensor, "B T"]:
        """Graves' ponder cost (eq. 11): steps and remainder. Only the remainder has a gradient."""
        return self.n_steps + self.remainder


class Pondering:
    """Positions on their way through the steps of one forward pass.

    `x` is their state, `mixture` what they hand on, and `goes_on` says whether any of them is still at it.

    Args:
        real: which positions are tokens; padding stays as it is.
        norm: from a state to what is mixed and judged; a pre-norm stack's last LayerNorm, else the identity.
        unit: (B, T, D) -> probabilities (B, T) of halting.
    """

    def __init__(
        self,
        x: Float[Tensor, "B T D"],
        real: Bool[Tensor, "B T"],
        norm: nn.Module,
        unit: nn.Module,
        epsilon: float,
        max_steps: int,
    ) -> None:
        self.x, self.mixture = x, torch.zeros_like(x)
        self._norm, self._unit, self._epsilon, self._max_steps = norm, unit, epsilon, max_steps
        self._account = Account.begin(real, x)
        self._weights: list[Tensor] = []
        self.goes_on = bool(real.any())

    def take(self, new: Float[Tensor, "B T D"]) -> None:
        """A step has made `new` of the states: those that are still running move there."""
        self.x = torch.where(self._account.running[..., None], new, self.x)
        seen = self._norm(self.x)
        is_last = len(self._weights) + 1 == self._max_steps
        weight, self._account = self._account.after(self._unit(seen), self._epsilon, is_last)
        self._weights.append(weight)
        self.mixture = self.mixture + weight[..., None] * seen
        self.goes_on = bool(self._account.running.any())

    def halting(self) -> Halting:
        """What each position did; steps that nobody took weigh 0."""
        account = self._account
        unused = [torch.zeros_like(account.spent)] * (self._max_steps - len(self._weights))
        weights = torch.stack([*self._weights, *unused], dim=-1)
        return Halting(weights, account.n_steps, 1 - account.spent)
