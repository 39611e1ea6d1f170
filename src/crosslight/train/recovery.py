"""What happens when training blows up: back to a safe state, and on with half the learning rate.

A step is trouble if its loss or gradient is not a number, or if the loss or the gradient's norm has
drifted far above the best it has been, judged by running medians with a wide margin: a hard batch is
no trouble, thirty of them in a row are. Then the weights, Adam's moments and the position go back to
the `safe` checkpoint, the learning rate is halved for the rest of the run, and everybody is told.

All that is judged by is in the ledger, and the safe checkpoints are of fixed steps, never of moments
of the clock: a run that was interrupted rolls back where the same run without a stop does.
"""

from collections.abc import Callable
from statistics import median

import torch
from torch import nn

from crosslight.errors import TrainingError
from crosslight.train.checkpoints import Checkpoints, Ledger, Pulse
from crosslight.train.step import NotFiniteError, StepResult

WINDOW = 32  # steps in a running median
LOSS_MARGIN = 1.0  # nats above its lowest median at which a loss counts as exploded
NORM_MARGIN = 100.0  # the same for the norm, as a factor
SMALLEST_NORM = 1e-3  # below, the ratio of two norms says nothing
SAFE_STEPS = 500  # a safe checkpoint every so many steps, if training is healthy then
MAX_ROLLBACKS = 5  # without progress in between


def trouble(ledger: Ledger, result: StepResult) -> str | None:
    """Take the step that the ledger has just counted into its pulse; say what is wrong, if anything is.

    >>> ledger = Ledger()
    >>> for loss in [6.0] * 40 + [9.0] * 40:
    ...     ledger.step += 1
    ...     wrong = trouble(ledger, StepResult(loss, n_tokens=100, grad_norm=2.0))
    ...     if wrong:
    ...         break
    >>> ledger.step, wrong
    (56, 'the loss has risen from 6.00 to 7.50 (medians of 32 steps)')
    """
    pulse = ledger.pulse
    if ledger.step == 1:  # nothing is learned yet: worse than this is no learning at all
        pulse.lowest_loss, pulse.lowest_norm = result.loss, result.grad_norm
    pulse.losses = [*pulse.losses, result.loss][-WINDOW:]
    pulse.norms = [*pulse.norms, result.grad_norm][-WINDOW:]
    if len(pulse.losses) < WINDOW:
        return None
    loss, norm = median(pulse.losses), median(pulse.norms)
    pulse.lowest_loss, pulse.lowest_norm = min(pulse.lowest_loss, loss), min(pulse.lowest_norm, norm)
    if loss > pulse.lowest_loss + LOSS_MARGIN:
        return f"the loss has risen from {pulse.lowest_loss:.2f} to {loss:.2f} (medians of {WINDOW} steps)"
    if norm > NORM_MARGIN * max(pulse.lowest_norm, SMALLEST_NORM):
        return (
            f"the norm of the gradient has risen from {pulse.lowest_norm:.2g} to {norm:.2g} "
            f"(medians of {WINDOW} steps)"
        )
    return None


def attempt(ledger: Ledger, step: Callable[[], StepResult]) -> StepResult | str:
    """Make the step that the ledger has just counted: what it did, or what is wrong."""
    try:
        result = step()
    except NotFiniteError as error:
        return error.message
    return trouble(ledger, result) or result


def now_minimizing(ledger: Ledger, consistent: bool) -> None:
    """Note what the next step minimizes: the losses of one objective say nothing about another's."""
    if ledger.consistent != consistent:
        pulse, ledger.consistent = ledger.pulse, consistent
        pulse.losses, pulse.norms = [], []
        pulse.lowest_loss = pulse.lowest_norm = float("inf")


def begin_safely(
    model: nn.Module, optimizer: torch.optim.Optimizer, checkpoints: Checkpoints, ledger: Ledger
) -> None:
    """See to it that there are a newest and a safe checkpoint from the first step on."""
    if not checkpoints.last.is_file():
        checkpoints.save(model, optimizer, ledger)
    if safe_step(ledger) or not checkpoints.safe.is_file():
        checkpoints.make_safe()


def healthy(pulse: Pulse) -> bool:
    """Whether the loss is nearer to its best than to trouble."""
    return not pulse.losses or median(pulse.losses) < pulse.lowest_loss + LOSS_MARGIN / 2


def safe_step(ledger: Ledger) -> bool:
    """Whether this step is one to keep as safe; if trouble lies behind it, that is over."""
    if ledger.step % SAFE_STEPS or not healthy(ledger.pulse):
        return False
    if ledger.step > ledger.pulse.trouble_step:
        ledger.pulse.rollbacks = 0
    return True


def roll_back(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    checkpoints: Checkpoints,
    ledger: Ledger,
    what: str,
    leads: bool = True,
) -> tuple[Ledger, str]:
    """Put model and optimizer back to the safe state, and halve the learning rate.

    Args:
        ledger: as it stands in trouble.
        what: is wrong.
        leads: whether this process writes. Those that follow judge by the same numbers, and go back too.

    Returns: the ledger to go on with, and what has happened, for people.

    Raises:
        TrainingError: it does not help any more.
        RunError: the safe checkpoint is damaged.
    """
    pulse, step = ledger.pulse, ledger.step
    if pulse.rollbacks == MAX_ROLLBACKS:
        raise TrainingError(
            f"{what} at step {step:,}, after {MAX_ROLLBACKS} returns to a safe state and at "
            f"{pulse.factor:.2g} times the learning rate that was asked for",
            "lower train.learning_rate, raise train.warmup_steps or set train.clip_norm = 1, and resume: "
            "the last good weights are kept; if it is always the same step, look into the corpus",
        )
    before = checkpoints.load(model, optimizer, checkpoints.safe)
    before.seconds, before.reserve = ledger.seconds, ledger.reserve  # time that is gone is gone
    before.pulse.factor = pulse.factor / 2
    before.pulse.rollbacks = pulse.rollbacks + 1
    before.pulse.trouble_step = max(step, pulse.trouble_step)
    if leads:
        checkpoints.forget_after(before.step)
        checkpoints.save(model, optimizer, before)
    return before, (
        f"{what} at step {step:,}: back to step {before.step:,}, "
        f"and on with {before.pulse.factor:.2g} times the learning rate"
    )


def begin_anew(checkpoints: Checkpoints) -> None:
    """Note in the checkpoints that training goes on with `checkpoints.settings`, other than before.

    Patience, lowered rates and the watch over the loss begin anew: under other settings they mean
    something else. A run that was about to blow up goes on from its safe state.

    Raises:
        TrainingError: the checkpoint cannot be written; the one before is untouched.
        RunError: the checkpoint is damaged.
    """
    ledger = checkpoints.ledger()
    if not healthy(ledger.pulse) and checkpoints.safe.is_file():
        checkpoints.last.unlink(missing_ok=True)
        ledger = checkpoints.ledger()
    ledger.stale, ledger.pulse = 0, Pulse()
    checkpoints.amend(ledger)
    checkpoints.make_safe()
