"""Text to token ids and back: the only door to the sentencepiece library.

A vocabulary of a few thousand *pieces* (frequent words and parts of words) spells every text: by
byte-pair merges (Sennrich et al. 2016) or by the most probable split under a unigram model
(Kudo 2018). What no piece covers is spelled in UTF-8 bytes, so nothing is ever unknown, and any text
comes back from its ids.

Raw text in, raw text out: ``decode(encode(text)) == normalized(text)``, where normalization only
composes accents (Unicode NFC: an e and a combining acute are é; no reader sees a difference). Runs of
blanks, tabs, no-break spaces, full-width letters and emoji sequences survive; sentencepiece's usual
``nmt_nfkc`` would change every one of them, in the translation as well as in the source.
"""

import io
import random
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import sentencepiece

from crosslight.errors import BundleError, ConfigError, CorpusError
from crosslight.text.corpus import sample_lines
from crosslight.text.spelling import Spell, bpe_dropout, unigram_sample, words_of

PAD_ID = 0
UNK_ID = 1
BOS_ID = 2
EOS_ID = 3
SPECIAL_IDS = (PAD_ID, UNK_ID, BOS_ID, EOS_ID)

Kind = Literal["bpe", "unigram"]

# The most lines a vocabulary is trained on: more make it no better and only cost memory.
MAX_TRAINING_LINES = 1_000_000
MAX_TRAINING_LINE_BYTES = 16_384

# The sign sentencepiece writes for a blank; it cannot tell the two apart afterwards.
BLANK_SIGN = "\u2581"
BLANKS = (b" ", b"\t", b"\n", b"\r")


