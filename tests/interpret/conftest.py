import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from crosslight.bundle import Bundle, Facts
from crosslight.config.load import run_config
from crosslight.interpret.record import Inspection
from crosslight.models.build import build_model
from crosslight.text.subword import EOS_ID, PAD_ID, Subword

SIZES = {"d_model": 16, "d_ff": 24, "n_heads": 2, "n_encoder_layers": 2, "n_decoder_layers": 2}
DECODE = {"max_extra": 6, "min_length": 3}
SHAPES: dict[str, dict[str, Any]] = {
    "post": {},
    "pre": {"norm": "pre", "positions": "sinusoidal-half", "tie": "two"},
    "all": {
        **{"norm": "pre", "norm_kind": "rms", "qk_norm": True, "activation": "swish", "d_key": 6},
        **{"positions": "learned", "tie": "none"},
        **{"attention_bias": True, "output_bias": True},
    },
    "relative": {"positions": "relative", "max_distance": 2, "d_key": 6},
    "rotary": {"positions": "rotary", "norm": "pre", "qk_norm": True},
    "additive": {"scoring": "additive", "attention_bias": True},
    "no positions": {"positions": "none", "norm": "pre"},
    "post-rms": {"norm_kind": "rms", "qk_norm": True, "attention_bias": True, "positions": "learned"},
}


def beside(name: str) -> Any:
    """A file of this folder as a module."""
    spec = importlib.util.spec_from_file_location(f"interpret_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec
    assert spec.loader
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def sample_inspection() -> Callable[..., Inspection]:
    """The builder in sample.py, which also serves the pictures."""
    build: Callable[..., Inspection] = beside("sample").sample_inspection
    return build


@pytest.fixture(scope="session")
def by_hand() -> Any:
    """(model, its settings) -> the Transformer in NumPy with the same numbers."""
    return beside("by_hand").ByHand


@pytest.fixture(scope="session")
def subword(toy) -> Subword:
    lines = toy.pairs.read_text(encoding="utf-8").splitlines()[:60]
    return Subword.train([side for line in lines for side in line.split("\t")[:2]], vocab_size=380)


@pytest.fixture(scope="session")
def shaped_bundle(subword) -> Callable[..., Bundle]:
    """A bundle of random weights and real pieces, of a shape by name or given; float64 where asked for.

    Of "pre" the outputs end as soon as they may, of the others the limit breaks them off.
    """

    def make(shape: str | dict[str, Any], dtype: torch.dtype = torch.float32, seed: int = 5) -> Bundle:
        settings = SHAPES[shape] if isinstance(shape, str) else shape
        config = run_config({"model": {**settings, **SIZES}, "decode": DECODE}, "the test")
        torch.manual_seed(seed)
        model = build_model(config.model, subword.vocab_size, subword.vocab_size, PAD_ID).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.2 * torch.randn_like(parameter))
            if config.model.norm == "pre" and config.model.norm_kind == "layer":  # outputs that end
                model.decoder_norm.bias.add_(4 * model.output.table.weight[EOS_ID])
        facts = Facts("fr", "en", 60, 40, 1.0, 0, 0.0)
        return Bundle(config, subword, subword, model.to(dtype), facts)

    return make


@pytest.fixture(params=list(SHAPES))
def exact_bundle(request, shaped_bundle) -> Bundle:
    """One of each shape, in float64, that may be changed."""
    bundle = shaped_bundle(request.param, torch.float64)
    return replace(bundle)


@pytest.fixture(params=[shape for shape in SHAPES if shape != "no positions"])
def positioned_bundle(request, shaped_bundle) -> Bundle:
    """The same of the shapes that know where a token stands."""
    bundle = shaped_bundle(request.param, torch.float64)
    return replace(bundle)
