"""A student that begins with its teacher's layers."""

import pytest
import torch

from crosslight.config.model import TransformerConfig
from crosslight.models.build import build_model
from crosslight.models.inherit import inherit

SHAPE = {"kind": "transformer", "d_model": 16, "d_ff": 32, "n_heads": 2, "dropout": 0.0, "norm": "pre"}
SRC, TGT = torch.randint(4, 40, (3, 7)), torch.randint(4, 40, (3, 5))


def model(seed, n_encoder, n_decoder, **shape):
    torch.manual_seed(seed)
    config = TransformerConfig(**{**SHAPE, **shape}, n_encoder_layers=n_encoder, n_decoder_layers=n_decoder)
    return build_model(config, 40, 40, 0).eval()


@torch.inference_mode()
def test_of_the_same_shape_it_is_the_same_model():
    teacher, student = model(1, 4, 3), model(2, 4, 3)
    assert not torch.equal(teacher(SRC, TGT), student(SRC, TGT))
    assert inherit(student, teacher) == 7
    assert torch.equal(teacher(SRC, TGT), student(SRC, TGT))


@torch.inference_mode()
def test_a_shallower_one_is_the_teacher_without_the_layers_between():
    teacher, student = model(1, 4, 3), model(2, 3, 1)
    assert inherit(student, teacher) == 4
    teacher.encoder_layers = torch.nn.ModuleList([teacher.encoder_layers[i] for i in (0, 2, 3)])
    teacher.decoder_layers = teacher.decoder_layers[:1]
    assert torch.equal(teacher(SRC, TGT), student(SRC, TGT))


def test_what_has_another_shape_stays():
    teacher, student, same = model(1, 2, 2), model(2, 2, 2, d_ff=64), model(2, 2, 2, d_ff=64)
    assert inherit(student, teacher) == 0
    assert torch.equal(student.src_embedding.tokens.table.weight, teacher.src_embedding.tokens.table.weight)
    for mine, before in zip(
        student.encoder_layers.parameters(), same.encoder_layers.parameters(), strict=True
    ):
        assert torch.equal(mine, before)
    narrow = model(3, 2, 2, d_model=8)
    before = [p.clone() for p in narrow.parameters()]
    assert inherit(narrow, teacher) == 0
    assert all(torch.equal(a, b) for a, b in zip(narrow.parameters(), before, strict=True))


@pytest.mark.parametrize("n", [4, 6])
def test_a_deeper_one_has_all_of_the_teacher_and_more(n):
    teacher, student = model(1, 3, 1), model(2, n, 2)
    assert inherit(student, teacher) == 4
    for mine, theirs in zip(student.encoder_layers, teacher.encoder_layers, strict=False):
        assert all(torch.equal(a, b) for a, b in zip(mine.parameters(), theirs.parameters(), strict=True))
