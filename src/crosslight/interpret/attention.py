"""Recording attention from outside: the function that attends is swapped while one looks.

No model file knows that it is watched. Every module that is `Attentive` can be
recorded; what comes back are the weights that the fused kernel never stores.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from crosslight.nn.attention import Attend, Attentive, Scoring

Recording = dict[str, list[Tensor]]
"""Name of the attention module -> the weights (B, H, T, S) of each of its calls."""


@contextmanager
def record_attention(model: nn.Module) -> Iterator[Recording]:
    """While the block runs, every attention of the model also writes its weights into the recording.

    The result of the model is that of the written-out formula (equal to the fused one, see the laws).

    >>> from crosslight.nn.attention import MultiHeadAttention
    >>> import torch
    >>> attention = MultiHeadAttention(d_model=8, n_heads=2)
    >>> x = torch.randn(1, 3, 8)
    >>> with record_attention(attention) as recording:
    ...     _ = attention(x, attention.project(x))
    >>> recording[""][0].shape
    torch.Size([1, 2, 3, 3])
    """
    recording: Recording = {}
    before: dict[Attentive, Attend] = {}
    for name, module in model.named_modules():
        if isinstance(module, Attentive):
            before[module] = module.attend
            recording[name] = []
            module.attend = _recorder(module.scoring, recording[name])
    try:
        yield recording
    finally:
        for module, attend in before.items():
            module.attend = attend


def _recorder(scoring: Scoring, calls: list[Tensor]) -> Attend:
    def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        weights = scoring.weights(q, k, mask)
        calls.append(weights.detach())
        return scoring.gather(weights, v)

    return attend
