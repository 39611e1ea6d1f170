"""What the machine could do: its fp32 matrix peak, and the rate that this model's own products reach.

    python -m bench.peers.limit PREPARED --threads T --seconds S --output FILE

*Peak*: square products, the best of several sizes. *Shapes*: every product that one of our training steps
calls, forward and backward, at the real numbers of rows (recorded from a step on a real batch), each
timed alone and weighted by how often it comes. Both are taken three ways: T threads side by side, each
with single-threaded products of its own, by torch or by numpy (so ours trains, a shard a thread), and one
caller with T threads inside each product (so the others train). Operands stay in the caches here and
gradients do not accumulate: no training step reaches this, it is a bound.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from bench.peers import settings
from bench.peers.batches import padded_batches
from bench.peers.flops import per_target_token
from bench.peers.ours import config
from bench.peers.probe import options
from crosslight.data.batch import Batch
from crosslight.models.build import build_model
from crosslight.nn.threads import training_threads
from crosslight.train.objectives import objective_of

PEAK_SIZES = (768, 1024, 2048)
ROUNDS = 3
# Threads side by side? By numpy?
WAYS = {"side_by_side": (True, False), "inside": (False, False), "numpy": (True, True)}
aten = torch.ops.aten


@dataclass(frozen=True)
class Product:
    """A matrix product as it is called: sizes, and which operands are stored transposed."""

    m: int
    k: int
    n: int
    a_transposed: bool = False
    b_transposed: bool = False

    @property
    def flops(self) -> int:
        """Operations."""
        return 2 * self.m * self.k * self.n

    def call(self, by_numpy: bool = False) -> Callable[[], object]:
        """A function that multiplies operands of its own."""
        a = torch.randn(self.k, self.m).t() if self.a_transposed else torch.randn(self.m, self.k)
        b = torch.randn(self.n, self.k).t() if self.b_transposed else torch.randn(self.k, self.n)
        out = torch.empty(self.m, self.n)
        if by_numpy:
            return partial(np.matmul, a.numpy(), b.numpy(), out=out.numpy())
        return lambda: torch.mm(a, b, out=out)


class Recorder(TorchDispatchMode):
    """Notes every matrix product within the block; batched ones (scores) are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.products: Counter[Product] = Counter()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = func.overloadpacket.__name__
        operands = {"mm": args[:2], "addmm": args[1:3], "addmm_": args[1:3]}.get(name)
        if operands:
            a, b = operands
            transposed = [x.stride(0) == 1 and x.shape[0] > 1 for x in operands]
            self.products[Product(a.shape[0], a.shape[1], b.shape[1], *transposed)] += 1
        return func(*args, **(kwargs or {}))


def products_of_a_step(batch: Batch) -> Counter[Product]:
    """Every matrix product of one of our updates on this batch, and how often it comes."""
    run = config()
    torch.manual_seed(settings.SEED)
    model = build_model(run.model, settings.VOCAB_SIZE, settings.VOCAB_SIZE, settings.PAD_ID).train()
    objective = objective_of(run.train)
    with Recorder() as recorder:
        torch.autograd.grad(objective(model, batch).total, list(model.parameters()))
    return recorder.products


def middle_batch(prepared: Path, n: int = 124) -> Batch:
    """Of the first n batches the one with the median number of target cells."""
    batches = sorted(islice(padded_batches(prepared), n), key=lambda batch: batch.tgt_out.numel())
    return Batch(*batches[len(batches) // 2], pad_id=settings.PAD_ID)


def seconds_a_call(
    product: Product, threads: int, side_by_side: bool, seconds: float, by_numpy: bool = False
) -> float:
    """Seconds that one call takes when `threads` work on calls of their own, or inside one."""
    n_callers = threads if side_by_side else 1
    barrier = Barrier(n_callers)

    def work(_: int) -> float:
        torch.set_num_threads(1 if side_by_side else threads)
        call = product.call(by_numpy)
        call()
        barrier.wait()
        n_calls, start = 0, time.perf_counter()
        while time.perf_counter() < start + seconds:
            call()
            n_calls += 1
        return (time.perf_counter() - start) / n_calls

    with training_threads(n_callers) as pool:
        return max(pool.map(work, range(n_callers)))


def rate(
    products: Counter[Product], threads: int, side_by_side: bool, seconds: float, by_numpy: bool = False
) -> float:
    """GFLOP/s of all threads together over all products, each weighted by how often it comes."""
    n_callers = threads if side_by_side else 1
    each = seconds / ROUNDS / len(products)
    best = {
        product: min(seconds_a_call(product, threads, side_by_side, each, by_numpy) for _ in range(ROUNDS))
        for product in products
    }
    busy = sum(best[product] * n for product, n in products.items())
    return n_callers * sum(product.flops * n for product, n in products.items()) / busy / 1e9


def peaks(threads: int, side_by_side: bool, seconds: float, by_numpy: bool) -> Iterator[float]:
    """GFLOP/s of square products."""
    for size in PEAK_SIZES:
        square = Counter([Product(size, size, size)])
        yield rate(square, threads, side_by_side, seconds / len(PEAK_SIZES), by_numpy)


def main() -> None:
    chosen = options()
    meta = json.loads((chosen.prepared / "meta.json").read_text())
    batch = middle_batch(chosen.prepared)
    part = chosen.seconds / 2 / len(WAYS)
    figures: dict[str, Any] = {"threads": chosen.threads, "mflop_per_target_token": 0.0}
    figures["mflop_per_target_token"] = round(per_target_token(meta) / 1e6, 3)
    figures["rows"] = {"source": batch.src.numel(), "target": batch.tgt_out.numel()}
    for name, (side_by_side, by_numpy) in WAYS.items():
        shard = batch.shards(chosen.threads)[0] if side_by_side else batch
        products = products_of_a_step(shard)
        figures[name] = {
            "peak_gflops": round(max(peaks(chosen.threads, side_by_side, part, by_numpy)), 1),
            "shapes_gflops": round(rate(products, chosen.threads, side_by_side, part, by_numpy), 1),
            "products": len(products),
        }
    for key in ("peak_gflops", "shapes_gflops"):
        figures[key] = max(figures[name][key] for name in WAYS)
    chosen.output.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
