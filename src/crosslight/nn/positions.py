"""Where a token stands, added to what it is (section 3.5).

Positions that are not added stand elsewhere: distances in `nn/relative.py`, turned queries and keys in
`nn/rotary.py`.

Shape letters: T tokens · D d_model. All classes return positions n_past .. n_past + T - 1.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from crosslight.errors import ConfigError

SinusoidLayout = Literal["interleaved", "half"]


def sinusoids(n_positions: int, d_model: int, layout: SinusoidLayout = "interleaved") -> Float[Tensor, "T D"]:
    """Sines and cosines with wavelengths from 2π to 10000·2π: a clock with ever slower hands.

    PE(pos, 2i) = sin(pos / 10000^(2i/d_model)), PE(pos, 2i+1) = cos(the same), as the paper prints it.
    `layout="half"` puts all sines before all cosines, as the authors' code does, with its slightly
    different wavelengths 10000^(i/(d_model/2 - 1)). A trained model cannot be moved from one to the other.
    (MarianMT of Hugging Face has a third: sines first, but the paper's wavelengths; that one is only another
    order of the features, see `export.marian`.)

    >>> sinusoids(2, 4)[1]
    tensor([0.8415, 0.5403, 0.0100, 0.9999])
    """
    if d_model % 2:
        raise ConfigError(
            f"d_model = {d_model} is odd, but sinusoids come in pairs", "choose an even d_model"
        )
    i = torch.arange(d_model // 2, dtype=torch.float64)
    exponent = 2 * i / d_model if layout == "interleaved" else i / max(1, d_model // 2 - 1)
    angles = torch.arange(n_positions, dtype=torch.float64)[:, None] / 10000.0**exponent
    pair = (angles.sin(), angles.cos())
    table = torch.stack(pair, dim=-1).flatten(1) if layout == "interleaved" else torch.cat(pair, dim=-1)
    return table.float()


class SinusoidalPositions(nn.Module):
    """The fixed encoding. Its table grows when a longer sentence comes; nothing of it is saved."""

    table: Tensor

    def __init__(self, d_model: int, layout: SinusoidLayout = "interleaved") -> None:
        super().__init__()
        self.layout: SinusoidLayout = layout
        self.register_buffer("table", sinusoids(256, d_model, layout), persistent=False)

    def forward(self, n_tokens: int, n_past: int = 0) -> Float[Tensor, "T D"]:
        """Encodings of the positions n_past .. n_past + n_tokens - 1."""
        if n_past + n_tokens > len(self.table):
            longer = sinusoids(2 * (n_past + n_tokens), self.table.shape[1], self.layout)
            self.table = longer.to(self.table)
        return self.table[n_past : n_past + n_tokens]


class NoPositions(nn.Module):
    """Nothing is added: order is known otherwise (`nn.relative`, `nn.rotary`), or not at all."""

    nothing: Tensor

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.register_buffer("nothing", torch.zeros(1, d_model), persistent=False)

    def forward(self, n_tokens: int, n_past: int = 0) -> Float[Tensor, "T D"]:
        """Zeros, wherever the tokens stand."""
        return self.nothing.expand(n_tokens, -1)


class LearnedPositions(nn.Module):
    """One trained vector per position (row E of Table 3). It knows nothing beyond its last row."""

    def __init__(self, d_model: int, max_positions: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.empty(max_positions, d_model))
        nn.init.normal_(self.table, std=0.02)

    def forward(self, n_tokens: int, n_past: int = 0) -> Float[Tensor, "T D"]:
        """Encodings of the positions n_past .. n_past + n_tokens - 1.

        Raises:
            ConfigError: a position beyond the trained table is asked for.
        """
        if n_past + n_tokens > len(self.table):
            raise ConfigError(
                f"a sentence of {n_past + n_tokens} tokens, but positions were learned for {len(self.table)}",
                "split the sentence, train with a larger max_positions, or use sinusoidal positions",
            )
        return self.table[n_past : n_past + n_tokens]


Positions = SinusoidalPositions | LearnedPositions | NoPositions
"""What may be added to embeddings."""
