"""The Universal Transformer (Dehghani et al. 2019): one layer that reads, one that writes, each applied again and again.

    src ─► embed ─► ┌ + position + step ─► ReadingLayer ┐ ─► memory ── keys and values, projected once in `start`
                    └────── until each has halted ◄─────┘        │
    tgt ─► embed ─► ┌ + position + step ─► WritingLayer ┐ ◄──────┘ ─► logits
                    └────── until each has halted ◄─────┘

How often is decided position by position (`nn.halting`). A later target position may take more steps than an earlier
one did, and then looks at it as it stands: keys and values of every step are made of positions that have halted, too,
of the state they keep and the signals of that step. So what a position says never depends on who else is still at it.

Shape letters: B batch · S source tokens · T target tokens · V vocabulary · D d_model.
"""

from typing import NamedTuple

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from crosslight.nn.attention import KeysValues
from crosslight.nn.dropout import Dropout
from crosslight.nn.embedding import TokenEmbedding
from crosslight.nn.halting import Halting, Pondering
from crosslight.nn.masks import causal_mask, padding_mask
from crosslight.nn.positions import SinusoidalPositions
from crosslight.nn.transition import Past, ReadingLayer, WritingLayer


class UniversalState(NamedTuple):
    """Everything decoding needs: what was read, and what has been written so far."""

    memory_mask: Bool[Tensor, "B 1 1 S"]
    memory: KeysValues  # of the encoder's output; the same at every step
    past: tuple[Past, ...]  # per step, of the target so far: grows with every token


class Universal(nn.Module):
    """The assembly. `models.build` makes one from settings; nothing here reads any.

    Args:
        positions, steps: the signals of section 2.1, added before every step.
        encoder_norm, decoder_norm: what a pre-norm state ends with; `nn.Identity` in post-norm.
        encoder_halting, decoder_halting: a `nn.halting.HaltingUnit`, or `Tireless`.
        epsilon: a position halts when its probabilities sum to more than 1 - ε.
        ponder_weight: how much the steps of a position count in the loss (`train.pondering`).
        output: the table whose rows are compared with the last vectors; may be the embeddings' own.
    """

    def __init__(
        self,
        src_embedding: TokenEmbedding,
        tgt_embedding: TokenEmbedding,
        positions: SinusoidalPositions,
        steps: SinusoidalPositions,
        encoder_layer: ReadingLayer,
        decoder_layer: WritingLayer,
        encoder_norm: nn.Module,
        decoder_norm: nn.Module,
        encoder_halting: nn.Module,
        decoder_halting: nn.Module,
        output: TokenEmbedding,
        *,
        max_steps: int,
        epsilon: float,
        ponder_weight: float,
        dropout: float,
        pad_id: int,
    ) -> None:
        super().__init__()
        self.src_embedding = src_embedding
        self.tgt_embedding = tgt_embedding
        self.positions = positions
        self.steps = steps
        self.encoder_layer = encoder_layer
        self.decoder_layer = decoder_layer
        self.encoder_norm = encoder_norm
        self.decoder_norm = decoder_norm
        self.encoder_halting = encoder_halting
        self.decoder_halting = decoder_halting
        self.output = output
        self.dropout = Dropout(dropout)
        self.max_steps = max_steps
        self.epsilon = epsilon
        self.ponder_weight = ponder_weight
        self.pad_id = pad_id

    def encode(
        self, src: Int[Tensor, "B S"], mask: Bool[Tensor, "B 1 1 S"]
    ) -> tuple[Float[Tensor, "B S D"], Halting]:
        """The memory, and how long each source token has taken."""
        x = self.dropout(self.src_embedding(src))
        tokens = Pondering(
            x, mask[:, 0, 0], self.encoder_norm, self.encoder_halting, self.epsilon, self.max_steps
        )
        where = self.positions(src.shape[1])
        for step in range(1, self.max_steps + 1):
            if not tokens.goes_on:  # what is left would weigh nothing
                break
            tokens.take(self.encoder_layer(tokens.x + where + self.steps(1, step), mask))
        return tokens.mixture, tokens.halting()

    def start(self, src: Int[Tensor, "B S"]) -> UniversalState:
        """Read the source; an empty target has been written."""
        return self._read(src)[0]

    def decode(
        self, tokens: Int[Tensor, "B T"], state: UniversalState
    ) -> tuple[Float[Tensor, "B T V"], UniversalState]:
        """Logits for what follows each of tokens, and the state after them."""
        x, state, _ = self._write(tokens, state)
        return self.output.logits(x), state

    def features(self, src: Int[Tensor, "B S"], tgt_in: Int[Tensor, "B T"]) -> Float[Tensor, "B T D"]:
        """The whole target's last vectors: what the output layer turns into logits."""
        return self.features_and_halting(src, tgt_in)[0]

    def features_and_halting(
        self, src: Int[Tensor, "B S"], tgt_in: Int[Tensor, "B T"]
    ) -> tuple[Float[Tensor, "B T D"], Halting, Halting]:
        """The same with how long each source token and each target token has taken."""
        state, read = self._read(src)
        x, _, written = self._write(tgt_in, state)
        return x, read, written

    def forward(self, src: Int[Tensor, "B S"], tgt_in: Int[Tensor, "B T"]) -> Float[Tensor, "B T V"]:
        """Logits of the whole target at once: one `decode` from the first state."""
        return self.decode(tgt_in, self.start(src))[0]

    def _read(self, src: Int[Tensor, "B S"]) -> tuple[UniversalState, Halting]:
        mask = padding_mask(src, self.pad_id)
        memory, halting = self.encode(src, mask)
        keys_values = self.decoder_layer.cross_attention.project(memory)
        return UniversalState(mask, keys_values, (self.decoder_layer.begin(memory),) * self.max_steps), halting

    def _write(
        self, tokens: Int[Tensor, "B T"], state: UniversalState
    ) -> tuple[Float[Tensor, "B T D"], UniversalState, Halting]:
        n_past, n_new = state.past[0].keys.shape[2], tokens.shape[1]
        causal = causal_mask(n_new, n_past, tokens.device) if n_new > 1 else None
        x = self.dropout(self.tgt_embedding(tokens))
        written = Pondering(
            x, tokens != self.pad_id, self.decoder_norm, self.decoder_halting, self.epsilon, self.max_steps
        )
        where = self.positions(n_new, n_past)
        grown = []
        for step, past in enumerate(state.past, start=1):
            reads = (
                written.x + where + self.steps(1, step), past, state.memory, causal, state.memory_mask
            )
            if written.goes_on:
                new, longer = self.decoder_layer(*reads)
                written.take(new)
            else:
                longer = self.decoder_layer.remember(*reads)
            grown.append(longer)
        return written.mixture, state._replace(past=tuple(grown)), written.halting()
