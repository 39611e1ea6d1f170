"""A budget of minutes: its parts never sum to more than it, and more time never does less."""

import math

from hypothesis import given
from hypothesis import strategies as st

from crosslight.config.run import TrainConfig
from crosslight.train.budget import (
    FEWEST_SCORED,
    LOSS,
    SAMPLE,
    SCORING,
    VALIDATING,
    Costs,
    Timetable,
    Wish,
    share,
)
from crosslight.train.checkpoints import Ledger
from crosslight.train.span import done, finished

seconds = st.floats(1e-4, 30)
costs = st.builds(Costs, step=seconds, loss_batch=seconds, sentence=seconds, files=seconds)
wishes = st.builds(
    Wish,
    validations=st.integers(1, 100),
    sample_size=st.integers(1, 1000),
    loss_batches=st.integers(1, 1000),
    n_valid=st.integers(1, 100_000),
)
minutes = st.floats(0.01, 1e4)


@given(minutes, costs, wishes)
def test_validations_stay_within_their_share(minutes, costs, wish):
    table = Timetable.of(minutes, costs, wish)
    assert 1 <= table.validations <= wish.validations
    assert 1 <= table.loss_batches <= wish.loss_batches
    assert 1 <= table.sample_size <= wish.sample_size
    budget = 60 * minutes
    if table.loss_batches > 1:
        assert table.loss_batches * costs.loss_batch <= LOSS * budget * 1.001
    if table.sample_size > FEWEST_SCORED:
        assert table.sample_size * costs.sentence <= SAMPLE * budget * 1.001
    one = table.loss_batches * costs.loss_batch + table.sample_size * costs.sentence + costs.files
    if table.validations > 1:
        assert table.validations * one <= VALIDATING * budget * 1.001
    # The end: a last validation, one more loss, the scores, and files again.
    assert table.reserve <= 2 * one + SCORING * budget + 1.001


@given(minutes, st.floats(1, 100), costs, wishes)
def test_more_time_never_does_less(minutes, factor, costs, wish):
    less, more = Timetable.of(minutes, costs, wish), Timetable.of(minutes * factor, costs, wish)
    assert less.sample_size <= more.sample_size
    assert less.loss_batches <= more.loss_batches


@given(minutes, costs, wishes, st.floats(0, 1000))
def test_the_smallest_sensible_budget_is_enough(minutes, costs, wish, before):
    table = Timetable.of(minutes, costs, wish)
    smallest = table.smallest_minutes(before, costs.step)
    if smallest is not None:
        assert smallest > minutes
        assert 60 * smallest >= before + table.reserve
        assert math.isclose(smallest, round(smallest, 1))


def test_the_share_runs_from_where_training_began_to_the_reserve():
    config = TrainConfig(minutes=2)
    ledger = Ledger(seconds=30.0, began=30.0, reserve=10.0)
    assert done(ledger, config) == 0.0
    ledger.seconds = 70.0
    assert done(ledger, config) == 0.5
    ledger.reserve = 50.0
    assert done(ledger, config) == 1.0
    assert finished(ledger, config)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_share_is_one(seconds, began, over):
    assert 0 <= share(seconds, began, over) <= 1
    assert share(max(over, 0), began, over) == 1
