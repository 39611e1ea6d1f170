"""Subwords: any text comes back, ids are stable, sampling is a function of its arguments."""

import io
import random
import subprocess
import sys
import unicodedata

import pytest
import sentencepiece
from hypothesis import example, given
from hypothesis import strategies as st

from crosslight.errors import BundleError, ConfigError, CorpusError
from crosslight.text import subword as subword_module
from crosslight.text.subword import (
    BOS_ID,
    EOS_ID,
    PAD_ID,
    SPECIAL_IDS,
    UNK_ID,
    Kind,
    Subword,
    normalized,
)
from crosslight.text.vocab_size import choose_vocab_size

ANIMALS = ["cat", "dog", "horse", "bird", "fish", "élan", "Bär"]
LINES = [
    f"The {adjective} {animal} {verb} near the {place}, doesn't it ?"
    for adjective in ("small", "old", "grey", "friendly")
    for animal in ANIMALS
    for verb in ("sleeps", "walks", "is sitting")
    for place in ("house", "river", "mountains")
]
SIZES: dict[Kind, int] = {"bpe": 420, "unigram": 300}
MODELS: dict[Kind, Subword] = {kind: Subword.train(LINES, size, kind=kind) for kind, size in SIZES.items()}
BPE = MODELS["bpe"]

both_kinds = pytest.mark.parametrize("kind", ["bpe", "unigram"])
any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\u2581"))
# Text near to what the model knows, so that its pieces are met, with odd blanks between.
known_text = st.lists(st.sampled_from([*ANIMALS, *" \t\n\r.,", "  ", "\u00a0", "the", "sleeps", "🐈"])).map(
    "".join
)


# --- there and back -------------------------------------------------------------------------


@both_kinds
@given(text=any_text | known_text)
def test_any_text_comes_back_up_to_nfc(kind: Kind, text: str) -> None:
    ids = MODELS[kind].encode(text)
    assert MODELS[kind].decode(ids) == unicodedata.normalize("NFC", text)
    assert not set(ids) & set(SPECIAL_IDS)


@both_kinds
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "   ",
        " a  b   ",
        "a\tb\nc\r\nd",
        "a\u00a0b\u202fc\u3000d\u2028e",
        "\0 \x01\x7f\x85\ufeff",
        "日本語とไทยและ한국어",
        "👨‍👩‍👧 🏳️‍🌈 👍🏽 🇫🇷",
        "می‌خواهم",
        "ＡＢＣ ½ ﬁ … №",
        "<s> </s> <unk> <pad> <0x41>",
        "\U0010ffff\ue000\ufffd",
    ],
)
def test_what_other_normalizations_lose(kind: Kind, text: str) -> None:
    assert MODELS[kind].decode(MODELS[kind].encode(text)) == text


def test_the_stated_normalization() -> None:
    assert normalized("e\u0301") == "é"
    assert BPE.encode("Ba\u0308r") == BPE.encode("Bär")
    assert BPE.decode(BPE.encode("a▁b")) == normalized("a▁b") == "a b"
    assert BPE.decode(BPE.encode("a\ud800b\udc00")) == "a\ufffdb\ufffd"
    assert normalized("\ud83d\udc08") == "🐈"


@given(st.text())
def test_normalizing_twice_is_normalizing_once(text: str) -> None:
    assert normalized(normalized(text)) == normalized(text)


def test_unseen_characters_are_spelled_in_bytes() -> None:
    cat = "猫"
    pieces = BPE.pieces(BPE.encode(cat))
    assert pieces == ["▁", *(f"<0x{byte:02X}>" for byte in cat.encode())]


def test_without_byte_fallback_the_unseen_is_unknown() -> None:
    subword = Subword.train(LINES, 100, byte_fallback=False)
    ids = subword.encode("cat 猫 dog")
    assert ids.count(UNK_ID) == 1
    assert subword.decode(ids) == "cat  dog"


def test_halves_of_characters_decode_to_a_sign() -> None:
    ids = BPE.encode("a 猫")
    assert BPE.decode(ids[:-1]) == "a \ufffd\ufffd"


# --- ids ----------------------------------------------------------------------------------------


def test_special_ids_say_nothing() -> None:
    assert (PAD_ID, UNK_ID, BOS_ID, EOS_ID) == SPECIAL_IDS == (0, 1, 2, 3)
    ids = BPE.encode("The cat sleeps.")
    woven = [BOS_ID, PAD_ID, *(i for pair in ((i, PAD_ID) for i in ids) for i in pair), UNK_ID, EOS_ID]
    assert BPE.decode(woven) == "The cat sleeps."
    assert BPE.decode(SPECIAL_IDS) == BPE.decode([]) == ""
    assert BPE.pieces(SPECIAL_IDS) == ["<pad>", "<unk>", "<s>", "</s>"]


def test_ids_outside_the_vocabulary() -> None:
    for reader in (BPE.decode, BPE.pieces, BPE.words):
        with pytest.raises(IndexError):
            reader([BPE.vocab_size])
    with pytest.raises(IndexError):
        BPE.pieces([-1])


