"""What a way of scoring costs: one attention layer forward and backward, beside the dot product.

    python -m bench.scoring [--batch 64] [--tokens 24] [--rounds 20]

Each round takes every scoring in turn, on one thread; printed are the medians of the rounds in milliseconds
of processor time, and their ratios to the dot product's of the same round, for the whole layer (projections
included) and for `attend` alone. So a busy machine troubles all alike.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from crosslight.nn.additive import AdditiveScoring
from crosslight.nn.attention import DotProduct, MultiHeadAttention
from crosslight.nn.masks import causal_mask
from crosslight.nn.relative import RelativeScoring
from crosslight.nn.rotary import RotaryScoring

N_HEADS, D_KEY, MAX_DISTANCE = 4, 64, 16
D_MODEL = N_HEADS * D_KEY
SCORINGS: dict[str, Callable[[], nn.Module]] = {
    "dot": DotProduct,
    "rotary": lambda: RotaryScoring(D_KEY),
    "relative": lambda: RelativeScoring(D_KEY, D_KEY, MAX_DISTANCE),
    "additive": lambda: AdditiveScoring(N_HEADS, D_KEY),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    layers = {name: MultiHeadAttention(D_MODEL, N_HEADS, scoring=make()) for name, make in SCORINGS.items()}
    x = torch.randn(options.batch, options.tokens, D_MODEL, requires_grad=True)
    shape = (options.batch, N_HEADS, options.tokens, D_KEY)
    qkv = [torch.randn(shape, requires_grad=True) for _ in range(3)]
    mask = causal_mask(options.tokens)
    seconds: dict[str, dict[str, list[float]]] = {name: {"layer": [], "attend": []} for name in layers}
    for _ in range(options.rounds + 2):
        for name, layer in layers.items():
            took = seconds[name]
            took["layer"].append(timed(lambda layer=layer: layer(x, layer.project(x), mask)))  # type: ignore[misc]
            took["attend"].append(timed(lambda layer=layer: layer.attend(*qkv, mask)))  # type: ignore[misc]
    print(f"B = {options.batch}, T = S = {options.tokens}, H = {N_HEADS}, K = {D_KEY}, one thread")
    print("| scoring | layer, ms | of dot's | attend, ms | of dot's |\n| --- | --- | --- | --- | --- |")
    for name, took in seconds.items():
        cells = [name]
        for what, each in took.items():
            ratios = [mine / dot for mine, dot in zip(each[2:], seconds["dot"][what][2:], strict=True)]
            cells += [f"{1000 * statistics.median(each[2:]):.1f}", f"{statistics.median(ratios):.2f}"]
        print(f"| {' | '.join(cells)} |")


def timed(compute: Callable[[], Tensor]) -> float:
    """Processor seconds of this thread, there and back."""
    began = time.thread_time()
    out = compute()
    out.backward(torch.ones_like(out))
    return time.thread_time() - began


if __name__ == "__main__":
    main()
