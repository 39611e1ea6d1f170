"""Of last, best and average: the lowest loss, or, where it came before the end, the best translations."""

from pathlib import Path

import pytest
import torch

from crosslight.tasks.weights import FEWEST, choose_weights
from crosslight.train.checkpoints import Checkpoints, Ledger

EARLY, LATE = 1.0, 2.0  # what the only weight is when it is kept; the average is between them


class Judge:
    """Says of the model what a table has for its only weight."""

    def __init__(
        self, model: torch.nn.Linear, losses: dict[float, float], chrfs: dict[float, float], sample_size: int
    ) -> None:
        self._model, self._losses, self._chrfs = model, losses, chrfs
        self.sample_size = sample_size

    def loss(self) -> float:
        return self._losses[self._model.weight.item()]

    def chrf(self) -> float:
        return self._chrfs[self._model.weight.item()]


@pytest.mark.parametrize(
    ("losses", "chrfs", "sample_size", "expected"),
    [
        ({EARLY: 3.0, LATE: 2.0, 1.5: 2.5}, {}, FEWEST, LATE),
        ({EARLY: 3.0, LATE: 2.0, 1.5: 1.5}, {}, FEWEST, 1.5),
        ({EARLY: 2.0, LATE: 3.0, 1.5: 2.5}, {EARLY: 37.0, LATE: 39.0, 1.5: 38.0}, FEWEST, LATE),
        ({EARLY: 2.0, LATE: 3.0, 1.5: 2.5}, {EARLY: 37.0, LATE: 39.0, 1.5: 40.0}, FEWEST, 1.5),
        ({EARLY: 2.0, LATE: 3.0, 1.5: 2.5}, {EARLY: 37.0, LATE: 36.0, 1.5: 35.0}, FEWEST, EARLY),
        ({EARLY: 2.0, LATE: 3.0, 1.5: 2.5}, {}, FEWEST - 1, EARLY),
    ],
)
@pytest.mark.parametrize("steps_since", [0, 3])
def test_the_weights_that_are_kept(
    tmp_path: Path,
    losses: dict[float, float],
    chrfs: dict[float, float],
    sample_size: int,
    expected: float,
    steps_since: int,
) -> None:
    model, checkpoints = torch.nn.Linear(1, 1, bias=False), Checkpoints(tmp_path, keep=2)
    improved = losses[LATE] < losses[EARLY]
    for step, weight in ((10, EARLY), (20, LATE)):
        torch.nn.init.constant_(model.weight, weight)
        checkpoints.keep_weights(model, step, best=weight == EARLY or improved)
    ledger = Ledger(
        step=20 + steps_since,  # that many after the last validation, without a change here
        judged_step=20,
        judged_loss=losses[LATE],
        best_step=20 if improved else 10,
        best_loss=min(losses[EARLY], losses[LATE]),
    )
    choose_weights(model, checkpoints, ledger, Judge(model, losses, chrfs, sample_size), lambda _: None)
    assert model.weight.item() == expected
