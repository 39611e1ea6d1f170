"""Recurrent cells, and a sentence read in both directions.

Gates of the GRU are those of Cho et al. 2014 and of Bahdanau et al. 2015, appendix A; the LSTM is that of
Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000, as `torch.nn.LSTM` has it.

A cell is given what its gates receive from outside (of tokens, contexts and biases) and adds what they
receive from its own state: so everything that does not wait for the state is computed for all steps at once.

Shape letters: B batch · S tokens · E width of a token's vector · H width of a state · M two of them ·
G width of all gates.
"""

from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

CellKind = Literal["gru", "lstm"]
Hidden = tuple[Tensor, ...]
"""What a cell remembers, each (B, H): the state that others see, and for an LSTM its inner one."""


class GruCell(nn.Module):
    """A gated recurrent unit: how much of the state is kept, and how much of it is seen while it is renewed.

    r = σ(x_r + U_r s), z = σ(x_z + U_z s), new = tanh(x_n + U (r ∘ s)), and the state becomes
    (1-z) ∘ s + z ∘ new.
    """

    n_gates = 3
    n_states = 1

    def __init__(self, d_hidden: int) -> None:
        super().__init__()
        self.gates = nn.Linear(d_hidden, 2 * d_hidden, bias=False)
        self.new = nn.Linear(d_hidden, d_hidden, bias=False)

    def forward(self, given: Float[Tensor, "B G"], hidden: Hidden) -> Hidden:
        """The state after one step; `given` holds x_r, x_z and x_n beside each other."""
        (state,) = hidden
        d_hidden = state.shape[-1]
        reset, update = torch.sigmoid(given[:, : 2 * d_hidden] + self.gates(state)).chunk(2, dim=-1)
        new = torch.tanh(given[:, 2 * d_hidden :] + self.new(reset * state))
        return (torch.lerp(state, new.to(state.dtype), update.to(state.dtype)),)


class LstmCell(nn.Module):
    """A long short-term memory: an inner state that is added to, and gates on the ways in, out and on.

    i, f, o = σ(x + U h), g = tanh(x + U h); the inner state becomes f ∘ c + i ∘ g, the outer o ∘ tanh(c).
    """

    n_gates = 4
    n_states = 2

    def __init__(self, d_hidden: int) -> None:
        super().__init__()
        self.gates = nn.Linear(d_hidden, 4 * d_hidden, bias=False)

    def forward(self, given: Float[Tensor, "B G"], hidden: Hidden) -> Hidden:
        """Both states after one step; `given` holds what i, f, g and o receive beside each other."""
        state, inner = hidden
        into, on, new, out = (given + self.gates(state)).chunk(4, dim=-1)
        inner = torch.sigmoid(on) * inner + torch.sigmoid(into) * torch.tanh(new)
        return torch.sigmoid(out) * torch.tanh(inner), inner


class Bidirectional(nn.Module):
    """A sentence read from its first token on and from its last one back, by a layer each.

    The layers are those of torch, all steps in one call. Its GRU differs from the one above in one thing: the
    reset gate acts on U s, not on s (tanh(x + r ∘ (U s))), which is what fast kernels compute.
    """

    def __init__(self, kind: CellKind, d_in: int, d_hidden: int) -> None:
        super().__init__()
        layer: type[nn.GRU] | type[nn.LSTM] = nn.GRU if kind == "gru" else nn.LSTM
        self.ahead = layer(d_in, d_hidden, batch_first=True)
        self.back = layer(d_in, d_hidden, batch_first=True)

    def forward(
        self, x: Float[Tensor, "B S E"], is_token: Bool[Tensor, "B S"]
    ) -> tuple[Float[Tensor, "B S M"], Float[Tensor, "B H"], Float[Tensor, "B H"]]:
        """Both states of every token, and the last one of each way: at the last token, and at the first.

        Padding follows the tokens. Each row's tokens are turned around where they stand, so that the way back
        meets padding last as well: what is read after a token never changes its state.
        """
        lengths = is_token.sum(dim=1, keepdim=True)
        place = torch.arange(x.shape[1], device=x.device)
        turned = torch.where(place < lengths, lengths - 1 - place, place)[:, :, None]
        # In the weights' own precision: a state is handed on as often as there are tokens, and not every
        # processor has an LSTM in bfloat16.
        with torch.autocast(x.device.type, enabled=False):
            ahead: Tensor = self.ahead(x)[0]
            back: Tensor = self.back(torch.take_along_dim(x, turned, dim=1))[0]
        back = torch.take_along_dim(back, turned, dim=1)
        last = torch.take_along_dim(ahead, lengths[:, :, None] - 1, dim=1)[:, 0]
        return torch.cat((ahead, back), dim=-1), last, back[:, 0]