@both_kinds
@given(texts=st.lists(any_text | known_text))
def test_a_batch_is_its_texts(kind: Kind, texts: list[str]) -> None:
    assert MODELS[kind].encode_batch(texts) == [MODELS[kind].encode(text) for text in texts]


def test_known_words_are_single_pieces() -> None:
    assert BPE.pieces(BPE.encode("The horse walks")) == ["▁The", "▁horse", "▁walks"]


# --- words ------------------------------------------------------------------------------------


@both_kinds
@given(text=known_text | any_text)
@example(text="0\r\x0c")  # a form feed is a character like any other, though Python strips it
def test_words_are_those_between_blanks(kind: Kind, text: str) -> None:
    subword = MODELS[kind]
    ids = subword.encode(text)
    groups = subword.words(ids)
    assert [i for group in groups for i in group] == list(range(len(ids)))
    spelled = [subword.decode([ids[i] for i in group]).strip(" \t\n\r") for group in groups]
    blanks = str.maketrans("\t\n\r", "   ")
    # An empty group stands for a text of blanks only.
    assert [word for word in spelled if word] == [
        w for w in normalized(text).translate(blanks).split(" ") if w
    ]
    assert len(groups) <= max(1, len(spelled))


@pytest.mark.parametrize(
    ("text", "words"),
    [("", 0), (" ", 1), ("cat", 1), ("cat dog", 2), (" cat  dog ", 2), ("cat\tdog\nfish", 3), ("🐈🐕 🐈", 2)],
)
def test_the_number_of_words(text: str, words: int) -> None:
    assert len(BPE.words(BPE.encode(text))) == words


def test_special_ids_belong_to_no_word() -> None:
    ids = BPE.encode("cat dog")
    assert [i for group in BPE.words([BOS_ID, *ids, EOS_ID, PAD_ID]) for i in group] == list(
        range(1, 1 + len(ids))
    )


# --- sampling ---------------------------------------------------------------------------------


@both_kinds
def test_sampling_depends_on_its_arguments_only(kind: Kind) -> None:
    subword = MODELS[kind]
    first = subword.sample_batch(LINES[:20], 0.2, seed=5)
    other = subword.sample_batch(LINES[:20], 0.2, seed=6)
    subword.encode_batch(LINES)
    MODELS["bpe"].sample_batch(LINES[3:9], 0.5, seed=5)
    random.seed(9)
    assert subword.sample_batch(LINES[:20], 0.2, seed=5) == first
    assert first != other
    assert Subword.from_bytes(subword.to_bytes()).sample_batch(LINES[:20], 0.2, seed=5) == first


@both_kinds
def test_sampling_is_the_same_in_another_process(kind: Kind) -> None:
    # sentencepiece's own sampling is not: it mixes a number of the operating system into its seed.
    code = (
        "from crosslight.text.subword import Subword; import sys;"
        "subword = Subword.from_bytes(sys.stdin.buffer.read());"
        "print(subword.sample_batch(['The friendly horse walks'] * 9, 0.3, 11))"
    )
    model = MODELS[kind]
    run = subprocess.run(
        [sys.executable, "-c", code], input=model.to_bytes(), capture_output=True, check=True
    )
    assert run.stdout.decode().strip() == str(model.sample_batch(["The friendly horse walks"] * 9, 0.3, 11))


@both_kinds
@given(text=any_text | known_text, seed=st.integers(), alpha=st.floats(0, 1))
def test_a_sample_says_the_same(kind: Kind, text: str, seed: int, alpha: float) -> None:
    (ids,) = MODELS[kind].sample_batch([text], alpha, seed)
    assert MODELS[kind].decode(ids) == normalized(text)


@both_kinds
def test_sampling_varies_each_text_and_zero_is_off(kind: Kind) -> None:
    subword = MODELS[kind]
    spellings = {tuple(ids) for ids in subword.sample_batch(["The friendly horse walks"] * 50, 0.3, 0)}
    assert len(spellings) > 5
    assert subword.sample_batch(LINES, 0, 1) == subword.encode_batch(LINES)


def test_bpe_dropout_drops_as_many_merges_as_told() -> None:
    # With every merge dropped a text is spelled in characters: one for each, and the leading blank.
    text = "The horse"
    assert list(map(len, BPE.sample_batch([text], 1, 0))) == [len(text) + 1]
    lengths = [sum(map(len, BPE.sample_batch(LINES, alpha, 0))) for alpha in (0, 0.1, 0.5, 1)]
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[1] < 1.5 * lengths[0]


@pytest.mark.parametrize("alpha", [-0.1, 1.5, float("nan")])
def test_alpha_out_of_range(alpha: float) -> None:
    with pytest.raises(ConfigError, match=f"alpha is {alpha}, expected a number from 0 to 1"):
        BPE.sample_batch(["x"], alpha, 0)


# --- training -----------------------------------------------------------------------------------


@both_kinds
def test_training_is_deterministic_and_streams(kind: Kind) -> None:
    assert Subword.train(iter(LINES), SIZES[kind], kind=kind).to_bytes() == MODELS[kind].to_bytes()


