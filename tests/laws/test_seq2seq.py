"""The laws of every Seq2Seq, whatever is inside: what search and training silently rely on.

A new architecture joins by one line in MODELS. Everything is in float64, so that "changes nothing"
can mean no bit where it is a matter of structure, and 1e-12 where only sums are ordered anew.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from crosslight.config.conv import ConvConfig
from crosslight.config.model import TransformerConfig
from crosslight.config.rnn import RnnConfig
from crosslight.config.universal import UniversalConfig
from crosslight.decode.state import select_rows
from crosslight.models.build import build_model
from crosslight.nn.halting import HaltingUnit

PAD, SRC_VOCAB, TGT_VOCAB = 0, 13, 11


def transformer(**settings: Any) -> Callable[[], nn.Module]:
    """A small one whose two vocabularies differ wherever they may."""
    config = TransformerConfig.model_validate(
        {"d_model": 16, "d_ff": 24, "n_heads": 2, "n_encoder_layers": 2, "n_decoder_layers": 2, **settings}
    )
    return lambda: build_model(config, TGT_VOCAB if config.tie == "three" else SRC_VOCAB, TGT_VOCAB, PAD)


def rnn(**settings: Any) -> Callable[[], nn.Module]:
    """A small recurrent one, all of whose widths differ."""
    shape = {"d_model": 12, "d_hidden": 10, "d_attention": 7, "dropout": 0.0}
    config = RnnConfig.model_validate({**shape, **settings})
    return lambda: build_model(config, TGT_VOCAB if config.tie == "three" else SRC_VOCAB, TGT_VOCAB, PAD)


def conv(**settings: Any) -> Callable[[], nn.Module]:
    """A small one, whose layers see less than a sentence."""
    config = ConvConfig.model_validate(
        {
            "d_model": 16,
            "d_hidden": 16,
            "n_encoder_layers": 2,
            "n_decoder_layers": 2,
            "tie": "none",
            **settings,
        }
    )
    return lambda: build_model(config, SRC_VOCAB, TGT_VOCAB, PAD)


def universal(**settings: Any) -> Callable[[], nn.Module]:
    """A small one whose tokens take 1 to 4 steps, as they decide."""
    config = UniversalConfig.model_validate(
        {"d_model": 16, "d_ff": 24, "n_heads": 2, "max_steps": 4, "tie": "two", **settings}
    )

    def build() -> nn.Module:
        model = build_model(config, SRC_VOCAB, TGT_VOCAB, PAD)
        for unit in model.modules():
            if isinstance(unit, HaltingUnit):
                nn.init.normal_(unit.weight)
                nn.init.zeros_(unit.bias)
        return model

    return build


MODELS = {
    "post-norm": transformer(norm="post"),
    "pre-norm": transformer(norm="pre"),
    "half-split sinusoids": transformer(positions="sinusoidal-half"),
    "learned positions": transformer(positions="learned", max_positions=40),
    "no positions": transformer(positions="none"),
    "relative positions": transformer(positions="relative", max_distance=3),
    "relative positions, narrow keys": transformer(positions="relative", max_distance=2, d_key=3, n_heads=4),
    "rotary positions": transformer(positions="rotary", norm="pre"),
    "additive scoring": transformer(scoring="additive"),
    "two tables": transformer(tie="two"),
    "three tables": transformer(tie="none", norm="pre"),
    "attention bias": transformer(attention_bias=True),
    "narrow heads": transformer(d_key=3, n_heads=4, norm="pre"),
    "RMSNorm": transformer(norm_kind="rms", norm="pre"),
    "normalized queries and keys": transformer(qk_norm=True),
    "swish": transformer(activation="swish"),
    "output bias": transformer(output_bias=True),
    "smaller last maps": transformer(init="depth"),
    "deep reader": transformer(n_encoder_layers=3, n_decoder_layers=1),
    "deep writer": transformer(n_encoder_layers=1, n_decoder_layers=3, norm="pre"),
    "rnn gru": rnn(),
    "rnn lstm": rnn(cell="lstm", tie="none"),
    "rnn without attention": rnn(attention="none", tie="two"),
    "rnn lstm without attention": rnn(cell="lstm", attention="none"),
    "rnn tanh readout": rnn(readout="tanh", tie="two", output_bias=False),
    "conv": conv(),
    "conv kernel 5": conv(kernel=5),
    "conv without positions": conv(positions="none"),
    "conv two tables": conv(tie="two"),
    "conv wide hidden": conv(d_hidden=24),
    "universal": universal(),
    "universal without halting": universal(halting="none"),
    "universal pre-norm": universal(norm="pre"),
    "universal convolution": universal(kernel=3),
}

WITHOUT_ORDER = {"no positions"}
"""Models whose encoder takes a source for a bag of tokens."""


@pytest.fixture(params=list(MODELS))
def model(request: pytest.FixtureRequest) -> Any:
    """Each model in turn, no parameter at a value (0 or 1) that would hide what it does."""
    torch.manual_seed(5)
    made = MODELS[request.param]().double().eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return made


@pytest.fixture
def src() -> Tensor:
    """Three sources of 6, 4 and 2 tokens."""
    rows = torch.randint(4, TGT_VOCAB, (3, 6), generator=torch.Generator().manual_seed(1))
    rows[1, 4:], rows[2, 2:] = PAD, PAD
    return rows


@pytest.fixture
def tgt() -> Tensor:
    """Three targets of 7 tokens."""
    return torch.randint(4, TGT_VOCAB, (3, 7), generator=torch.Generator().manual_seed(2))


def tensors(tree: Any) -> Iterator[Tensor]:
    """The leaves of a state."""
    if isinstance(tree, Tensor):
        yield tree
    else:
        assert isinstance(tree, tuple), f"a state is nested tuples of tensors, not {type(tree)}"
        for branch in tree:
            yield from tensors(branch)


def close(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-12)


def test_logits_depend_on_source_and_target(model: Any, src: Tensor, tgt: Tensor) -> None:
    """No law below is kept by a model that ignores what it reads."""
    logits, _ = model.decode(tgt, model.start(src))
    assert logits.shape == (3, 7, TGT_VOCAB)
    assert logits.isfinite().all()
    other_words = src.where(src == PAD, 4 + (src - 3) % (TGT_VOCAB - 4))
    for other_src, other_tgt in ((other_words, tgt), (src, tgt.roll(1, 1))):
        other, _ = model.decode(other_tgt, model.start(other_src))
        assert not torch.allclose(other, logits, atol=1e-3)


def test_logits_depend_on_the_order_of_the_source(
    model: Any, src: Tensor, tgt: Tensor, request: pytest.FixtureRequest
) -> None:
    """Unless nothing says where a token stands: then they do not at all."""
    row, tgt = src[:1], tgt[:1]
    is_blind = request.node.callspec.params["model"] in WITHOUT_ORDER
    logits, shuffled = model(row, tgt), model(row.roll(1, 1), tgt)
    assert torch.allclose(shuffled, logits, rtol=0, atol=1e-12 if is_blind else 1e-3) == is_blind


def test_decoding_a_then_b_is_decoding_both(model: Any, src: Tensor, tgt: Tensor) -> None:
    whole, end = model.decode(tgt, model.start(src))
    for cut in range(1, 7):
        first, state = model.decode(tgt[:, :cut], model.start(src))
        second, state = model.decode(tgt[:, cut:], state)
        close(torch.cat((first, second), dim=1), whole)
        for ours, theirs in zip(tensors(state), tensors(end), strict=True):
            close(ours.double(), theirs.double())


def test_decoding_token_by_token_is_decoding_all(model: Any, src: Tensor, tgt: Tensor) -> None:
    whole, _ = model.decode(tgt, model.start(src))
    state, steps = model.start(src), []
    for t in range(7):
        logits, state = model.decode(tgt[:, t : t + 1], state)
        steps.append(logits)
    close(torch.cat(steps, dim=1), whole)


def test_features_and_the_output_table_make_the_logits(model: Any, src: Tensor, tgt: Tensor) -> None:
    """What the objectives rely on, which never store the logits."""
    bias = 0 if model.output.bias is None else model.output.bias
    logits = model.features(src, tgt) @ model.output.table.weight.T + bias
    close(logits, model.decode(tgt, model.start(src))[0])


def test_forward_is_decoding_from_the_start(model: Any, src: Tensor, tgt: Tensor) -> None:
    assert torch.equal(model(src, tgt), model.decode(tgt, model.start(src))[0])


def test_decoding_leaves_its_state_as_it_was(model: Any, src: Tensor, tgt: Tensor) -> None:
    """Search goes on from one state in several ways."""
    _, state = model.decode(tgt[:, :3], model.start(src))
    before = [tensor.clone() for tensor in tensors(state)]
    model.decode(tgt[:, 3:], state)
    for tensor, copy in zip(tensors(state), before, strict=True):
        assert torch.equal(tensor, copy)


@pytest.mark.parametrize("n_padding", [1, 5])
def test_padding_the_source_changes_nothing(model: Any, src: Tensor, tgt: Tensor, n_padding: int) -> None:
    padded = nn.functional.pad(src, (0, n_padding), value=PAD)
    close(model(padded, tgt), model(src, tgt))


def test_a_row_alone_is_the_row_in_its_batch(model: Any, src: Tensor, tgt: Tensor) -> None:
    together = model(src, tgt)
    for row in range(3):
        alone = src[row : row + 1, : int((src[row] != PAD).sum())]
        close(model(alone, tgt[row : row + 1]), together[row : row + 1])


def test_rows_do_not_see_each_other(model: Any, src: Tensor, tgt: Tensor) -> None:
    """Not by a bit: the others' tokens are changed, every shape stays."""
    before = model(src, tgt)
    for row in range(3):
        others = [r for r in range(3) if r != row]
        src_now, tgt_now = src.clone(), tgt.clone()
        src_now[others] = 4 + (src[others] - 3) % (TGT_VOCAB - 4)
        tgt_now[others] = 4 + (tgt[others] - 3) % (TGT_VOCAB - 4)
        after = model(src_now, tgt_now)
        assert torch.equal(after[row], before[row])
        assert not torch.equal(after[others], before[others])


