"""Where the time of one of our updates goes.

    python -m bench.peers.profile PREPARED --threads T --seconds S --output FILE

One shard of a real batch goes through the step in one thread, as each of T threads does in training, and
torch's profiler adds up each operation's own time. An operation belongs to the backward node or the module
around it, whichever is nearer; products with the vocabulary as a side are the output layer's. Profiling
itself costs time: read the shares.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile, record_function

from bench.peers import settings
from bench.peers.limit import middle_batch
from bench.peers.ours import config
from bench.peers.probe import options
from crosslight.models.build import build_model
from crosslight.nn.linear import numpy_product
from crosslight.train.machine import keep_freed_memory
from crosslight.train.objectives import objective_of
from crosslight.train.step import adam, training_step

MODULE = "module: "
PRODUCTS = ("aten::mm", "aten::addmm", "aten::addmm_", "aten::bmm", "aten::baddbmm")
# The first part whose word occurs in the name of the operation, node or module, lower-cased, has it.
PARTS = (
    ("attention", ("scaled_dot_product", "scaleddotproduct", "flash_attention")),
    ("dropout", ("dropout",)),
    ("norms", ("layernorm", "layer_norm", "rmsnorm", "rms_norm")),
    ("softmax and loss", ("softmax", "nll", "crossentropy", "cross_entropy", "logits", "loss")),
    ("optimizer and clipping", ("optimizer", "adam", "get_total_norm", "clip_grad", "foreach", "linalg")),
    ("embeddings", ("embedding",)),
    ("feed-forward, activation", ("relu", "threshold", "feedforward", "gelu")),
)
NUMPY = "product by numpy: "


@contextmanager
def named_products() -> Iterator[None]:
    """Within the block products that numpy computes are in the profile, with their sizes."""

    def named(a: Tensor, b: Tensor) -> Tensor:
        with record_function(f"{NUMPY}{a.shape[0]} {a.shape[1]} {b.shape[1]}"):
            return numpy_product(a, b)

    with patch("crosslight.nn.linear.numpy_product", named):
        yield


@contextmanager
def named_modules(model: nn.Module) -> Iterator[None]:
    """Within the block every module's forward carries its class's name in the profile."""
    open_ranges: list[Any] = []

    def enter(module: nn.Module, _: Any) -> None:
        open_ranges.append(record_function(MODULE + type(module).__name__))
        open_ranges[-1].__enter__()

    def leave(module: nn.Module, *_: Any) -> None:
        open_ranges.pop().__exit__(None, None, None)

    handles = []
    for module in model.modules():
        handles += [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def part_of(event: Any, vocab_size: int) -> str:
    """The part of a step that an operation belongs to."""
    sizes = None
    if event.name in PRODUCTS:
        sizes = [size for shape in event.input_shapes for size in shape]
    elif event.name.startswith(NUMPY):
        sizes = [int(size) for size in event.name.removeprefix(NUMPY).split()]
    if sizes is not None:
        return "products of the output layer" if vocab_size in sizes else "products of the layers"
    around = event
    while around is not None:
        name = around.name.lower()
        for part, words in PARTS:
            if any(word in name for word in words):
                return part
        around = around.cpu_parent
    return "other"


def shares(seconds: float, threads: int, prepared: Any) -> dict[str, Any]:
    """Milliseconds an update, and each part's share of them."""
    torch.set_num_threads(1)
    keep_freed_memory()
    torch.manual_seed(settings.SEED)
    run = config()
    model = build_model(run.model, settings.VOCAB_SIZE, settings.VOCAB_SIZE, settings.PAD_ID).train()
    shard = middle_batch(prepared).shards(threads)[0]
    objective = objective_of(run.train)
    optimizer = adam(model, *settings.BETAS, settings.EPSILON)

    def update() -> None:
        training_step(model, [shard], objective, optimizer, 1e-4, clip_norm=settings.CLIP_NORM)

    update()
    n_updates, start = 0, time.perf_counter()
    with (
        named_modules(model),
        named_products(),
        profile(activities=[ProfilerActivity.CPU], record_shapes=True) as profiler,
    ):
        while n_updates < 2 or time.perf_counter() < start + seconds:
            update()
            n_updates += 1
    times: Counter[str] = Counter()
    rest: Counter[str] = Counter()
    for event in profiler.events() or []:
        part = part_of(event, settings.VOCAB_SIZE)
        times[part] += event.self_cpu_time_total
        if part == "other":
            rest[event.name] += event.self_cpu_time_total
    total = sum(times.values())
    return {
        "milliseconds": round(total / n_updates / 1e3, 1),
        "updates": n_updates,
        "rows": {"source": shard.src.numel(), "target": shard.tgt_out.numel()},
        "shares": {part: round(time_ / total, 4) for part, time_ in times.most_common()},
        "largest_of_other": {name: round(time_ / total, 4) for name, time_ in rest.most_common(8)},
    }


def main() -> None:
    chosen = options()
    figures = shares(chosen.seconds, chosen.threads, chosen.prepared)
    chosen.output.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
