"""Bundles whose weights are random but whose pieces are real."""

from typing import Any

import pytest
import torch

from crosslight.bundle import Bundle, Facts
from crosslight.config.load import run_config
from crosslight.models.build import build_model
from crosslight.text.corpus import Pair
from crosslight.text.subword import EOS_ID, PAD_ID, Subword

SHAPE = {"d_model": 32, "d_ff": 64, "n_heads": 2, "n_encoder_layers": 2, "n_decoder_layers": 2}


@pytest.fixture(scope="session")
def pairs(toy) -> list[Pair]:
    lines = toy.pairs.read_text(encoding="utf-8").splitlines()[:60]
    return [Pair(*line.split("\t")[:2]) for line in lines]


@pytest.fixture(scope="session")
def subword(pairs) -> Subword:
    return Subword.train([side for pair in pairs for side in (pair.src, pair.tgt)], vocab_size=380)


@pytest.fixture(scope="session")
def make_bundle(pairs, subword):
    """A bundle of this shape; no parameter at a value (0 or 1) that would hide what it does."""

    def make(**model: Any) -> Bundle:
        config = run_config({"model": {**SHAPE, **model}}, "the test")
        torch.manual_seed(3)
        built = build_model(config.model, subword.vocab_size, subword.vocab_size, PAD_ID).eval()
        with torch.no_grad():
            for parameter in built.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
            last = (
                built.decoder_layers[-1].ff_residual.norm
                if config.model.norm == "post"
                else built.decoder_norm
            )
            if config.model.norm_kind == "layer":  # outputs that end
                last.bias.add_(4 * built.output.table.weight[EOS_ID])
        facts = Facts("fr", "en", len(pairs), 40, 1.0, 0, 0.0)
        return Bundle(config, subword, subword, built, facts, validation=tuple(pairs[:24]))

    return make
