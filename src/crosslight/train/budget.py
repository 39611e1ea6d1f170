"""How a budget of minutes is spent, from the first moment of a command to its last.

    command starts                                                              N minutes
    │ preparing, probing │ training, validations  │ choosing, scoring, saving │
                         began               over └──────── reserve ──────────┘
                         └─── share 0 to 1 ───────┘

What the end costs is measured while the run goes on, since every validation does the same work in
small. So the share of the run, which the learning rate follows to zero, counts from where training
began to where only the reserve is left; and when the scoring comes, it takes no more time than there is.
"""

from dataclasses import dataclass, replace

VALIDATING = 0.1  # share of the budget for all validations
LOSS = 0.01  # ... for the loss of one
SAMPLE = 0.005  # ... for the translations of one
SCORING = 0.05  # ... for the scores at the end
BEAM_COST = 2.5  # a beam of 4 against greedy search, in time (docs/log.md: 2.1)
LAST_SECONDS = 1.0  # the card, the checksums, the end of the program
FEWEST_STEPS = 10  # with fewer updates a budget is not worth its name
FEWEST_SCORED = 8


@dataclass(frozen=True)
class Costs:
    """What things cost on this machine, in seconds."""

    step: float  # one update
    loss_batch: float  # the loss of one validation batch
    sentence: float  # one sentence translated greedily
    files: float  # the files that a validation writes


@dataclass(frozen=True)
class Timetable:
    """What is done how often within a budget."""

    budget: float  # seconds
    validations: int
    sample_size: int  # sentences that each validation translates
    loss_batches: int  # that each validation judges
    reserve: float  # seconds

    @classmethod
    def of(cls, minutes: float, costs: Costs, wish: "Wish") -> "Timetable":
        """As much of what is wished for as the budget has room for: a tenth goes into validations.

        >>> wish = Wish(validations=12, sample_size=200, loss_batches=6, n_valid=1000)
        >>> costs = Costs(step=0.2, loss_batch=0.1, sentence=0.002, files=0.3)
        >>> Timetable.of(30, costs, wish).validations, Timetable.of(1, costs, wish).validations
        (12, 5)
        """
        budget = 60 * minutes
        loss_batches = min(wish.loss_batches, max(1, int(LOSS * budget / costs.loss_batch)))
        sample_size = min(wish.sample_size, max(FEWEST_SCORED, int(SAMPLE * budget / costs.sentence)))
        one = loss_batches * costs.loss_batch + sample_size * costs.sentence + costs.files
        validations = min(wish.validations, max(1, int(VALIDATING * budget / one)))
        table = cls(budget, validations, sample_size, loss_batches, 0.0)
        return replace(
            table,
            reserve=one
            + table.ending(loss_batches * costs.loss_batch, costs.sentence, costs.files, wish.n_valid),
        )

    def ending(self, loss: float, sentence: float, files: float, n_valid: int) -> float:
        """Seconds from the last validation to the end of the command.

        Args:
            loss: seconds of a validation's loss; the average of the weights is judged by it once more.
            sentence: seconds that it takes to translate a sentence greedily.
            files: seconds for the files of a validation; the bundle and the average cost about the same.
            n_valid: sentences that are scored at the end.
        """
        scoring = min(SCORING * self.budget, n_valid * sentence * BEAM_COST)
        return loss + scoring + files + LAST_SECONDS

    def smallest_minutes(self, seconds_before: float, step: float) -> float | None:
        """The smallest sensible budget if this one is none: in minutes, rounded up; None if it will do.

        >>> table = Timetable(budget=6.0, validations=1, sample_size=8, loss_batches=1, reserve=2.0)
        >>> table.smallest_minutes(seconds_before=1.0, step=0.1)
        >>> table.smallest_minutes(seconds_before=4.0, step=0.1)
        0.3
        """
        fixed = seconds_before + self.reserve
        if fixed + FEWEST_STEPS * step <= self.budget:
            return None
        # Twice what cannot be trained in: half of the time and more is then for learning.
        return (int(2 * (fixed + FEWEST_STEPS * step) / 6) + 1) / 10


@dataclass(frozen=True)
class Wish:
    """What the settings ask for where time does not matter."""

    validations: int
    sample_size: int
    loss_batches: int  # of the whole validation set
    n_valid: int  # its pairs


def share(seconds: float, began: float, over: float) -> float:
    """How much of the time between two moments has passed, from 0 to 1; all of it where there is none.

    >>> share(6, began=2, over=10), share(11, began=2, over=10), share(0, began=2, over=2)
    (0.5, 1.0, 1.0)
    """
    if seconds >= over or over <= began:
        return 1.0
    return max(0.0, (seconds - began) / (over - began))
