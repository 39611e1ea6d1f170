"""A bundle whose weights are random but whose pieces are real, and a translator with it."""

from typing import Any

import pytest
import torch

from crosslight.bundle import Bundle, Facts
from crosslight.config.load import run_config
from crosslight.decode.translator import Translator
from crosslight.models.build import build_model
from crosslight.text.corpus import Pair
from crosslight.text.subword import EOS_ID, PAD_ID, Subword

SHAPE = {"d_model": 16, "d_ff": 32, "n_heads": 2, "n_encoder_layers": 1, "n_decoder_layers": 1, "norm": "pre"}


@pytest.fixture(scope="session")
def pairs(toy) -> list[Pair]:
    lines = toy.pairs.read_text(encoding="utf-8").splitlines()[:60]
    return [Pair(*line.split("\t")[:2]) for line in lines]


@pytest.fixture(scope="session")
def make_bundle(pairs):
    subword = Subword.train([side for pair in pairs for side in (pair.src, pair.tgt)], vocab_size=380)

    def make(seed: int = 3, own: Subword = subword, **decode: Any) -> Bundle:
        config = run_config({"model": SHAPE, "decode": {"max_extra": 8, **decode}}, "the test")
        torch.manual_seed(seed)
        model = build_model(config.model, own.vocab_size, own.vocab_size, PAD_ID).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
            model.decoder_norm.bias.add_(4 * model.output.table.weight[EOS_ID])  # outputs that end
        facts = Facts("fr", "en", len(pairs), 40, 1.0, 0, 0.0)
        return Bundle(config, own, own, model, facts, validation=tuple(pairs[:24]))

    return make


@pytest.fixture(scope="session")
def translator(make_bundle) -> Translator:
    return Translator(make_bundle())
