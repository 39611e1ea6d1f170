"""The recurrent encoder-decoder, with attention (Bahdanau et al. 2015) or without (Cho et al. 2014).

    src ─► embed ─► read ahead ─┐
                 ─► read back  ─┴─► memory ─┐ U h, computed once in `start`
    tgt ─► embed ─► state ─► looks at ◄─────┘ ─► context ─► next state ─► readout ─► logits

Without attention the context is the same at every step: the last state of each way.
Shape letters: B batch · S source tokens · T target tokens · E d_model · H width of a state · M width of a
memory's vector, 2 H · V vocabulary.
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from crosslight.nn.additive import AdditiveAttention
from crosslight.nn.dropout import Dropout
from crosslight.nn.embedding import TokenEmbedding
from crosslight.nn.masks import padding_mask
from crosslight.nn.readout import Readout
from crosslight.nn.recurrent import Bidirectional, GruCell, Hidden, LstmCell


class RnnState(NamedTuple):
    """Everything decoding needs: what was read, and the state after what has been written so far."""

    memory_mask: Bool[Tensor, "B 1 1 S"]
    memory: tuple[Tensor, ...]  # keys and values; without attention, the one context (B, M): never changes
    hidden: Hidden


class RnnDecoder(nn.Module):
    """Writes a target: at each step it looks at the source, goes on to its next state and reads that out.

    Args:
        start: from the last state of the way back to the first of the decoder's states, side by side.
        attention: None where every step gets the same context.
        token_map, context_map: what a cell's gates receive of a token, and of a context.
    """

    def __init__(
        self,
        start: nn.Linear,
        attention: AdditiveAttention | None,
        token_map: nn.Linear,
        context_map: nn.Linear,
        cell: GruCell | LstmCell,
        readout: Readout,
    ) -> None:
        super().__init__()
        self.start = start
        self.attention = attention
        self.token_map = token_map
        self.context_map = context_map
        self.cell = cell
        self.readout = readout

    def first(self, last: Float[Tensor, "B H"]) -> Hidden:
        """s₀ = tanh(W h), of the state that has read the sentence back to its first word."""
        hidden = torch.tanh(self.start(last)).to(self.start.weight.dtype)
        return tuple(hidden.chunk(self.cell.n_states, dim=-1))

    def forward(
        self,
        x: Float[Tensor, "B T E"],
        memory: tuple[Tensor, ...],
        mask: Bool[Tensor, "B 1 1 S"],
        hidden: Hidden,
    ) -> tuple[Float[Tensor, "B T E"], Hidden]:
        """What is read out after each token of x, and the states after the last."""
        given = self.token_map(x)
        if self.attention is None:
            given = given + self.context_map(memory[0])[:, None]
        states, contexts = [], []
        for step in given.unbind(dim=1):
            if self.attention is not None:
                contexts.append(self.attention(hidden[0], (memory[0], memory[1]), mask))
                step = step + self.context_map(contexts[-1])
            hidden = self.cell(step, hidden)
            states.append(hidden[0])
        context = torch.stack(contexts, dim=1) if contexts else memory[0][:, None].expand(-1, x.shape[1], -1)
        return self.readout(torch.cat((torch.stack(states, dim=1), x, context), dim=-1)), hidden


class Rnn(nn.Module):
    """The assembly. `models.build` makes one from settings; nothing here reads any.

    The attention's place in the model is `decoder.attention`; recorded, it makes one call a target token.

    Args:
        output: the table whose rows are compared with what is read out; may be the embeddings' own.
        dropout: of what enters both sides, of what the encoder hands over and of what is read out.
    """

    def __init__(
        self,
        src_tokens: TokenEmbedding,
        tgt_tokens: TokenEmbedding,
        encoder: Bidirectional,
        decoder: RnnDecoder,
        output: TokenEmbedding,
        dropout: Dropout,
        pad_id: int,
    ) -> None:
        super().__init__()
        self.src_tokens = src_tokens
        self.tgt_tokens = tgt_tokens
        self.encoder = encoder
        self.decoder = decoder
        self.output = output
        self.dropout = dropout
        self.pad_id = pad_id

    def start(self, src: Int[Tensor, "B S"]) -> RnnState:
        """Read the source; an empty target has been written."""
        mask = padding_mask(src, self.pad_id)
        states, last, first = self.encoder(self.dropout(self.src_tokens(src)), mask[:, 0, 0])
        attention = self.decoder.attention
        memory = (
            (self.dropout(torch.cat((last, first), dim=-1)),)
            if attention is None
            else attention.project(self.dropout(states))
        )
        return RnnState(mask, memory, self.decoder.first(first))

    def decode(
        self, tokens: Int[Tensor, "B T"], state: RnnState
    ) -> tuple[Float[Tensor, "B T V"], RnnState]:
        """Logits for what follows each of tokens, and the state after them."""
        x, state = self._write(tokens, state)
        return self.output.logits(x), state

    def features(self, src: Int[Tensor, "B S"], tgt_in: Int[Tensor, "B T"]) -> Float[Tensor, "B T E"]:
        """The whole target's last vectors: what the output layer turns into logits."""
        return self._write(tgt_in, self.start(src))[0]

    def forward(self, src: Int[Tensor, "B S"], tgt_in: Int[Tensor, "B T"]) -> Float[Tensor, "B T V"]:
        """Logits of the whole target at once: one `decode` from the first state."""
        return self.decode(tgt_in, self.start(src))[0]

    def _write(
        self, tokens: Int[Tensor, "B T"], state: RnnState
    ) -> tuple[Float[Tensor, "B T E"], RnnState]:
        x: Any = self.dropout(self.tgt_tokens(tokens))
        x, hidden = self.decoder(x, state.memory, state.memory_mask, state.hidden)
        return self.dropout(x), state._replace(hidden=hidden)
