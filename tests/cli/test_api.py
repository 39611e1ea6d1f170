"""The Python interface: `crosslight.load(...).translate([...])`."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch

import crosslight
from crosslight.data.batch import make_batch
from crosslight.errors import ConfigError
from crosslight.models.build import build_model
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID


@pytest.fixture(scope="module")
def translator(tiny_run):
    return crosslight.load(tiny_run)


@pytest.fixture(scope="module")
def sentences(toy) -> list[str]:
    lines = toy.pairs.read_text(encoding="utf-8").splitlines()[:200]
    return [line.split("\t")[0] for line in lines]


def test_a_translation_has_text_score_and_tokens(translator):
    (translation,) = translator.translate(["Un chat dort."])
    assert str(translation) == translation.text
    assert translation.src == "Un chat dort."
    assert translation.score < 0
    assert "".join(translation.tokens).replace("▁", " ").strip() == translation.text.strip()
    assert translation.attention is None
    assert translation.alternatives == ()


def test_line_breaks_and_blanks_within_a_text_are_kept(translator):
    first, second = (t.text for t in translator.translate(["Un chat.", "Un chien."]))
    (both,) = translator.translate(["  Un chat.\n\n Un chien.\n"])
    assert both.text == f"  {first}\n\n {second}\n"


def test_alternatives_are_translations_too(translator):
    (best,) = translator.translate(["Un chat dort."], n_best=3)
    assert len(best.alternatives) == 2
    ranked = [best, *best.alternatives]
    assert [t.score for t in ranked] == sorted((t.score for t in ranked), reverse=True)
    assert len({t.text for t in ranked}) == 3
    assert all(t.src == best.src and t.tokens for t in ranked)
    assert translator.translate(["Un chat dort."], beam=4)[0].text == best.text


def test_attention_is_that_of_the_recording(translator):
    """The inspection against the model run by hand on the same tokens."""
    (translation,) = translator.translate(["Un chat dort."], attention=True)
    bundle = translator.bundle
    src = bundle.src_subword.encode("Un chat dort.")
    ids = {bundle.tgt_subword.pieces([i])[0]: i for i in range(bundle.tgt_subword.vocab_size)}
    tgt = [ids[piece] for piece in translation.tokens]
    batch = make_batch([src], [tgt], pad_id=PAD_ID, bos_id=BOS_ID, eos_id=EOS_ID)
    with torch.inference_mode(), crosslight.record_attention(bundle.model) as recording:
        bundle.model(batch.src, batch.tgt_in)
    cross = [recording[f"decoder_layers.{layer}.cross_attention"][-1][0].numpy() for layer in range(2)]
    np.testing.assert_array_equal(translation.attention.cross.weights, np.stack(cross))
    assert translation.attention.tgt_text == translation.text
    assert translation.attention.src_tokens == [*bundle.src_subword.pieces(src), "</s>"]


@pytest.mark.parametrize("text", ["", " \n", "Un chat.\nUn chien."])
def test_no_attention_for_what_is_not_one_sentence(translator, text):
    assert translator.translate([text], attention=True)[0].attention is None


@pytest.mark.parametrize("beam", [1, 4])
def test_neighbors_in_the_batch_change_nothing(translator, sentences, beam):
    """Texts are compared, not last bits: a batch of another shape may sum in another order."""

    def texts(order: list[int], **settings) -> list[str]:
        found = translator.translate([sentences[i] for i in order], beam=beam, max_extra=2, **settings)
        return [t.text for t in found]

    order = list(range(len(sentences)))
    expected = texts(order)
    assert len(set(expected)) > 20
    for tokens_a_batch in (150, 100_000):  # some ten sentences, and all of them
        random.Random(tokens_a_batch).shuffle(order)
        found = texts(order, max_tokens_per_batch=tokens_a_batch * beam)
        assert found == [expected[i] for i in order]
    for i in order[:5]:
        assert texts([i]) == [expected[i]]


def test_a_typed_line_is_answered_before_the_next(translator):
    from crosslight.tasks.translate import translate_lines

    read = []

    def typed():
        for line in ("Un chat.", "Un chien."):
            read.append(line)
            yield line

    answers = translate_lines(translator, typed(), at_once=1, beam=1)
    assert next(answers).src == "Un chat."
    assert read == ["Un chat."]
    assert next(answers).src == "Un chien."


def test_a_model_of_few_learned_positions_takes_any_length(translator):
    """Its table of positions ends at 24; sources are cut and outputs end before."""
    bundle = translator.bundle
    shape = bundle.config.model.model_copy(update={"positions": "learned", "max_positions": 24})
    model = build_model(shape, bundle.src_subword.vocab_size, bundle.tgt_subword.vocab_size)
    config = bundle.config.model_copy(update={"model": shape})
    learned = crosslight.Translator(replace(bundle, config=config, model=model))
    for text in ("Un chat dort. " * 20, "x" * 300, "😀" * 60):
        assert "".join(part for part, _ in learned.split(text)) == text
        for beam in (1, 3):
            assert learned.translate([text], beam=beam)[0].text


def test_threads_change_nothing(tiny_run, translator, sentences):
    several = crosslight.load(tiny_run, threads=3)
    alone = [t.text for t in translator.translate(sentences[:60])]
    assert [t.text for t in several.translate(sentences[:60])] == alone


def test_a_text_instead_of_a_list(translator):
    with pytest.raises(TypeError, match="takes a list of texts"):
        translator.translate("Un chat.")


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"n_best": 0}, "n_best is 0"), ({"beam": 0}, "beam = 0"), ({"beams": 2}, "did you mean beam?")],
)
def test_settings_that_cannot_be(translator, settings, message):
    with pytest.raises(ConfigError, match=message.replace("?", r"\?")):
        translator.translate(["Un chat."], **settings)


def test_no_texts(translator):
    assert translator.translate([]) == []


def test_public_names():
    assert all(getattr(crosslight, name) is not None for name in crosslight.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = crosslight.nothing
