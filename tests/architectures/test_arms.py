"""The contestants that come with the program, and the operations that their layers need in turn."""

import pytest
import torch
from torch import nn

from crosslight.config.conv import ConvConfig
from crosslight.config.load import merge, run_config
from crosslight.config.model import TransformerConfig
from crosslight.config.rnn import RnnConfig
from crosslight.errors import ConfigError
from crosslight.models.build import build_model
from crosslight.tasks.architectures.arms import read_arms
from crosslight.tasks.architectures.operations import (
    counted_chain,
    longest_chain,
    measured_field,
    path_length,
    sequential_steps,
)


def model_config(arm):
    return run_config(merge(arm.settings, {"train": {"minutes": 1.0}}), arm.name).model


def test_all_have_about_as_many_parameters():
    arms, _ = read_arms(with_controls=True)
    counts = {
        arm.name: sum(p.numel() for p in build_model(model_config(arm), 4000, 4000).parameters())
        for arm in arms
    }
    assert list(counts) == ["transformer", "rnn", "rnn-plain", "conv", "universal", "no-positions"]
    for name, count in counts.items():
        assert count == pytest.approx(counts["transformer"], rel=0.02), name


def test_controls_are_trained_where_they_are_asked_for():
    assert "no-positions" not in [arm.name for arm in read_arms()[0]]
    assert [arm.name for arm in read_arms(only=["no-positions", "rnn"])[0]] == ["rnn", "no-positions"]


def test_a_wrong_file(tmp_path):
    file = tmp_path / "arms.toml"
    file.write_text('[x]\nlabl = "X"\n')
    with pytest.raises(ConfigError, match=r"\[x\] has labl; expected some of control, label, model"):
        read_arms(file)
    file.write_text("")
    with pytest.raises(ConfigError, match="has no arm"):
        read_arms(file)


def test_table_1_of_the_paper():
    """Sequential operations and maximum path length, for n = 2, 16 and 128 tokens."""
    lengths = (2, 16, 128)
    rnn, transformer = RnnConfig(), TransformerConfig(n_encoder_layers=6, n_decoder_layers=6)
    assert [sequential_steps(rnn, n) / n for n in lengths] == [2, 2, 2], "O(n), on either side"
    assert [sequential_steps(transformer, n) for n in lengths] == [12, 12, 12], "O(1) a layer"
    assert [path_length(rnn, n) for n in lengths] == [1, 15, 127], "O(n)"
    assert [path_length(transformer, n) for n in lengths] == [1, 1, 1], "O(1)"
    deep = ConvConfig(kernel=5, n_encoder_layers=64)
    assert [path_length(deep, n) for n in lengths] == [1, 8, 64], "O(n / k)"
    assert path_length(ConvConfig(kernel=5, n_encoder_layers=7), 16) == float("inf")


def test_the_longest_chain_of_a_graph_known_by_hand():
    x = torch.ones(3, requires_grad=True)
    long = x.exp().sin().exp()  # and the leaf's own node
    assert longest_chain(long) == 4
    assert longest_chain(long + x) == 5
    assert longest_chain(nn.functional.relu(x)) == 2


def test_only_recurrence_makes_the_chain_longer_with_the_sentence():
    small = {"d_model": 8, "d_hidden": 8, "n_encoder_layers": 2, "n_decoder_layers": 1}
    conv = build_model(ConvConfig(**small), 120, 120)
    heads = {"d_ff": 8, "n_heads": 2}
    transformer = build_model(
        TransformerConfig(d_model=8, n_encoder_layers=2, n_decoder_layers=1, **heads), 120, 120
    )
    rnn = build_model(RnnConfig(d_model=8, d_hidden=8, d_attention=4), 120, 120)
    for model in (conv, transformer):
        assert counted_chain(model, 16) == counted_chain(model, 4)
    a, b, c = (counted_chain(rnn, n) for n in (4, 8, 16))
    assert c - b == 2 * (b - a) > 0
    assert measured_field(conv) == 1 + 2 * (3 - 1)