def test_a_later_token_never_changes_an_earlier_logit(model: Any, src: Tensor, tgt: Tensor) -> None:
    """Not by a bit, yet the logits from its own place on do change."""
    before = model(src, tgt)
    for t in range(7):
        changed = tgt.clone()
        changed[:, t:] = 4 + (tgt[:, t:] - 3) % (TGT_VOCAB - 4)
        after = model(src, changed)
        assert torch.equal(after[:, :t], before[:, :t])
        assert ((after[:, t:] - before[:, t:]).abs().amax(dim=(0, 2)) > 0).all()


@pytest.mark.parametrize("rows", [[2, 0], [1], [0, 0, 2, 1, 1], []], ids=str)
def test_selecting_rows_commutes_with_decoding(model: Any, src: Tensor, tgt: Tensor, rows: list[int]) -> None:
    chosen = torch.tensor(rows, dtype=torch.long)
    _, state = model.decode(tgt[:, :3], model.start(src))
    logits, after = model.decode(tgt[:, 3:], state)
    picked, picked_after = model.decode(tgt[chosen, 3:], select_rows(state, chosen))
    close(picked, logits[chosen])
    for ours, theirs in zip(tensors(picked_after), tensors(after), strict=True):
        close(ours.double(), theirs[chosen].double())


def test_the_state_is_a_tree_of_tensors_batch_first(model: Any, src: Tensor, tgt: Tensor) -> None:
    start = model.start(src)
    _, after = model.decode(tgt, start)
    for state in (start, after):
        leaves = list(tensors(state))
        assert leaves
        assert all(leaf.shape[0] == len(src) for leaf in leaves)
        assert type(select_rows(state, torch.tensor([0]))) is type(state)


def test_search_in_inference_mode_does_not_hinder_training(model: Any, src: Tensor, tgt: Tensor) -> None:
    """Validation searches with the model that goes on training; buffers that grew must not remember it."""
    long = tgt.repeat(1, 5)
    with torch.inference_mode():
        inferred = model(src.repeat(1, 5), long)
    trained = model(src.repeat(1, 5), long)
    trained.sum().backward()
    close(inferred.clone(), trained.detach())
