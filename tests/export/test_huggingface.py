"""MarianMT against our own model: log-probabilities, greedy outputs, text to text, and saved once more."""

import json

import pytest
import torch

from crosslight.decode.translator import Translator
from crosslight.errors import ConfigError, ExportError
from crosslight.export import huggingface, marian
from crosslight.nn.positions import sinusoids
from crosslight.tasks.export import export_huggingface
from crosslight.text.subword import EOS_ID

transformers = pytest.importorskip("transformers")

SHAPES = {
    "the paper's": {},
    "swish, bias everywhere": {"activation": "swish", "output_bias": True, "attention_bias": True},
    "two tables": {"tie": "two", "n_encoder_layers": 1},
    "three tables, output bias": {"tie": "none", "output_bias": True},
}


def test_its_sinusoids_are_ours_in_another_order():
    """The wavelengths are the paper's; those of our "half", the authors' code's, are not."""
    config = transformers.MarianConfig(
        vocab_size=9, d_model=16, encoder_layers=1, decoder_layers=1, encoder_ffn_dim=8, decoder_ffn_dim=8,
        encoder_attention_heads=2, decoder_attention_heads=2, max_position_embeddings=40, pad_token_id=0,
    )  # fmt: skip
    table = transformers.MarianMTModel(config).model.encoder.embed_positions.weight
    torch.testing.assert_close(table, sinusoids(40, 16)[:, marian.sines_first(16)])
    assert (table - sinusoids(40, 16, "half")).abs().max() > 0.1


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_model(make_bundle, pairs, tmp_path, shape):
    bundle = make_bundle(**SHAPES[shape])
    short = bundle.config.decode.model_copy(update={"max_extra": 6, "beam": 1})
    bundle.config = bundle.config.model_copy(update={"decode": short})
    translator = Translator(bundle)
    certificate = export_huggingface(translator, tmp_path / "out", pairs[:6])
    assert certificate["engine"].startswith("transformers ")
    assert certificate["greedy"]["tokens_equal"] == 1
    assert certificate["settings"] == {"epsilon": 1e-5, "start": "<s>"}
    srcs = [[*bundle.src_subword.encode(pair.src), EOS_ID] for pair in pairs[6:12]]
    tgts = [bundle.tgt_subword.encode(pair.tgt) for pair in pairs[6:12]]
    # Saved by the library itself and loaded again, so that nothing hangs on files it would not write.
    model = transformers.MarianMTModel.from_pretrained(tmp_path / "out")
    model.save_pretrained(tmp_path / "again")
    for name in ("source.spm", "target.spm", "vocab.json", "target_vocab.json", "tokenizer_config.json"):
        if (tmp_path / "out" / name).exists():
            (tmp_path / "again" / name).write_bytes((tmp_path / "out" / name).read_bytes())
    again = huggingface.HuggingFaceEngine(tmp_path / "again", translator.banned)
    for found, expected in zip(again.score(srcs, tgts), translator.score(srcs, tgts, ()), strict=True):
        assert found == pytest.approx(expected, abs=1e-4)
    assert again.encode([pair.src for pair in pairs[6:12]]) == srcs
    for pair, tgt in zip(pairs[6:12], tgts, strict=True):
        assert again.decode([*tgt, EOS_ID]) == pair.tgt


@pytest.mark.parametrize(
    ("shape", "setting"),
    [
        ({"norm": "pre"}, 'norm = "pre"'),
        ({"norm_kind": "rms"}, 'norm_kind = "rms"'),
        ({"qk_norm": True}, "qk_norm = true"),
        ({"d_key": 6}, "d_key = 6"),
        ({"positions": "learned"}, 'positions = "learned"'),
        ({"positions": "sinusoidal-half"}, 'positions = "sinusoidal-half"'),
        ({"positions": "none"}, 'positions = "none"'),
        ({"positions": "relative"}, 'positions = "relative"'),
        ({"positions": "rotary"}, 'positions = "rotary"'),
        ({"scoring": "additive"}, 'scoring = "additive"'),
    ],
)
def test_a_shape_that_it_does_not_know(make_bundle, tmp_path, shape, setting):
    with pytest.raises(ConfigError) as error:
        export_huggingface(Translator(make_bundle(**shape)), tmp_path / "out")
    assert error.value.message.startswith(f"model.{setting}: MarianMT ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("fault", ["features in our order", "another start token", "√d forgotten"])
def test_a_fault_is_refused(make_bundle, pairs, tmp_path, monkeypatch, fault):
    if fault == "features in our order":
        monkeypatch.setattr(marian, "sines_first", torch.arange)
    elif fault == "another start token":
        monkeypatch.setattr(huggingface, "BOS_ID", EOS_ID)
    else:
        real = huggingface._config
        monkeypatch.setattr(huggingface, "_config", lambda *given: {**real(*given), "scale_embedding": False})
    with pytest.raises(ExportError, match="is not the same model"):
        export_huggingface(Translator(make_bundle()), tmp_path / "out", pairs[:4])
    assert not list(tmp_path.iterdir())


def test_not_installed(make_bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface, "is_installed", lambda: False)
    with pytest.raises(ConfigError, match="transformers is not installed") as error:
        export_huggingface(Translator(make_bundle()), tmp_path / "out")
    assert "crosslight[huggingface]" in error.value.cure
    assert not list(tmp_path.iterdir())


def test_the_files_say_what_the_bundle_is(make_bundle, pairs, tmp_path):
    bundle = make_bundle()
    huggingface.convert(bundle, tmp_path, [0, 1, 2])
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["decoder_start_token_id"] == 2
    assert json.loads((tmp_path / "generation_config.json").read_text())["suppress_tokens"] == [0, 1, 2]
    vocabulary = json.loads((tmp_path / "vocab.json").read_text(encoding="utf-8"))
    assert list(vocabulary)[:4] == ["<pad>", "<unk>", "<s>", "</s>"]
