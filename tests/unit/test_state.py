"""Choosing rows of a state: any tree of tuples, named or not."""

from typing import NamedTuple

import torch
from torch import Tensor

from crosslight.decode.state import select_rows


class Named(NamedTuple):
    numbers: Tensor
    pairs: tuple[tuple[Tensor, ...], ...]


STATE = Named(torch.arange(4), ((torch.arange(8).view(4, 2), torch.arange(12).view(4, 3, 1)), ()))


def test_rows_are_chosen_in_every_tensor() -> None:
    rows = [3, 1, 1]
    chosen = select_rows(STATE, torch.tensor(rows))
    assert isinstance(chosen, Named)
    assert torch.equal(chosen.numbers, STATE.numbers[rows])
    assert torch.equal(chosen.pairs[0][0], STATE.pairs[0][0][rows])
    assert torch.equal(chosen.pairs[0][1], STATE.pairs[0][1][rows])
    assert chosen.pairs[1] == ()


def test_all_rows_are_the_state_and_no_rows_are_empty() -> None:
    same = select_rows(STATE, torch.arange(4))
    assert torch.equal(same.pairs[0][1], STATE.pairs[0][1])
    assert select_rows(STATE, torch.empty(0, dtype=torch.long)).pairs[0][1].shape == (0, 3, 1)


def test_choosing_twice_is_choosing_once() -> None:
    first, second = torch.tensor([2, 0, 3]), torch.tensor([1, 1, 2, 0])
    twice = select_rows(select_rows(STATE, first), second)
    assert torch.equal(twice.numbers, select_rows(STATE, first[second]).numbers)


def test_a_choice_is_a_copy() -> None:
    select_rows(STATE, torch.arange(4)).numbers[0] = 99
    assert STATE.numbers[0] == 0