@both_kinds
def test_the_size_is_the_one_asked_for_where_possible(kind: Kind) -> None:
    assert MODELS[kind].vocab_size == SIZES[kind]
    largest = Subword.train(LINES, 100_000, kind=kind)
    assert SIZES[kind] < largest.vocab_size < 1000
    assert largest.decode(largest.encode(LINES[0])) == LINES[0]


@pytest.mark.parametrize("vocab_size", [280, 4, 1])
def test_a_size_too_small_for_the_characters(vocab_size: int) -> None:
    with pytest.raises(ConfigError, match=f"vocab_size is {vocab_size}, but the special ids") as error:
        Subword.train(LINES, vocab_size, character_coverage=1.0)
    # The cure holds: one more than the size it names is enough, that size is the bare minimum.
    named = int(error.value.message.split()[-1])
    assert Subword.train(LINES, named + 1, character_coverage=1.0).vocab_size == named + 1
    assert named == 4 + 256 + len(set("".join(LINES)))  # a blank is one of the characters


@pytest.mark.parametrize("lines", [[], ["", "  ", "\n"]])
def test_no_text_to_learn_from(lines: list[str]) -> None:
    with pytest.raises(CorpusError, match="no text to learn a vocabulary from"):
        Subword.train(lines, 300)


def test_rare_characters_leave_room_below_full_coverage() -> None:
    lines = [*LINES * 20, "猫"]
    assert "▁" in Subword.train(lines, 420, character_coverage=0.999).pieces(range(420))
    assert "猫" not in Subword.train(lines, 420, character_coverage=0.999).pieces(range(420))
    assert "猫" in Subword.train(lines, 420, character_coverage=1.0).pieces(range(420))


def test_of_many_lines_a_sample_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subword_module, "MAX_TRAINING_LINES", 20)
    lines = [f"common words {chr(0x3400 + i)}" for i in range(1000)]

    def characters(seed: int) -> set[str]:
        subword = Subword.train(lines, 400, seed=seed, character_coverage=1.0)
        return {piece for piece in subword.pieces(range(subword.vocab_size)) if piece >= "\u3400"}

    assert len(characters(1)) == 20  # one from each line that was used
    assert characters(1) == characters(1) != characters(2)


@pytest.mark.parametrize("line", ["a\0b\x01c", "a\tb", "x" * 100_000, "▅▁ ⁇", "\ud800"])
def test_odd_lines_do_not_stop_training(line: str) -> None:
    subword = Subword.train([*LINES, line], 420)
    assert subword.decode(subword.encode(line)) == normalized(line)


def test_training_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    Subword.train(LINES, 420)
    assert capfd.readouterr() == ("", "")


# --- bytes ------------------------------------------------------------------------------------


def test_bytes_come_back() -> None:
    again = Subword.from_bytes(BPE.to_bytes())
    assert again.to_bytes() == BPE.to_bytes()
    assert again.encode_batch(LINES) == BPE.encode_batch(LINES)
    assert again.vocab_size == BPE.vocab_size


def test_bytes_of_a_file_that_sentencepiece_reads(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "subword.model"
    path.write_bytes(BPE.to_bytes())
    processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
    assert processor.encode(LINES[5]) == BPE.encode(LINES[5])


@pytest.mark.parametrize("data", [b"", b"abc", BPE.to_bytes()[:500], BPE.to_bytes()[:-3], b"\0" * 999])
def test_damaged_bytes(data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BundleError, match=f"the {len(data)} bytes of the subword model|the .* bytes"):
        Subword.from_bytes(data)
    assert capfd.readouterr() == ("", "")


def test_a_model_with_other_special_ids() -> None:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES), model_writer=model, vocab_size=40, minloglevel=2
    )
    with pytest.raises(BundleError, match=r"pad, unk, bos, eos at \(-1, 0, 1, 2\), expected \(0, 1, 2, 3\)"):
        Subword.from_bytes(model.getvalue())


# --- how large --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n_pairs", "size"),
    [(0, 2000), (1, 2000), (10_000, 2000), (30_000, 4000), (125_000, 8000), (10**6, 16_000), (10**8, 32_000)],
)
def test_vocabulary_sizes_of_the_rule(n_pairs: int, size: int) -> None:
    assert choose_vocab_size(n_pairs, 10**6) == (size, f"{size:,} pieces suit {n_pairs:,} sentence pairs")


@given(st.integers(0, 10**8), st.integers(0, 10**8), st.integers(0, 10**6))
def test_the_rule_is_monotone_and_round(n_pairs: int, more_pairs: int, n_words: int) -> None:
    size, why = choose_vocab_size(n_pairs, n_words)
    assert size % 500 == 0
    assert 500 <= size <= max(500, n_words)
    assert f"{size:,}" in why
    assert choose_vocab_size(n_pairs + more_pairs, n_words)[0] >= size
    assert choose_vocab_size(n_pairs, n_words + more_pairs)[0] >= size


def test_few_words_bound_the_size() -> None:
    assert choose_vocab_size(10**6, 3_700) == (
        3500,
        "3,500 pieces, because the text has only 3,700 distinct words",
    )
