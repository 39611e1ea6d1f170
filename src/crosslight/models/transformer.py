"""The Transformer (Vaswani et al. 2017, Figure 1): a stack that reads and a stack that writes.

    src ─► embed ─► N × EncoderLayer ─► memory ─┐ keys and values, projected once in `start`
    tgt ─► embed ─► N × DecoderLayer ◄──────────┘ ─► logits

Shape letters: B batch · S source tokens · T target tokens · V vocabulary · D d_model.
"""

from collections.abc import Iterable
from typing import NamedTuple

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from crosslight.nn.attention import KeysValues
from crosslight.nn.embedding import PositionedEmbedding, TokenEmbedding
from crosslight.nn.layers import DecoderLayer, EncoderLayer
from crosslight.nn.masks import causal_mask, padding_mask


class TransformerState(NamedTuple):
    """Everything decoding needs: what was read, and what has been written so far."""

    memory_mask: Bool[Tensor, "B 1 1 S"]
    memory: tuple[KeysValues, ...]  # per decoder layer, of the encoder's output: never changes
    past: tuple[KeysValues, ...]  # per decoder layer, of the target so far: grows with every token


class Transformer(nn.Module):
    """The assembly of Figure 1. `models.build` makes one from settings; nothing here reads any.

    Args:
        encoder_norm, decoder_norm: the LayerNorm that ends a pre-norm stack; `nn.Identity` in post-norm.
        output: the table whose rows are compared with the last vectors; may be the embeddings' own.
    """

    def __init__(
        self,
        src_embedding: PositionedEmbedding,
        tgt_embedding: PositionedEmbedding,
        encoder_layers: list[EncoderLayer],
        decoder_layers: list[DecoderLayer],
        encoder_norm: nn.Module,
        decoder_norm: nn.Module,
        output: TokenEmbedding,
        pad_id: int,
    ) -> None:
        super().__init__()
        self.src_embedding = src_embedding
        self.tgt_embedding = tgt_embedding
        self.encoder_layers: Iterable[EncoderLayer] = nn.ModuleList(encoder_layers)  # type: ignore[assignment]
        self.decoder_layers: Iterable[DecoderLayer] = nn.ModuleList(decoder_layers)  # type: ignore[assignment]
        self.encoder_norm = encoder_norm
        self.decoder_norm = decoder_norm
        self.output = output
        self.pad_id = pad_id

    def encode(self, src: Int[Tensor, "B S"], mask: Bool[Tensor, "B 1 1 S"]) -> Float[Tensor, "B S D"]:
        """The memory: every source token as the encoder understands it in its sentence."""
        x = self.src_embedding(src)
        for layer in self.encoder_layers:
            x = layer(x, mask)
        memory: Tensor = self.encoder_norm(x)
        return memory

    def start(self, src: Int[Tensor, "B S"]) -> TransformerState:
        """Read the source; an empty target has been written."""
        mask = padding_mask(src, self.pad_id)
        memory = self.encode(src, mask)
        nothing = memory[:, :0]
        return TransformerState(
            memory_mask=mask,
            memory=tuple(layer.cross_attention.project(memory) for layer in self.decoder_layers),
            past=tuple(layer.self_attention.project(nothing) for layer in self.decoder_layers),
        )

    def decode(
        self, tokens: Int[Tensor, "B T"], state: TransformerState
    ) -> tuple[Float[Tensor, "B T V"], TransformerState]:
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
        self, tokens: Int[Tensor, "B T"], state: TransformerState
    ) -> tuple[Float[Tensor, "B T D"], TransformerState]:
        n_past = state.past[0][0].shape[2]
        n_new = tokens.shape[1]
        causal = causal_mask(n_new, n_past, tokens.device) if n_new > 1 else None
        x = self.tgt_embedding(tokens, n_past)
        grown = []
        for layer, past, memory in zip(self.decoder_layers, state.past, state.memory, strict=True):
            x, longer = layer(x, past, memory, causal, state.memory_mask)
            grown.append(longer)
        return self.decoder_norm(x), state._replace(past=tuple(grown))
