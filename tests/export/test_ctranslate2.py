"""CTranslate2 against our own model: log-probabilities of given outputs, and what either search finds."""

import pytest
import torch

from crosslight.data.batch import make_batch
from crosslight.decode.translator import Translator
from crosslight.errors import ConfigError
from crosslight.export import ctranslate2 as export
from crosslight.export.quickest import FIRST
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID, UNK_ID

BANNED = (PAD_ID, UNK_ID, BOS_ID)
SHAPES = {
    "pre-norm": {"norm": "pre"},
    "post-norm": {"norm": "post"},
    "half-split sinusoids": {"positions": "sinusoidal-half"},
    "learned positions": {"positions": "learned", "max_positions": 300},
    "rotary positions": {"positions": "rotary"},
    "RMSNorm": {"norm": "pre", "norm_kind": "rms"},
    "attention bias": {"attention_bias": True},
    "swish, output bias, two tables": {"activation": "swish", "output_bias": True, "tie": "two"},
    "three tables": {"tie": "none", "n_encoder_layers": 1},
}


@pytest.fixture
def engine_of(tmp_path):
    def make(bundle, quantization="float32", threads=1):
        folder = tmp_path / quantization
        folder.mkdir()
        export.convert(bundle, folder, quantization)
        return export.CTranslate2Engine(folder, bundle, BANNED, threads)

    return make


def ids(bundle, pairs):
    srcs = [[*bundle.src_subword.encode(pair.src), EOS_ID] for pair in pairs]
    return srcs, [bundle.tgt_subword.encode(pair.tgt) for pair in pairs]


def logps(bundle, srcs, tgts):
    batch = make_batch([src[:-1] for src in srcs], tgts, pad_id=PAD_ID, bos_id=BOS_ID, eos_id=EOS_ID)
    with torch.inference_mode():
        logp = bundle.model(batch.src, batch.tgt_in).log_softmax(-1)
    logp = logp.gather(2, batch.tgt_out[:, :, None])[:, :, 0]
    return [row[: len(tgt) + 1].tolist() for row, tgt in zip(logp, tgts, strict=True)]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_log_probabilities(make_bundle, engine_of, pairs, shape):
    bundle = make_bundle(**SHAPES[shape])
    srcs, tgts = ids(bundle, pairs)
    for found, expected in zip(engine_of(bundle).score(srcs, tgts), logps(bundle, srcs, tgts), strict=True):
        assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("beam", [1, 4])
@pytest.mark.parametrize("shape", ["pre-norm", "swish, output bias, two tables"])
def test_what_is_found_has_the_log_probability_that_is_said(make_bundle, engine_of, pairs, shape, beam):
    bundle = make_bundle(**SHAPES[shape])
    srcs, _ = ids(bundle, pairs[:10])
    limits = [len(src) + 3 for src in srcs]
    found = engine_of(bundle).search(srcs, limits, beam)
    assert any(h.finished for hypotheses in found for h in hypotheses)
    for src, limit, hypotheses in zip(srcs, limits, found, strict=True):
        for h in hypotheses:
            assert len(h.tokens) <= limit + (not h.finished)
            assert not set(h.tokens) & set(BANNED)
            batch = make_batch([src[:-1]], [h.tokens], pad_id=PAD_ID, bos_id=BOS_ID, eos_id=EOS_ID)
            with torch.no_grad():
                logits = bundle.model(batch.src, batch.tgt_in)[0]
            logits[:, list(BANNED)] = float("-inf")
            out = [*h.tokens, EOS_ID][: len(h.tokens) + h.finished]
            logp = logits.log_softmax(-1)[torch.arange(len(out)), out].sum()
            assert h.logp == pytest.approx(float(logp), abs=1e-3)


@pytest.mark.parametrize("positions", ["sinusoidal", "rotary"])
def test_greedy_search_finds_the_same(make_bundle, engine_of, pairs, positions):
    bundle = make_bundle(norm="pre", positions=positions)
    srcs, _ = ids(bundle, pairs)
    config = bundle.config.decode.model_copy(update={"beam": 1, "max_extra": 3})
    ours = Translator(bundle).search(srcs, config)
    found = engine_of(bundle).search(srcs, [len(src) - 1 + 3 for src in srcs], 1)
    for (expected,), (h,) in zip(ours, found, strict=True):
        assert (h.tokens[: len(expected.tokens)], h.finished) == (expected.tokens, expected.finished)