class Subword:
    """A trained vocabulary; made by ``Subword.train`` or ``Subword.from_bytes``.

    >>> subword = Subword.train(["a small cat", "a small dog", "the cat"] * 9, vocab_size=290)
    >>> ids = subword.encode("a cat 🐈")
    >>> subword.pieces(ids)
    ['▁a', '▁cat', '▁', '<0xF0>', '<0x9F>', '<0x90>', '<0x88>']
    >>> subword.words(ids)
    [[0], [1], [2, 3, 4, 5, 6]]
    >>> subword.decode([BOS_ID, *ids, EOS_ID])
    'a cat 🐈'
    """

    def __init__(self, processor: sentencepiece.SentencePieceProcessor) -> None:
        self._processor = processor
        self._pieces = [processor.id_to_piece(i) for i in range(processor.get_piece_size())]
        self._surfaces = [_surface(processor, i) for i in range(len(self._pieces))]
        plain = [
            i
            for i in range(len(self._surfaces))
            if self._surfaces[i]
            and not (processor.is_byte(i) or processor.is_unused(i) or processor.is_control(i))
        ]
        self._scores = {processor.id_to_piece(i): processor.get_score(i) for i in plain}
        # Byte-pair pieces are ranked 0, -1, -2, ...; unigram pieces have logarithms of probabilities.
        is_bpe = all(score.is_integer() for score in self._scores.values())
        self._spell: Spell = bpe_dropout if is_bpe else unigram_sample

    @classmethod
    def train(
        cls,
        lines: Iterable[str],
        vocab_size: int,
        *,
        kind: Kind = "bpe",
        byte_fallback: bool = True,
        seed: int = 0,
        character_coverage: float = 0.9999,
    ) -> "Subword":
        """A vocabulary learned from lines of text; the same bytes for the same arguments.

        Of more than ``MAX_TRAINING_LINES`` lines a random sample is used, chosen by ``seed`` (which
        decides nothing else). A vocabulary larger than the text can fill becomes as large as it can
        be: see ``vocab_size`` of the result. Characters beyond ``character_coverage`` (a share of all
        running characters) get no piece of their own and are spelled in bytes, which also is how
        the bytes get any training; without ``byte_fallback`` they are unknown.

        Raises:
            ConfigError: ``vocab_size`` cannot hold the special ids, the bytes and the characters.
            CorpusError: there is no text in ``lines``.
        """
        with_text = (normalized(line) for line in lines if line.strip())
        sample = sample_lines(with_text, MAX_TRAINING_LINES, seed)
        if not sample:
            raise CorpusError(
                "there is no text to learn a vocabulary from: every line is empty",
                "check the training files, and what cleaning left of them",
            )
        model = io.BytesIO()
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(sample),
                model_writer=model,
                model_type=kind,
                # Below its special ids the library fails before it has counted what it needs.
                vocab_size=max(vocab_size, len(SPECIAL_IDS) + 1),
                hard_vocab_limit=False,
                byte_fallback=byte_fallback,
                character_coverage=character_coverage,
                normalization_rule_name="identity",
                remove_extra_whitespaces=False,
                add_dummy_prefix=True,
                max_sentence_length=MAX_TRAINING_LINE_BYTES,
                pad_id=PAD_ID,
                unk_id=UNK_ID,
                bos_id=BOS_ID,
                eos_id=EOS_ID,
                num_threads=1,  # the unigram estimate sums in another order with more
                minloglevel=2,
            )
        except RuntimeError as error:
            needed = re.search(r"smaller than required_chars\. -?\d+ vs (\d+)", str(error))
            if not needed:
                raise
            raise ConfigError(
                f"vocab_size is {vocab_size}, but the special ids, the bytes and the characters of this "
                f"text alone are {needed[1]}",
                f"set vocab_size above {needed[1]}, or lower character_coverage ({character_coverage})",
            ) from None
        return cls.from_bytes(model.getvalue())

    @classmethod
    def from_bytes(cls, data: bytes) -> "Subword":
        """The vocabulary that ``to_bytes`` wrote (the contents of a sentencepiece ``.model`` file).

        Raises:
            BundleError: the bytes are no such model, or its special ids are not ours.
        """
        processor = sentencepiece.SentencePieceProcessor()
        try:
            # The library takes empty bytes for a model, and then complains at every call.
            loaded = bool(data) and processor.load_from_serialized_proto(data)
        except RuntimeError:
            loaded = False
        if not loaded:
            raise BundleError(
                f"the {len(data):,} bytes of the subword model are not a sentencepiece model",
                "copy the bundle again; its file is damaged or incomplete",
            )
        ids = (processor.pad_id(), processor.unk_id(), processor.bos_id(), processor.eos_id())
        if ids != SPECIAL_IDS:
            raise BundleError(
                f"the subword model has pad, unk, bos, eos at {ids}, expected {SPECIAL_IDS}",
                "use a model that Subword.train made, or train sentencepiece with these ids",
            )
        return cls(processor)

    def to_bytes(self) -> bytes:
        """The whole vocabulary as bytes, in sentencepiece's own format."""
        return bytes(self._processor.serialized_model_proto())

    def __reduce__(self) -> tuple[Callable[[bytes], "Subword"], tuple[bytes]]:
        """To another process travel the bytes of the vocabulary."""
        return Subword.from_bytes, (self.to_bytes(),)

    @property
    def vocab_size(self) -> int:
        """How many ids there are, the special ones included."""
        return len(self._surfaces)

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without any special id; none for an empty text."""
        return list(self._processor.encode(normalized(text)))

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, as ``encode`` gives them, without Python's cost per call."""
        return list(self._processor.encode([normalized(text) for text in texts], num_threads=1))

    def sample_batch(self, texts: Sequence[str], alpha: float, seed: int) -> list[list[int]]:
        """The ids of each text in a random spelling; the same for the same arguments, always.

        Seeing words spelled in many ways is what makes a model robust. For a byte-pair vocabulary
        ``alpha`` is the probability that a merge is left out (BPE-dropout, Provilkov et al. 2020; 0.1
        is usual, 1 spells in characters); for a unigram one it is the power to which the
        probabilities of all spellings are raised (Kudo 2018; 0.1 to 0.5). For both, 0 is ``encode_batch``.

        Raises:
            ConfigError: ``alpha`` is not in 0 to 1.
        """
        if not 0 <= alpha <= 1:
            raise ConfigError(f"alpha is {alpha}, expected a number from 0 to 1", "0.1 is usual; 0 is off")
        if alpha == 0:
            return self.encode_batch(texts)
        chance = random.Random(seed)
        return [self._sample(text, alpha, chance) for text in texts]

    def _sample(self, text: str, alpha: float, chance: random.Random) -> list[int]:
        if not text:
            return []
        marked = BLANK_SIGN + normalized(text).replace(" ", BLANK_SIGN)
        ids: list[int] = []
        for word in words_of(marked):
            for piece in self._spell(word, self._scores, alpha, chance):
                ids += self._ids_of_piece(piece)
        # As the library does, a run of unknown characters is one unknown.
        return [i for i, before in zip(ids, [None, *ids], strict=False) if i != UNK_ID or before != UNK_ID]

    def _ids_of_piece(self, piece: str) -> list[int]:
        """The id of a piece, or the ids of the bytes of a character that has no piece."""
        if piece in self._scores:
            return [self._processor.piece_to_id(piece)]
        ids = [self._processor.piece_to_id(f"<0x{byte:02X}>") for byte in piece.encode()]
        return ids if UNK_ID not in ids else [UNK_ID]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; special ids (the unknown one too) say nothing.

        Bytes that make no UTF-8, as a model under training may write them, become U+FFFD.

        Raises:
            IndexError: an id is outside the vocabulary.
        """
        return str(self._processor.decode([int(i) for i in ids if i not in SPECIAL_IDS]))

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """How each id is written: ``▁`` is the blank before a word, ``<0xE2>`` a byte.

        Raises:
            IndexError: an id is outside the vocabulary.
        """
        wanted = [int(i) for i in ids]
        if min(wanted, default=0) < 0:
            raise IndexError(f"an id is {min(wanted)}")
        return [self._pieces[i] for i in wanted]

    def surfaces(self) -> list[bytes]:
        """What each id of the vocabulary writes, in UTF-8: nothing for special ids, one byte for a byte."""
        return list(self._surfaces)

    def words(self, ids: Iterable[int]) -> list[list[int]]:
        """Which ids make up each word: their positions, a list for each blank-separated word.

        Blanks belong to the word after them, at the end to the last word. Special ids belong to
        none. A piece is never divided, so words that share a piece are one group.

        Raises:
            IndexError: an id is outside the vocabulary.
        """
        groups: list[list[int]] = []
        starts_next = True  # the next piece begins a new group
        group_is_blank = False  # nothing but blanks in the last group so far
        for position, i in enumerate(ids):
            if i in SPECIAL_IDS:
                continue
            surface = self._surfaces[i]
            starts_next = starts_next or surface.startswith(BLANKS)
            if starts_next and not group_is_blank:
                groups.append([])
                group_is_blank = True
            groups[-1].append(position)
            group_is_blank = group_is_blank and not surface.strip(b"".join(BLANKS))
            starts_next = surface.endswith(BLANKS)
        if group_is_blank and len(groups) > 1:
            groups[-2:] = [groups[-2] + groups[-1]]
        return groups


def normalized(text: str) -> str:
    """The text that comes back from the ids of ``text``.

    Composed accents (NFC); ``▁`` (U+2581) is a blank; half of a surrogate pair, which no
    file can hold, is U+FFFD.

    >>> normalized("e\\u0301  ｅ\\u00a0\\t▁")
    'é  ｅ\\xa0\\t '
    """
    if text.isascii():
        return text
    if re.search("[\ud800-\udfff]", text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return unicodedata.normalize("NFC", text).replace(BLANK_SIGN, " ")


def _surface(processor: sentencepiece.SentencePieceProcessor, i: int) -> bytes:
    """What an id writes: nothing if special, one byte (perhaps of a longer character) if a byte piece."""
    if i in SPECIAL_IDS:
        return b""
    piece: str = processor.id_to_piece(i)
    if processor.is_byte(i):
        return bytes([int(piece[3:-1], 16)])
    return piece.replace(BLANK_SIGN, " ").encode()
