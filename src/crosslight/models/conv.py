"""ConvS2S (Gehring et al. 2017): stacked convolutions read and write, and every layer that writes looks back.

    src ─► embed ─► map ─► N × EncoderBlock ─► map ─► z ─┐ keys z, values (z + embedded) · √0.5
    tgt ─► embed ─► map ─► N × DecoderBlock ◄────────────┘ ─► map ─► logits

A token sees as far as its stack is high: 1 + N (k - 1) tokens, as many ahead as behind where it is read.
Shape letters: B batch · S source tokens · T target tokens · V vocabulary · D d_model · H d_hidden · P k - 1.
"""

from collections.abc import Iterable
from typing import NamedTuple

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from crosslight.nn.attention import KeysValues
from crosslight.nn.convolution import HALF, EncoderBlock
from crosslight.nn.dropout import Dropout
from crosslight.nn.embedding import TokenEmbedding
from crosslight.nn.masks import padding_mask
from crosslight.nn.multistep import DecoderBlock
from crosslight.nn.positions import LearnedPositions
from crosslight.nn.scaled_gradient import scaled_gradient
from crosslight.nn.weight_norm import WeightNormLinear


class ConvState(NamedTuple):
    """Everything decoding needs: what was read, and as much of what was written as a convolution sees."""

    memory_mask: Bool[Tensor, "B 1 1 S"]
    memory: KeysValues  # of the encoder's output, the same for all layers: never changes
    past: tuple[Float[Tensor, "B P H"], ...]  # per decoder layer, its last k - 1 inputs: a window that slides
    n_written: Int[Tensor, " B"]  # tokens so far: where the next one stands


class ConvEmbedding(nn.Module):
    """Token vectors as the table has them, plus positions if there are any, then dropout, then the first map.

    Unlike in the Transformer the vectors are not scaled up: the attention's dot products are not scaled down.
    """

    def __init__(
        self,
        tokens: TokenEmbedding,
        positions: LearnedPositions | None,
        dropout: float,
        to_hidden: WeightNormLinear,
    ) -> None:
        super().__init__()
        self.tokens = tokens
        self.positions = positions
        self.dropout = Dropout(dropout)
        self.to_hidden = to_hidden

    def forward(
        self, tokens: Int[Tensor, "B T"], n_past: int = 0
    ) -> tuple[Float[Tensor, "B T D"], Float[Tensor, "B T H"]]:
        """The vectors of tokens, which attention meets again, and what enters the first convolution."""
        x: Tensor = self.tokens.table(tokens)
        if self.positions is not None:
            x = x + self.positions(tokens.shape[1], n_past)
        x = self.dropout(x)
        return x, self.to_hidden(x)


class Conv(nn.Module):
    """The assembly. `models.build_conv` makes one from settings; nothing here reads any.

    Args:
        encoder_out, decoder_out: the maps from d_hidden back to d_model.
        dropout: of the last vectors, before they meet the output table.
        output: the table whose rows are compared with the last vectors; may be the embeddings' own.
    """

    def __init__(
        self,
        src_embedding: ConvEmbedding,
        tgt_embedding: ConvEmbedding,
        encoder_layers: list[EncoderBlock],
        decoder_layers: list[DecoderBlock],
        encoder_out: WeightNormLinear,
        decoder_out: WeightNormLinear,
        dropout: float,
        output: TokenEmbedding,
        pad_id: int,
    ) -> None:
        super().__init__()
        self.src_embedding = src_embedding
        self.tgt_embedding = tgt_embedding
        self.encoder_layers: Iterable[EncoderBlock] = nn.ModuleList(encoder_layers)  # type: ignore[assignment]
        self.decoder_layers: Iterable[DecoderBlock] = nn.ModuleList(decoder_layers)  # type: ignore[assignment]
        self.encoder_out = encoder_out
        self.decoder_out = decoder_out
        self.dropout = Dropout(dropout)
        self.output = output
        self.pad_id = pad_id
        self.n_attentions = len(decoder_layers)

    def encode(
        self, src: Int[Tensor, "B S"], mask: Bool[Tensor, "B 1 1 S"]
    ) -> tuple[Float[Tensor, "B S D"], Float[Tensor, "B S D"]]:
        """Every source token as the encoder understands it among its neighbors (z), and as it entered (e)."""
        real = mask[:, 0, 0, :, None]
        embedded, x = self.src_embedding(src)
        for layer in self.encoder_layers:
            x = layer(x, real)
        z: Tensor = self.encoder_out(x)
        if self.training:  # it learns from every attention, so its gradients are so many times as large
            z = scaled_gradient(z, 1 / (2 * self.n_attentions))  # section 3.5
        return z, embedded

    def start(self, src: Int[Tensor, "B S"]) -> ConvState:
        """Read the source; an empty target has been written."""
        mask = padding_mask(src, self.pad_id)
        z, embedded = self.encode(src, mask)
        width = self.decoder_out.v.shape[1]
        return ConvState(
            memory_mask=mask,
            memory=(z[:, None], ((z + embedded) * HALF)[:, None]),
            past=tuple(
                z.new_zeros(len(src), layer.convolution.kernel - 1, width) for layer in self.decoder_layers
            ),
            n_written=src.new_zeros(len(src)),
        )

    def decode(
        self, tokens: Int[Tensor, "B T"], state: ConvState
    ) -> tuple[Float[Tensor, "B T V"], ConvState]:
        """Logits for what follows each of tokens, and the state after them."""
        x, state = self._write(tokens, state)
        return self.output.logits(x), state

    def features(self, src: Int[Tensor, "B S"], tgt_in: Int[Tensor, "B T"]) -> Float[Tensor, "B T D"]:
        """The whole target's last vectors: what the output layer turns into logits."""
        return self._write(tgt_in, self.start(src))[0]

    def forward(self, src: Int[Tensor, "B S"], tgt_in: Int[Tensor, "B T"]) -> Float[Tensor, "B T V"]:
        """Logits of the whole target at once: one `decode` from the first state."""
        return self.decode(tgt_in, self.start(src))[0]

    def _write(
        self, tokens: Int[Tensor, "B T"], state: ConvState
    ) -> tuple[Float[Tensor, "B T D"], ConvState]:
        n_past = int(state.n_written[:1].sum())  # all rows have written alike; there may be none
        embedded, x = self.tgt_embedding(tokens, n_past)
        windows = []
        for layer, past in zip(self.decoder_layers, state.past, strict=True):
            x, window = layer(x, embedded, past, state.memory, state.memory_mask)
            windows.append(window)
        last: Tensor = self.dropout(self.decoder_out(x))
        n_written = state.n_written + tokens.shape[1]
        return last, state._replace(past=tuple(windows), n_written=n_written)
