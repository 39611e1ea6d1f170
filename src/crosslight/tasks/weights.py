"""Which weights of a finished training are kept: the last, the best of a validation, or an average."""

from collections.abc import Callable
from typing import Protocol

from torch import nn

from crosslight.train.checkpoints import Checkpoints, Ledger, load_weights, weights

FEWEST = 100  # sentences whose chrF says more than the loss


class Judge(Protocol):
    """What is asked of a validator."""

    sample_size: int

    def loss(self) -> float: ...  # noqa: D102
    def chrf(self) -> float: ...  # noqa: D102


def choose_weights(
    model: nn.Module, checkpoints: Checkpoints, ledger: Ledger, judge: Judge, say: Callable[[str], None]
) -> None:
    """Put the best candidate into the model.

    It is the one with the lowest validation loss. Where a validation before the last had the lowest,
    the corpus is being learned by heart, and then the loss mostly tells how sure the model is of what it
    gets wrong: the one that translates best is taken (docs/decisions/0069-learned-by-heart.md).
    """
    last = {name: tensor.clone() for name, tensor in weights(model).items()}
    average = f"average of {len(checkpoints.kept())}"
    candidates = {
        "last": last,
        "best": checkpoints.best_weights() or last,
        average: checkpoints.average(),
    }

    def judged(by: Callable[[], float], names: list[str]) -> dict[str, float]:
        figures = {}
        for name in names:
            load_weights(model, candidates[name])
            figures[name] = by()
        return figures

    is_judged = ledger.judged_step == ledger.step
    losses = {"last": ledger.judged_loss, "best": ledger.best_loss}
    losses |= judged(judge.loss, [average] if is_judged else list(candidates))
    chosen = min(losses, key=lambda name: losses[name])
    line = "validation loss: " + " · ".join(f"{name} {loss:.4f}" for name, loss in losses.items())
    if ledger.best_step < ledger.judged_step and judge.sample_size >= FEWEST:
        say(f"{line}; the lowest came before the end, so chrF of {judge.sample_size} sentences decides")
        scores = judged(judge.chrf, list(candidates))
        chosen = max(scores, key=lambda name: scores[name])
        line = "validation chrF: " + " · ".join(f"{name} {score:.1f}" for name, score in scores.items())
    load_weights(model, candidates[chosen])
    say(f"{line} → {chosen}")
