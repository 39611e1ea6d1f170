"""To be built: a recurrent network."""

from typing import Any

from torch import Tensor, nn

from crosslight.nn.embedding import TokenEmbedding


class Rnn(nn.Module):
    """To be built."""

    output: TokenEmbedding

    def start(self, src: Tensor) -> tuple[Any, ...]:
        """Read the source."""
        raise NotImplementedError

    def decode(self, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Logits and state."""
        raise NotImplementedError

    def features(self, src: Tensor, tgt_in: Tensor) -> Tensor:
        """Last vectors."""
        raise NotImplementedError

    def forward(self, src: Tensor, tgt_in: Tensor) -> Tensor:
        """Logits of the whole target."""
        raise NotImplementedError
