"""Settings of a model: what is refused, and that every setting reaches the model that is built."""

import re
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from crosslight.config.model import TransformerConfig
from crosslight.errors import ConfigError
from crosslight.models.build import build_model
from crosslight.models.transformer import Transformer


def built(n_src: int = 9, n_tgt: int = 9, **settings: Any) -> Transformer:
    shape = {"d_model": 16, "d_ff": 24, "n_heads": 2, "n_encoder_layers": 2, "n_decoder_layers": 3}
    return build_model(TransformerConfig.model_validate({**shape, **settings}), n_src, n_tgt)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"d_model": 100, "n_heads": 8}, "d_model = 100 is not divisible by n_heads = 8; choose n_heads"),
        ({"d_model": 15, "n_heads": 3}, "d_model = 15 is odd, but sinusoids come in pairs"),
        (
            {"d_model": 12, "n_heads": 4, "positions": "rotary"},
            "heads are 3 wide, but rotary positions turn pairs",
        ),
        (
            {"d_key": 5, "positions": "rotary"},
            "heads are 5 wide, but rotary positions turn pairs",
        ),
        (
            {"positions": "relative", "scoring": "additive"},
            'positions = "relative" are part of the dot product, but scoring = "additive"',
        ),
        (
            {"positions": "rotary", "scoring": "additive"},
            'choose scoring = "dot", or positions that are',
        ),
        ({"max_distance": 0}, "greater than or equal to 1"),
        ({"dropout": 1.0}, "less than 1"),
        ({"d_ff": 0}, "greater than or equal to 1"),
        ({"norm": "both"}, "'post' or 'pre'"),
        ({"d_modle": 512}, "Extra inputs are not permitted"),
    ],
)
def test_impossible_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(message)):
        TransformerConfig.model_validate(settings)


def test_settings_that_lift_a_limit() -> None:
    TransformerConfig(d_model=96, n_heads=8, d_key=13)
    for positions in ("learned", "none", "relative"):
        TransformerConfig(d_model=15, n_heads=3, positions=positions)  # type: ignore[arg-type]
    TransformerConfig(d_model=15, n_heads=3, d_key=4, positions="rotary")
    TransformerConfig(scoring="additive", positions="none")


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        TransformerConfig().d_model = 3  # type: ignore[misc]


def test_the_default_is_the_base_model_of_the_paper() -> None:
    base = TransformerConfig()
    assert (base.n_encoder_layers, base.n_decoder_layers, base.d_model, base.d_ff) == (6, 6, 512, 2048)
    assert (base.n_heads, base.dropout, base.norm, base.tie) == (8, 0.1, "post", "three")


def test_three_way_tying_needs_one_vocabulary() -> None:
    with pytest.raises(ConfigError, match="the vocabularies have 9 and 8 pieces"):
        built(9, 8, tie="three")


def test_tables_are_shared_as_the_settings_say() -> None:
    for tie, n_tables in (("three", 1), ("two", 2), ("none", 3)):
        model = built(tie=tie)
        src, tgt = model.src_embedding.tokens.table.weight, model.tgt_embedding.tokens.table.weight
        out = model.output.table.weight
        assert len({id(table) for table in (src, tgt, out)}) == n_tables
        assert (src is tgt) == (tie == "three")
        assert (tgt is out) == (tie != "none")


def test_a_bias_is_added_to_the_logits() -> None:
    for tie in ("three", "none"):
        torch.manual_seed(0)
        plain = built(tie=tie).eval()
        torch.manual_seed(0)
        model = built(tie=tie, output_bias=True).eval()
        assert model.output.bias is not None
        nn.init.normal_(model.output.bias)
        tokens = torch.tensor([[5, 3]])
        torch.testing.assert_close(model(tokens, tokens), plain(tokens, tokens) + model.output.bias)


def test_swish_takes_the_place_of_the_relu() -> None:
    torch.manual_seed(0)
    layer = next(iter(built(activation="swish").encoder_layers)).feed_forward
    x = torch.randn(1, 3, 16)
    inner = x @ layer.up.weight.T + layer.up.bias
    torch.testing.assert_close(layer(x), layer.down(inner * torch.sigmoid(inner)))


def test_vocabularies_of_two_sizes() -> None:
    logits = built(9, 7, tie="two")(torch.tensor([[8, 3]]), torch.tensor([[6]]))
    assert logits.shape == (1, 1, 7)


def test_a_pre_norm_stack_ends_with_a_norm() -> None:
    for norm, kind in (("pre", nn.LayerNorm), ("post", nn.Identity)):
        model = built(norm=norm)
        assert isinstance(model.encoder_norm, kind)
        assert isinstance(model.decoder_norm, kind)


def test_pad_id_is_what_padding_means() -> None:
    torch.manual_seed(0)
    model = build_model(TransformerConfig(d_model=16, d_ff=24, n_heads=2), 9, 9, pad_id=5).eval()
    tgt = torch.tensor([[2, 3]])
    short = model(torch.tensor([[0, 7]]), tgt)
    torch.testing.assert_close(model(torch.tensor([[0, 7, 5]]), tgt), short)


def test_the_seed_decides_the_weights() -> None:
    weights = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        weights.append(torch.cat([p.flatten() for p in built().parameters()]))
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
