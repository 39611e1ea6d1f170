"""Weights of one byte, beside CTranslate2's own int8."""

import numpy as np
import pytest
import torch

from crosslight.models.one_byte import pack, unpack


def tensors():
    torch.manual_seed(3)
    table = torch.randn(50, 16) * torch.logspace(-3, 2, 50)[:, None]
    table[7] = 0
    return {"table": table, "norm.weight": torch.randn(16), "one": torch.tensor(2.0)}


def test_off_by_half_a_unit_at_most_and_stable():
    given = tensors()
    packed = pack(given)
    assert packed["table"].dtype == torch.int8
    back = unpack(packed)
    assert back.keys() == given.keys()
    unit = given["table"].abs().amax(1, keepdim=True) / 127
    assert ((back["table"] - given["table"]).abs() <= unit / 2 * (1 + 1e-5)).all()
    assert torch.equal(back["norm.weight"], given["norm.weight"])
    again = pack(back)
    assert torch.equal(again["table"], packed["table"]), "packing what was packed changes nothing"


def test_what_is_not_packed_stays():
    given = tensors()
    back = unpack(given)
    assert all(torch.equal(back[name], tensor) for name, tensor in given.items())


def test_the_numbers_are_those_of_ctranslate2():
    pytest.importorskip("ctranslate2")
    from ctranslate2.specs.common_spec import LinearSpec

    linear = LinearSpec()
    linear.weight = tensors()["table"].numpy()
    linear.bias = np.zeros(50, np.float32)
    linear.validate()
    linear.optimize("int8")
    ours = pack(tensors())["table"].numpy().astype(int)
    theirs = np.asarray(linear.weight.numpy()).astype(int)
    assert np.abs(ours - theirs).max() <= 1, "where a weight lies half way, roundings may differ"
    assert (ours == theirs).mean() > 0.99
