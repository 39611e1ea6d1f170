"""One process of a training, which tells what it sees: `member.py FOLDER STEP SIGNAL train ...`.

Into FOLDER go its process id (`pid-RANK`) and, per step, the examples it has taken (`examples-RANK.jsonl`).
It sends itself SIGNAL at the start of STEP; 0 is never. One that fails gets torchrun's SIGTERM, which may
come at any moment, at the worst: before it has said why.
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path

import torch.distributed as dist

from crosslight.train import loop


class Watch:
    """Wraps the loop's step and objective so that they tell."""

    def __init__(self, folder: Path, step: int, number: int) -> None:
        folder.mkdir(exist_ok=True)
        rank = os.environ.get("RANK", "0")
        (folder / f"pid-{rank}").write_text(str(os.getpid()))
        self._examples = (folder / f"examples-{rank}.jsonl").open("w")
        self._lock, self._n_steps, self._moment = threading.Lock(), 0, (step, number)
        self._step, self._objective = loop.training_step, loop.objective_of

    def training_step(self, *args, **kwargs):
        self._n_steps += 1
        step, number = self._moment
        if self._n_steps == step:
            signal.raise_signal(number)
        return self._step(*args, **kwargs)

    def objective_of(self, config):
        objective = self._objective(config)

        def told(model, batch):
            rows = [
                [[i for i in ids if i != batch.pad_id] for ids in row]
                for row in zip(batch.src.tolist(), batch.tgt_out.tolist(), strict=True)
            ]
            with self._lock:
                self._examples.write(json.dumps([self._n_steps, rows]) + "\n")
                self._examples.flush()
            return objective(model, batch)

        return told


if __name__ == "__main__":
    from crosslight.cli.main import main

    folder, step, number = sys.argv[1:4]
    del sys.argv[1:4]
    watch = Watch(Path(folder), int(step), int(number))
    loop.training_step, loop.objective_of = watch.training_step, watch.objective_of
    loop.rehearse = lambda *_: None  # whose step is none of the run
    leave = dist.destroy_process_group

    def terminated() -> None:
        if sys.exc_info()[0]:
            signal.raise_signal(signal.SIGTERM)
        leave()

    dist.destroy_process_group = terminated
    main()
