"""A MarianMT checkpoint as a bundle: transformers' own logits and outputs, with real SentencePiece files."""

import io
import json
import shutil

import pytest
import sentencepiece
import torch

from crosslight.bundle import load_bundle
from crosslight.data.batch import pad
from crosslight.decode.translator import Translator
from crosslight.errors import BundleError, ExportError
from crosslight.export import huggingface
from crosslight.export.marian_checkpoint import arranged, read_marian
from crosslight.text.piece_model import BYTE, CONTROL, PieceModel
from crosslight.text.subword import EOS_ID, PAD_ID, Subword

transformers = pytest.importorskip("transformers")


def spm(lines: list[str], kind: str, size: int) -> bytes:
    """As OPUS-MT's: unknown, begin, end at 0, 1, 2, no padding, the library's own normalization."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=model, model_type=kind, vocab_size=size,
        hard_vocab_limit=False, minloglevel=2, num_threads=1,
    )  # fmt: skip
    return model.getvalue()


def write_opus(folder, pairs, kind: str, **changes) -> None:
    """A checkpoint as OPUS-MT has them: one table of both languages, the end first, padding last."""
    folder.mkdir()
    sides = [pair.src for pair in pairs], [pair.tgt for pair in pairs]
    files = [spm(side, kind, size) for side, size in zip(sides, (150, 130), strict=True)]
    texts = [[p.text for p in PieceModel.from_bytes(data).pieces[3:]] for data in files]
    dropped = texts[0][-5]  # a piece of the source that the table does not have
    rest = sorted({text for side in texts for text in side} - {dropped}, key=lambda text: text[::-1])
    vocabulary = {text: i for i, text in enumerate(["</s>", "<unk>", *rest, "<pad>"])}
    pad_id = vocabulary["<pad>"]
    torch.manual_seed(7)
    config = transformers.MarianConfig(**{
        "vocab_size": len(vocabulary), "d_model": 32, "encoder_layers": 2, "decoder_layers": 2,
        "encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 48,
        "decoder_ffn_dim": 48, "activation_function": "swish", "scale_embedding": True,
        "pad_token_id": pad_id, "eos_token_id": 0, "decoder_start_token_id": pad_id,
        "forced_eos_token_id": None, "max_position_embeddings": 128, **changes,
    })  # fmt: skip
    model = transformers.MarianMTModel(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "embed_positions" not in name:
                parameter.add_(0.15 * torch.randn_like(parameter))
        model.final_logits_bias.normal_(0, 0.3)
        model.final_logits_bias[:, 0] += 1.0
    model.generation_config.bad_words_ids = [[pad_id]]
    model.generation_config.num_beams = 3
    model.save_pretrained(folder)
    (folder / "source.spm").write_bytes(files[0])
    (folder / "target.spm").write_bytes(files[1])
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"source_lang": "fr", "target_lang": "en", "tokenizer_class": "MarianTokenizer"})
    )


@pytest.fixture(scope="module", params=["unigram", "bpe"])
def opus(request, pairs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("opus") / "opus-mt-fr-en"
    write_opus(folder, pairs, request.param)
    return folder


def test_the_logits_are_those_of_transformers(opus, pairs):
    bundle = read_marian(opus)
    theirs = transformers.MarianMTModel.from_pretrained(opus)
    tokenizer = transformers.MarianTokenizer.from_pretrained(opus)
    rows = arranged(
        tokenizer.encoder, theirs.config.vocab_size, theirs.config.to_dict(),
        [PieceModel.from_bytes((opus / name).read_bytes()) for name in ("source.spm", "target.spm")],
    )  # fmt: skip
    to_theirs = torch.tensor([row.theirs for row in rows])
    texts = [pair.src for pair in pairs]
    srcs = [[*bundle.src_subword.encode(text), EOS_ID] for text in texts]
    assert [to_theirs[src].tolist() for src in srcs] == tokenizer(texts)["input_ids"]
    assert any(rows[i].is_silent for src in srcs for i in src if i != 2)  # the dropped piece
    tgts = [bundle.tgt_subword.encode(pair.tgt) for pair in pairs]
    wanted = tokenizer(text_target=[pair.tgt for pair in pairs])["input_ids"]
    assert [[*to_theirs[tgt].tolist(), 0] for tgt in tgts] == wanted
    src, tgt = pad(srcs, PAD_ID), pad([[2, *t] for t in tgts], PAD_ID)
    keep = torch.tensor([i for i, row in enumerate(rows) if not row.is_silent])
    with torch.no_grad():
        logp = bundle.model(src, tgt).log_softmax(-1)
        expected = theirs(
            input_ids=to_theirs[src], attention_mask=(src != PAD_ID).long(), decoder_input_ids=to_theirs[tgt]
        ).logits.log_softmax(-1)
    real = tgt != PAD_ID
    torch.testing.assert_close(logp[real][:, keep], expected[real][:, to_theirs[keep]], atol=1e-4, rtol=0)


def test_greedy_token_for_token_and_text_for_text(opus, pairs, tmp_path, command):
    assert command("import", opus, "-o", tmp_path / "bundle").code == 0
    bundle = load_bundle(tmp_path / "bundle")
    assert (bundle.facts.src_lang, bundle.facts.tgt_lang, bundle.config.decode.beam) == ("fr", "en", 3)
    model = transformers.MarianMTModel.from_pretrained(opus)
    tokenizer = transformers.MarianTokenizer.from_pretrained(opus)
    texts = [pair.src for pair in pairs[:20]]
    batch = tokenizer(texts, return_tensors="pt", padding=True)
    unk = tokenizer.unk_token_id  # which a bundle never writes
    banned = [[tokenizer.pad_token_id], [unk]]
    out = model.generate(**batch, num_beams=1, max_new_tokens=12, max_length=None, bad_words_ids=banned)
    expected = tokenizer.batch_decode(out, skip_special_tokens=True)
    config = bundle.config.decode.model_copy(update={"beam": 1, "max_extra": 40})
    translator = Translator(bundle)
    srcs = [[*bundle.src_subword.encode(text), EOS_ID] for text in texts]
    found = [h.tokens[:12] for (h,) in translator.search(srcs, config)]
    pieces = [bundle.tgt_subword.pieces(tokens) for tokens in found]
    written = [tokenizer.convert_ids_to_tokens(row[1:].tolist()) for row in out]
    wanted = [[piece for piece in row if piece not in ("<pad>", "</s>")] for row in written]
    for ours, theirs in zip(pieces, wanted, strict=True):
        assert ours == theirs
    assert any(wanted)
    if tokenizer.spm_target.get_score(5) % 1:  # byte-pair models do not write the other language's pieces
        assert [bundle.tgt_subword.decode(tokens).strip() for tokens in found] == expected


@pytest.mark.parametrize("shape", [{}, {"activation": "swish", "output_bias": True, "attention_bias": True},
                                   {"tie": "two"}, {"tie": "none", "output_bias": True}])  # fmt: skip
def test_exported_and_read_back_it_is_the_same_model(make_bundle, tmp_path, shape):
    bundle = make_bundle(**shape)
    huggingface.convert(bundle, tmp_path, [0, 1, 2])
    again = read_marian(tmp_path)
    before = dict(bundle.model.named_parameters())
    after = dict(again.model.named_parameters())
    assert list(before) == list(after)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert again.config.model.model_copy(update={"dropout": 0.1}) == bundle.config.model
    assert again.config.decode.alpha == bundle.config.decode.alpha
    texts = ["Le chat dort.", "été 🐈 \t x"]
    for text in texts:
        assert again.src_subword.encode(text) == bundle.src_subword.encode(text)
        assert again.tgt_subword.decode(again.tgt_subword.encode(text)) == text


def test_the_pickled_form_is_read_without_unpickling(opus, tmp_path):
    folder = tmp_path / "old"
    shutil.copytree(opus, folder)
    (folder / "model.safetensors").unlink()
    torch.save(transformers.MarianMTModel.from_pretrained(opus).state_dict(), folder / "pytorch_model.bin")
    before, after = (dict(read_marian(f).model.named_parameters()) for f in (opus, folder))
    assert all(torch.equal(before[name], after[name]) for name in before)
    torch.save({"x": print}, folder / "pytorch_model.bin")
    with pytest.raises(BundleError, match="cannot be read"):
        read_marian(folder)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"activation_function": "gelu"}, ExportError, "activation_function = 'gelu'"),
        ({"scale_embedding": False}, ExportError, "scale_embedding = False"),
        ({"model_type": "bart"}, ExportError, "model_type = 'bart', expected 'marian'"),
        ({"decoder_ffn_dim": 7}, ExportError, "decoder_ffn_dim = 7, expected 48"),
        ({"d_model": None}, BundleError, "does not say what d_model is"),
        ({"pad_token_id": None}, BundleError, "does not say"),
    ],
)
def test_what_cannot_be_imported(opus, tmp_path, command, change, error, message):
    folder = tmp_path / "other"
    shutil.copytree(opus, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(error, match=message):
        read_marian(folder)
    result = command("import", folder, "-o", tmp_path / "bundle")
    assert (result.code, (tmp_path / "bundle").exists()) == (2, False)


@pytest.mark.parametrize("name", ["config.json", "vocab.json", "source.spm", "model.safetensors"])
def test_a_file_that_is_missing_or_damaged(opus, tmp_path, name):
    folder = tmp_path / "part"
    shutil.copytree(opus, folder)
    (folder / name).write_bytes(b"\xff\x00")
    with pytest.raises(BundleError):
        read_marian(folder)
    (folder / name).unlink()
    with pytest.raises(BundleError, match=name):
        read_marian(folder)


def test_several_target_languages(opus, tmp_path):
    folder = tmp_path / "many"
    shutil.copytree(opus, folder)
    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    (folder / "vocab.json").write_text(json.dumps({**vocabulary, ">>fra<<": 9}), encoding="utf-8")
    with pytest.raises(ExportError, match="several languages"):
        read_marian(folder)


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_a_piece_model_comes_back(pairs, kind):
    data = Subword.train([pair.src for pair in pairs], 330, kind=kind).to_bytes()
    model = PieceModel.from_bytes(data)
    assert model.is_unigram == (kind == "unigram")
    again = sentencepiece.SentencePieceProcessor(model_proto=model.to_bytes(model.pieces))
    before = sentencepiece.SentencePieceProcessor(model_proto=data)
    for text in [pair.src for pair in pairs]:
        assert again.encode(text) == before.encode(text)
    assert PieceModel.from_bytes(model.to_bytes(model.pieces)) == model
    for i, piece in enumerate(model.pieces):
        assert (piece.text, piece.score) == (before.id_to_piece(i), before.get_score(i))
        assert (piece.type == BYTE, piece.type == CONTROL) == (before.is_byte(i), before.is_control(i))
    with pytest.raises(BundleError, match="no SentencePiece model"):
        PieceModel.from_bytes(data[:100])
