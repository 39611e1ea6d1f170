"""Forced decoding, beginnings, ensembles and settings, through the translator."""

import itertools

import pytest
import torch

from crosslight.decode import translator as module
from crosslight.decode.translator import Translator
from crosslight.errors import ConfigError
from crosslight.text.subword import BOS_ID, EOS_ID, UNK_ID, Subword


def test_beam_scores_are_forced_scores(translator, pairs) -> None:
    """Against the model called by hand, in float64."""
    texts = [pair.src for pair in pairs[:8]]
    model = translator.bundle.model
    for text, found in zip(texts, translator.translate(texts, beam=3, n_best=3, alpha=0.0), strict=True):
        src = [*translator.bundle.src_subword.encode(text), EOS_ID]
        ids = {p: i for i, p in enumerate(translator.bundle.tgt_subword.pieces(range(380)))}
        for t in (found, *found.alternatives):
            tgt = [ids[piece] for piece in t.tokens]
            logits = model.double()(torch.tensor([src]), torch.tensor([[BOS_ID, *tgt]]))[0].detach()
            model.float()
            logits[:, list(translator.banned)] = float("-inf")
            expected = logits.log_softmax(-1)[torch.arange(len(tgt) + 1), torch.tensor([*tgt, EOS_ID])]
            ours = translator.score([src], [tgt])[0]
            assert ours == pytest.approx(expected.tolist(), abs=1e-5)
            if t.score > sum(ours[:-1]) - 1e-3 and t.log_probs is None and abs(t.score - sum(ours)) > 1e-4:
                continue  # broken off at the limit
            assert t.score == pytest.approx(sum(ours), abs=1e-5)


def test_a_model_of_float64_is_scored_in_float64_and_bans_what_is_said(make_bundle, pairs) -> None:
    """To 1e-12, which float32 would miss; an unknown piece counts where it is given."""
    translator = Translator(make_bundle())
    model, encode = translator.bundle.model.double(), translator.bundle.src_subword.encode
    for banned, tgt in itertools.product(
        [(), (5, UNK_ID), None], [encode(pairs[0].tgt), [*encode(pairs[1].tgt), UNK_ID]]
    ):
        src = [*encode(pairs[0].src), EOS_ID]
        logits = model(torch.tensor([src]), torch.tensor([[BOS_ID, *tgt]]))[0].detach()
        never = translator.banned if banned is None else banned
        logits[:, [token for token in never if token not in tgt]] = float("-inf")
        expected = logits.log_softmax(-1)[torch.arange(len(tgt) + 1), torch.tensor([*tgt, EOS_ID])]
        assert translator.score([src], [tgt], banned)[0] == pytest.approx(expected.tolist(), abs=1e-12)


def test_scores_do_not_depend_on_the_batch(translator, pairs) -> None:
    encode = translator.bundle.src_subword.encode
    srcs = [[*encode(pair.src), EOS_ID] for pair in pairs[:12]]
    tgts = [encode(pair.tgt) for pair in pairs[:12]]
    together = translator.score(srcs, tgts)
    for src, tgt, row in zip(srcs, tgts, together, strict=True):
        assert row == pytest.approx(translator.score([src], [tgt])[0], abs=1e-5)
        assert len(row) == len(tgt) + 1


@pytest.mark.parametrize("prefix", ["T", "The c", "The ", "I am no", "Où es", "zzz 7", "x", "🐈 a"])
@pytest.mark.parametrize("beam", [1, 4])
def test_a_translation_begins_as_it_must(translator, pairs, prefix: str, beam: int) -> None:
    texts = [pair.src for pair in pairs[:6]]
    for translation in translator.translate(texts, prefix=prefix, beam=beam):
        assert translation.text.startswith(prefix)


def test_a_given_beginning_of_ids(translator, pairs) -> None:
    prefix = translator.bundle.tgt_subword.encode("The cat")
    (found,) = translator.translate([pairs[0].src], prefix=prefix)
    assert found.tokens[: len(prefix)] == translator.bundle.tgt_subword.pieces(prefix)


