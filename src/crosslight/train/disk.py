"""Whether the checkpoints of a run fit on the disk: asked before the training, not by an error within.

In sizes of the model's weights: `last` and `safe` are 3 each (with Adam's two moments), `best` is 1, and
while one file is replaced both of it are there, which is 3 more. Each model kept for the average is 1.
"""

import shutil
from collections.abc import Callable

from crosslight.config.run import TrainConfig
from crosslight.errors import TrainingError
from crosslight.train.checkpoints import Checkpoints

NEEDED = 3 + 3 + 1 + 3  # of which nothing can be spared
GB = 10**9


def n_kept(
    checkpoints: Checkpoints, weights_bytes: int, config: TrainConfig, say: Callable[[str], None]
) -> int:
    """How many models can be kept for the average: `average_last`, or fewer where the disk is small.

    Raises:
        TrainingError: there is not room for the checkpoints and one model to average.
    """
    place = next(p for p in (checkpoints.directory, *checkpoints.directory.parents) if p.exists())
    entries = [file.stat() for file in checkpoints.directory.glob("*.safetensors")]
    there = sum({entry.st_ino: entry.st_size for entry in entries}.values())  # `safe` may be `last`
    free = shutil.disk_usage(place).free + there
    room = free if config.disk_gb is None else min(free, int(config.disk_gb * GB))
    needed = (NEEDED + 1) * weights_bytes
    if room < needed:
        is_budget = config.disk_gb is not None and room < free
        raise TrainingError(
            f"the checkpoints need {_gb(needed)} on the disk, but "
            + (f"train.disk_gb = {config.disk_gb:g}" if is_budget else f"{_gb(free)} are free for {place}"),
            f"resume with --set train.disk_gb={_gb(needed).split()[0]} or more"
            if is_budget
            else "free some space, and resume",
        )
    n = min(config.average_last, room // weights_bytes - NEEDED)
    if n < config.average_last:
        say(f"the disk has room for {n} of {config.average_last} models to average")
    return n


def _gb(n_bytes: int) -> str:
    """Rounded up to hundredths.

    >>> _gb(1_234_000_000), _gb(1)
    ('1.24 GB', '0.01 GB')
    """
    hundredths = -(-n_bytes * 100 // GB)
    return f"{hundredths / 100:.2f} GB"
