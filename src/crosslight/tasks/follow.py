"""The part of a process that does not lead: it waits, opens what the first one made, and computes.

It writes nothing and says nothing but its errors.
"""

import json
from pathlib import Path

import torch

from crosslight.config.load import read_toml, run_config
from crosslight.errors import RunError
from crosslight.tasks.prepare import prepare
from crosslight.tasks.train import Outcome, new_model, stream_of
from crosslight.train.checkpoints import Checkpoints
from crosslight.train.distributed import World
from crosslight.train.loop import fit, schedule_of
from crosslight.train.machine import keep_freed_memory


def follow(out: Path, world: World) -> Outcome:
    """Take part in the training that the first process leads in `out`, until it ends.

    Raises:
        RunError: this process does not see the run, or its checkpoint is damaged.
        TrainingError: training cannot go on, or a process is gone.
    """
    threads = world.told()
    settings = out / "config.toml"
    if not settings.is_file():
        raise RunError(
            f"process {world.rank} sees no run in {out.absolute()}, where the first one has prepared it",
            "give -o a place on a disk that all machines share",
        )
    environment = json.loads((out / "environment.json").read_text(encoding="utf-8"))
    config = run_config(read_toml(settings), str(settings))
    torch.set_num_threads(1)
    keep_freed_memory()
    prepared = prepare(config, out / "data", lambda text: None)
    checkpoints = Checkpoints(out / "checkpoints", config.train.average_last)
    _, stopped_by = fit(
        new_model(config, prepared, world),
        stream_of(config, prepared),
        config.train,
        schedule_of(config.train, config.model.d_model),
        checkpoints,
        None,
        None,
        threads=threads,
        precision=getattr(torch, environment["precision"]),
        world=world,
    )
    return Outcome(None, stopped_by)