def test_several_searches_can_be_begun_before_one_is_waited_for(make_bundle, engine_of, pairs):
    bundle = make_bundle(norm="pre")
    engine = engine_of(bundle, threads=2)
    srcs, _ = ids(bundle, pairs[:24])
    limits = [len(src) + 3 for src in srcs]
    begun = [engine.begin(srcs[i : i + 8], limits[i : i + 8], 4) for i in (0, 8, 16)]
    found = [finish() for finish in reversed(begun)]
    assert [h.tokens for part in reversed(found) for (h, *_) in part] == [
        h.tokens for (h, *_) in engine.search(srcs, limits, 4)
    ]


def test_a_lone_sentence_is_what_it_is_among_others(make_bundle, engine_of, pairs):
    """Also while it is tried whether one thread or several are quicker."""
    bundle = make_bundle(norm="pre")
    engine = engine_of(bundle, threads=2)
    srcs, _ = ids(bundle, pairs[: FIRST + 3])
    limits = [len(src) + 3 for src in srcs]
    together = engine.search(srcs, limits, 4)
    for src, limit, expected in zip(srcs, limits, together, strict=True):
        (found,) = engine.search([src], [limit], 4)
        assert (found[0].tokens, found[0].finished) == (expected[0].tokens, expected[0].finished)
        assert found[0].logp == pytest.approx(expected[0].logp, abs=1e-4)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("n", [0, 1, 4, 60, 2000])
def test_batches_hold_every_source_once_and_keep_all_threads_busy(make_bundle, engine_of, n, threads):
    engine = engine_of(make_bundle(norm="pre"), threads=threads)
    srcs = [[7] * (3 + i % 11) for i in range(n)]
    batches = engine.batches(srcs, 4)
    assert sorted(i for batch in batches for i in batch) == list(range(n))
    assert len(batches) >= min(n, threads)
    sizes = [len(batch) * max((len(srcs[i]) for i in batch), default=0) for batch in batches]
    assert max(sizes, default=0) * 4 <= export.MAX_TOKENS


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ({"qk_norm": True}, "qk_norm = true"),
        ({"d_key": 6}, "d_key = 6"),
        ({"scoring": "additive"}, 'scoring = "additive"'),
    ],
)
def test_a_shape_that_it_does_not_know(make_bundle, tmp_path, setting, name):
    with pytest.raises(ConfigError, match=f"model.{name}: CTranslate2 has no"):
        export.convert(make_bundle(**setting), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("positions", ["none", "relative"])
def test_positions_that_are_not_added(make_bundle, tmp_path, positions):
    with pytest.raises(ConfigError, match=f'model.positions = "{positions}": this export adds positions'):
        export.convert(make_bundle(positions=positions), tmp_path)
    assert not list(tmp_path.iterdir())


def test_not_installed(make_bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "is_installed", lambda: False)
    with pytest.raises(ConfigError, match="is not installed") as error:
        export.convert(make_bundle(), tmp_path)
    assert "pip install 'crosslight[fast]'" in error.value.cure


def test_int8_is_near_and_small(make_bundle, engine_of, pairs, tmp_path):
    shape = {"norm": "pre", "d_model": 128, "d_ff": 512}
    bundle = make_bundle(**shape)
    srcs, tgts = ids(bundle, pairs)
    found = engine_of(bundle, "int8").score(srcs, tgts)
    expected = logps(bundle, srcs, tgts)
    differences = [a - b for x, y in zip(found, expected, strict=True) for a, b in zip(x, y, strict=True)]
    assert sum(map(abs, differences)) / len(differences) < 0.3  # of outputs that the model finds unlikely
    engine_of(bundle)
    sizes = [(tmp_path / kind / "model.bin").stat().st_size for kind in ("int8", "float32")]
    assert sizes[0] < 0.5 * sizes[1]  # the table of positions stays as it is


def test_quantization_leaves_the_bundle_as_it_was(make_bundle, tmp_path):
    bundle = make_bundle()
    before = {name: p.clone() for name, p in bundle.model.named_parameters()}
    export.convert(bundle, tmp_path, "int8")
    assert all(torch.equal(before[name], p) for name, p in bundle.model.named_parameters())