def test_the_beginning_that_it_would_write_anyway(translator, pairs) -> None:
    for pair in pairs[:6]:
        (free,) = translator.translate([pair.src], beam=1)
        (led,) = translator.translate([pair.src], beam=1, prefix=free.text[: len(free.text) // 2])
        if " " not in free.text.strip():
            continue
        assert led.text.startswith(free.text[: len(free.text) // 2])


@pytest.mark.parametrize("prefix", [[EOS_ID], [99999], "a\nb"])
def test_a_beginning_that_cannot_be(translator, prefix) -> None:
    with pytest.raises(ConfigError, match="cannot begin with"):
        translator.translate(["un"], prefix=prefix)


def test_a_beginning_for_two_sentences(translator) -> None:
    with pytest.raises(ConfigError, match="has 2 sentences"):
        translator.translate(["Un chat.\nUn chien."], prefix="a")


def test_an_ensemble_of_a_model_and_itself_is_the_model(make_bundle, pairs) -> None:
    texts = [pair.src for pair in pairs[:8]]
    one, two = Translator(make_bundle()), Translator(make_bundle(), partners=[make_bundle()])
    for a, b in zip(one.translate(texts, n_best=2), two.translate(texts, n_best=2), strict=True):
        assert (a.text, a.alternatives[0].text) == (b.text, b.alternatives[0].text)
        assert a.score == pytest.approx(b.score, abs=1e-5)


def test_an_ensemble_is_the_mean_of_its_members(make_bundle, pairs) -> None:
    a, b = make_bundle(3), make_bundle(4)
    both, swapped = Translator(a, partners=[b]), Translator(b, partners=[a])
    src, tgt = [*a.src_subword.encode(pairs[0].src), EOS_ID], a.tgt_subword.encode(pairs[0].tgt)
    logits = [x.model(torch.tensor([src]), torch.tensor([[BOS_ID, *tgt]]))[0].detach() for x in (a, b)]
    mean = sum(each.log_softmax(-1) for each in logits) / 2
    mean[:, list(both.banned)] = float("-inf")
    expected = mean.log_softmax(-1)[torch.arange(len(tgt) + 1), torch.tensor([*tgt, EOS_ID])]
    for translator in (both, swapped):
        assert translator.score([src], [tgt])[0] == pytest.approx(expected.tolist(), abs=1e-5)


def test_an_ensemble_needs_equal_vocabularies(make_bundle) -> None:
    other = Subword.train(["other words entirely"] * 9, 280)
    with pytest.raises(ConfigError, match="vocabularies of"):
        Translator(make_bundle(), partners=[make_bundle(own=other)])


def test_lengths(translator, pairs) -> None:
    texts = [pair.src for pair in pairs[:8]]
    assert all(len(t.tokens) >= 7 for t in translator.translate(texts, min_length=7))
    assert all(len(t.tokens) <= 2 for t in translator.translate(texts, max_length=2))
    with pytest.raises(ConfigError, match="min_length = 5 is above max_length = 3"):
        translator.translate(texts, min_length=5, max_length=3)


def test_more_alternatives_than_the_beam_that_was_chosen(translator) -> None:
    with pytest.raises(ConfigError, match="n_best is 3, but a beam of 2"):
        translator.translate(["un"], beam=2, n_best=3)


def test_a_beam_that_nobody_chose_is_as_wide_as_the_alternatives(make_bundle, pairs, monkeypatch) -> None:
    """What is found, and how many rows go through the model at a time, is as with that beam named."""
    texts = [pair.src for pair in pairs[:12]]
    bundle = make_bundle(beam=2, max_tokens_per_batch=64)
    translator, sizes = Translator(bundle), []
    start = bundle.model.start
    monkeypatch.setattr(bundle.model, "start", lambda src: sizes.append(tuple(src.shape)) or start(src))

    def found(**settings):
        sizes.clear()
        best = translator.translate(texts, **settings)
        return [[(t.text, t.score) for t in (b, *b.alternatives)] for b in best], list(sizes)

    wide = found(n_best=6, beam=6)
    assert found(n_best=6) == wide
    assert found(n_best=2) == found(n_best=2, beam=2) != wide
    assert all(rows * width * 6 <= 64 or rows == 1 for rows, width in wide[1])
    drawn = {"temperature": 1.0, "beam": 2}  # without a beam, so that none is too narrow
    assert [len(ways) for ways in found(n_best=3, **drawn)[0]] == [3] * len(texts)


def test_a_loop_is_marked_and_cut(make_bundle) -> None:
    bundle = make_bundle()
    with torch.no_grad():
        bundle.model.decoder_norm.bias.zero_()
        bundle.model.decoder_norm.weight.zero_()
        bundle.model.decoder_norm.bias.add_(9 * bundle.model.output.table.weight[300])
    translator = Translator(bundle)
    (found,) = translator.translate(["Un chat dort dans la maison."], beam=1)
    assert found.looped
    assert len(set(found.tokens)) == 1
    (cut,) = translator.translate(["Un chat dort dans la maison."], beam=1, cut_loops=True)
    assert cut.looped
    assert cut.tokens == found.tokens[:1]


def test_another_engine_searches_while_the_next_texts_are_encoded(make_bundle, pairs, monkeypatch) -> None:
    """Everything is begun before anything is waited for; what it finds none for is left to torch."""
    monkeypatch.setattr(module, "AT_ONCE", 4)
    plain, events = Translator(make_bundle()), []

    def begin(srcs, config, n_best):
        events.append("begun")

        def finish():
            events.append("waited for")
            return [plain.search([src], config, n_best)[0] if len(src) % 2 else None for src in srcs]

        return finish

    texts = [*(pair.src for pair in pairs[:10]), "", pairs[0].src]
    found = Translator(make_bundle(), fast_search=begin).translate(texts, beam=2, n_best=2)
    assert events == ["begun"] * 3 + ["waited for"] * 3
    for a, b in zip(found, plain.translate(texts, beam=2, n_best=2), strict=True):
        assert (a.text, a.tokens, a.parts) == (b.text, b.tokens, b.parts)
        assert [t.text for t in a.alternatives] == [t.text for t in b.alternatives]
        assert a.score == pytest.approx(b.score, abs=1e-5)
