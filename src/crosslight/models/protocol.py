"""What a model promises, so that search, training and looking inside need to know no more.

Training is one `decode` call with T tokens from the first state; generation is T calls with one
token. There is no second, "incremental" path that could differ from the first.
Shape letters: B batch · S source tokens · T target tokens · V vocabulary.
"""

from typing import Any, Protocol, TypeVar, runtime_checkable

from jaxtyping import Float, Int
from torch import Tensor

from crosslight.nn.embedding import TokenEmbedding
from crosslight.nn.halting import Halting

State = TypeVar("State", bound=tuple[Any, ...])
"""A tree (nested tuples) of tensors, batch first: search may select rows of it without knowing more."""


class Trainable(Protocol):
    """What an objective asks of a model, so that logits need never be stored.

    Law: `decode(tgt_in, start(src))` gives the logits features(src, tgt_in) · output.table.weightᵀ,
    plus output.bias where there is one.
    """

    output: TokenEmbedding

    def features(self, src: Int[Tensor, "B S"], tgt_in: Int[Tensor, "B T"]) -> Float[Tensor, "B T D"]:
        """The whole target's last vectors."""
        ...


@runtime_checkable
class Ponders(Protocol):
    """A model whose tokens decide for themselves how many steps they take."""

    ponder_weight: float  # of the steps in the loss

    def features_and_halting(
        self, src: Int[Tensor, "B S"], tgt_in: Int[Tensor, "B T"]
    ) -> tuple[Float[Tensor, "B T D"], Halting, Halting]:
        """`Trainable.features`, and how long each source token and each target token has taken."""
        ...


class Seq2Seq(Protocol[State]):
    """A model that reads a whole source and then writes a target token by token.

    Laws, tested over every model: decoding a then b equals decoding a+b · padding the source changes
    nothing · a later token never changes an earlier logit · rows do not see each other · selecting
    rows of the state commutes with decoding.
    """

    def start(self, src: Int[Tensor, "B S"]) -> State:
        """Read the source: everything that decoding needs of it."""
        ...

    def decode(self, tokens: Int[Tensor, "B T"], state: State) -> tuple[Float[Tensor, "B T V"], State]:
        """Logits for what follows each of tokens, and the state after them."""
        ...
