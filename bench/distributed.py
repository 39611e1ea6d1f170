"""Throughput of several processes: two with one thread each against one with two threads.

    python bench/distributed.py

The same model (preset small), the same batches, in turn, several times; the ratio of each pair is what
counts, since other work may share the cores. A third column is the wrapper of PyTorch
(`DistributedDataParallel`, two processes) doing the same work by `backward`, and a fourth is the time that
summing the gradient between the two processes takes of a step.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import torch
from torch import nn

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "bench" / "results" / "distributed.json"
VOCAB_SIZE, ROUNDS, STEPS, WARM = 8000, 5, 6, 2


def main() -> None:
    """Print a line a round, and the medians; write bench/results/distributed.json."""
    if len(sys.argv) > 1:
        print(json.dumps(measured(sys.argv[1])))
        return
    rounds = []
    for _ in range(ROUNDS):
        one, two, ddp = together(1, "ours"), together(2, "ours"), together(2, "ddp")
        rounds.append(
            {
                "one_process_two_threads": one["rate"],
                "two_processes": two["rate"],
                "ratio": two["rate"] / one["rate"],
                "ddp": ddp["rate"],
                "ours_to_ddp": two["rate"] / ddp["rate"],
                "all_reduce_share": two["all_reduce_share"],
            }
        )
        print("   ".join(f"{name} {value:,.2f}" for name, value in rounds[-1].items()), flush=True)
    medians = {name: round(statistics.median(r[name] for r in rounds), 3) for name in rounds[0]}
    print("median   " + "   ".join(f"{name} {value:,.2f}" for name, value in medians.items()))
    RESULT.write_text(json.dumps({"medians": medians, "rounds": rounds}, indent=1) + "\n")


def together(size: int, way: str) -> dict[str, float]:
    """What the first of `size` processes measured."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = str(listener.getsockname()[1])
    place = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": str(size)}
    place |= {"LOCAL_WORLD_SIZE": str(size)}
    processes = [
        subprocess.Popen(
            [sys.executable, __file__, way],
            env={**place, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(size)
    ]
    outputs = [process.communicate()[0] for process in processes]
    result: dict[str, float] = json.loads(outputs[0])
    return result


def measured(way: str) -> dict[str, float]:
    """Target tokens per second, of all processes together."""
    from crosslight.config.load import preset_text, run_config
    from crosslight.models.build import build_model
    from crosslight.nn.linear import fast_products
    from crosslight.nn.threads import training_threads
    from crosslight.train import distributed
    from crosslight.train.machine import keep_freed_memory
    from crosslight.train.objectives import label_smoothed
    from crosslight.train.step import adam, training_step

    torch.set_num_threads(1)
    keep_freed_memory()
    torch.manual_seed(1)
    config = run_config({**tomllib.loads(preset_text("small")), "train": {"steps": 1}}, "bench")
    model = build_model(config.model, VOCAB_SIZE, VOCAB_SIZE)
    optimizer, objective = adam(model, 0.9, 0.98, 1e-9), label_smoothed(0.1)
    work, spent = batches(), 0.0
    with distributed.joined() as world, training_threads(2 // world.size) as pool:
        summed = distributed.World.sum_gradients

        def timed(self: Any, *arguments: Any) -> float:
            nonlocal spent
            began = time.perf_counter()
            loss = summed(self, *arguments)
            spent += time.perf_counter() - began
            return loss

        distributed.World.sum_gradients = timed  # type: ignore[method-assign]
        wrapped = nn.parallel.DistributedDataParallel(Total(model, objective)) if way == "ddp" else None
        for step in range(WARM + STEPS):
            if step == WARM:
                began, spent = time.perf_counter(), 0.0
            shards = work[step % len(work)].shards(2)
            if wrapped is None:
                training_step(model, shards, objective, optimizer, 1e-4, pool=pool, world=world)
                continue
            optimizer.zero_grad()
            n_tokens = sum(shard.n_tokens for shard in shards)
            with fast_products(torch.device("cpu"), torch.float32):  # as a training step has them
                total = wrapped(shards[world.rank])
            (total * world.size / n_tokens).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1e9)
            optimizer.step()
        seconds = time.perf_counter() - began
    tokens = sum(work[step % len(work)].n_tokens for step in range(WARM, WARM + STEPS))
    return {"rate": tokens / seconds, "all_reduce_share": spent / seconds}


class Total(nn.Module):
    """The model and its loss as one module, whose forward the wrapper can watch."""

    def __init__(self, model: nn.Module, objective: Any) -> None:
        super().__init__()
        self.model, self.objective = model, objective

    def forward(self, batch: Any) -> torch.Tensor:
        total: torch.Tensor = self.objective(self.model, batch).total
        return total


def batches() -> list[Any]:
    """Batches of random tokens whose lengths are those of everyday sentences."""
    from crosslight.data.batch import make_batch

    generator = torch.Generator().manual_seed(1)
    result = []
    for length in (6, 8, 10, 12, 16, 24):
        rows = torch.randint(4, VOCAB_SIZE, (3072 // length, length - 1), generator=generator).tolist()
        result.append(make_batch(rows, rows, pad_id=0, bos_id=2, eos_id=3))
    return result


if __name__ == "__main__":
    main()
