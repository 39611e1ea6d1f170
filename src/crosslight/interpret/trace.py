"""Everything that a model computes on its way: what each module read and said, and what each head did.

Forward hooks and swapped `attend` functions, both from outside and taken away again. Shape letters: B batch ·
H heads · T queries · S keys · K d_key · V d_value.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch import Tensor, nn

from crosslight.nn.attention import Attend, Attentive, Scoring


class HeadCall(NamedTuple):
    """What the heads of one attention sublayer were given, and what they made of it.

    Under an intervention the weights are still those of the formula, and the context is what was handed on.
    """

    q: Tensor  # (B, H, T, K), normalized where the model does
    k: Tensor  # (B, H, S, K)
    v: Tensor  # (B, H, S, V)
    mask: Tensor | None  # broadcasts to (B, H, T, S); True = may look; None = may look everywhere
    weights: Tensor  # (B, H, T, S), after the softmax
    context: Tensor  # (B, H, T, V)


class Call(NamedTuple):
    """One call of a module."""

    read: Tensor  # its first argument
    said: Tensor  # its result, of several the first


@dataclass
class Trace:
    """What happened, by the names of the modules; a module with two names is called by its first."""

    calls: dict[str, list[Call]] = field(default_factory=dict)
    heads: dict[str, HeadCall] = field(default_factory=dict)  # the last call of each attention sublayer

    def read(self, name: str, call: int = -1) -> Tensor:
        """The first argument of a module, in its last call or another."""
        return self.calls[name][call].read

    def said(self, name: str, call: int = -1) -> Tensor:
        """The result of a module, in its last call or another."""
        return self.calls[name][call].said


@contextmanager
def traced(model: nn.Module) -> Iterator[Trace]:
    """While the block runs, the model writes down what it computes; its results stay what they are.

    >>> import torch
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    >>> with traced(model) as trace:
    ...     out = model(torch.ones(1, 2))
    >>> torch.equal(trace.said("0"), trace.read("1")), torch.equal(trace.said(""), out)
    (True, True)
    """
    trace = Trace()
    before: dict[Attentive, Attend] = {}
    handles = []
    for name, module in model.named_modules():
        handles.append(module.register_forward_hook(_writer(trace, name)))
        if isinstance(module, Attentive):
            before[module] = module.attend
            module.attend = _attending(trace, name, module.scoring, module.attend)
    try:
        yield trace
    finally:
        for handle in handles:
            handle.remove()
        for attention, attend in before.items():
            attention.attend = attend


def _writer(trace: Trace, name: str) -> Any:
    def write(_: nn.Module, arguments: tuple[Any, ...], result: Any) -> None:
        said = result[0] if isinstance(result, tuple) else result
        read = arguments[0]
        # Positions are asked with a number: there is nothing to read, so their result stands for it.
        trace.calls.setdefault(name, []).append(Call(read if isinstance(read, Tensor) else said, said))

    return write


def _attending(trace: Trace, name: str, scoring: Scoring, attend: Attend) -> Attend:
    def attended(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        context = attend(q, k, v, mask)
        trace.heads[name] = HeadCall(q, k, v, mask, scoring.weights(q, k, mask), context)
        return context

    return attended
