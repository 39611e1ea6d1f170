"""How many operations wait for each other, and how far apart two tokens are (Vaswani et al. 2017, Table 1).

    layer              operations in turn    longest path between two of n tokens
    self-attention     1                     1
    recurrent          n                     n
    convolution (k)    1                     n / k, layer upon layer; here 2 (n - 1) / (k - 1), since each
                                             reaches (k - 1) / 2 tokens to either side

Beside the formulas the chain is also *counted*: the longest path through the operations that autograd has
recorded of one pass. It counts what a layer is made of too; what tells is how it grows with n.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from crosslight.config.architecture import ModelConfig
from crosslight.config.conv import ConvConfig
from crosslight.config.model import TransformerConfig
from crosslight.config.rnn import RnnConfig
from crosslight.config.universal import UniversalConfig
from crosslight.interpret.receptive_field import receptive_field

MANY = 10**6  # steps that a gradient graph is followed at most
FIELD_TOKENS = 40  # of the source in which a receptive field is looked for


def sequential_steps(config: ModelConfig, n: int) -> int:
    """Layers that must wait for each other in one training pass over n source and n target tokens.

    A recurrent layer counts once a token.

    >>> [sequential_steps(RnnConfig(), n) for n in (8, 16)]
    [16, 32]
    """
    match config:
        case RnnConfig():
            return 2 * n  # the encoder's two directions run side by side
        case TransformerConfig() | ConvConfig():
            return config.n_encoder_layers + config.n_decoder_layers
        case UniversalConfig():
            return 2 * config.max_steps


def path_length(config: ModelConfig, n: int) -> float:
    """Steps between the first and the last of n source tokens, inside the encoder; infinite without a path.

    >>> path_length(ConvConfig(kernel=3, n_encoder_layers=4), 5)
    4
    >>> path_length(ConvConfig(kernel=3, n_encoder_layers=4), 6)
    inf
    """
    match config:
        case RnnConfig():
            return max(0, n - 1)
        case TransformerConfig() | UniversalConfig():
            return min(1, n - 1)
        case ConvConfig():
            reach = (config.kernel - 1) // 2
            steps = math.ceil((n - 1) / reach) if reach else math.inf
            return steps if steps <= config.n_encoder_layers else math.inf


def field_by_formula(config: ModelConfig) -> int | None:
    """Source tokens that a vector of the encoder knows of: 1 + L (k - 1); None where it knows of all."""
    if isinstance(config, ConvConfig):
        return 1 + config.n_encoder_layers * (config.kernel - 1)
    return None


def measured_field(model: nn.Module, n: int = FIELD_TOKENS) -> int:
    """The most of n source tokens that one vector which the encoder hands over changes with: by gradients."""
    chance = torch.Generator().manual_seed(n)
    src = torch.randint(4, 100, (1, n), generator=chance)
    return receptive_field(model.double().eval(), src)


def longest_chain(output: Tensor) -> int:
    """Operations on the longest path from `output` back to what it was computed from."""
    depth: dict[Any, int] = {}
    stack: list[tuple[Any, bool]] = [(output.grad_fn, False)]
    while stack:
        node, is_ready = stack.pop()
        if node is None or node in depth:
            continue
        before = [function for function, _ in node.next_functions if function is not None]
        if is_ready or all(function in depth for function in before):
            depth[node] = 1 + max((depth[function] for function in before), default=0)
        else:
            stack.append((node, True))
            stack += [(function, False) for function in before if function not in depth]
        if len(depth) > MANY:
            raise RuntimeError("the graph of the gradient has no end")
    return depth.get(output.grad_fn, 0)


def counted_chain(model: nn.Module, n: int) -> int:
    """The longest chain of operations in one training pass over n source and n target tokens."""
    tokens = torch.full((1, n), 5, dtype=torch.long)
    with torch.enable_grad():
        out: Tensor = model.eval()(tokens, tokens)
    return longest_chain(out)
