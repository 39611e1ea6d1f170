"""The pieces of a SentencePiece model, read and put in another order: what importing a vocabulary needs.

A model file is a protocol buffer (https://protobuf.dev/programming-guides/encoding/): fields, each a number
and a value. Field 1, repeated, is a piece: its text (1), its score (2) and its type (3). All other fields,
training and normalization, are kept byte for byte.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crosslight.errors import BundleError

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
UNIGRAM = 1  # a `model_type` of the trainer's settings, the default

_PIECE, _TRAINER, _MODEL_TYPE = 1, 2, 3
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class Piece:
    """One entry of a vocabulary."""

    text: str
    score: float = 0.0
    type: int = NORMAL


@dataclass(frozen=True)
class PieceModel:
    """A SentencePiece model: its pieces in the order of their ids, and the rest of its file."""

    pieces: tuple[Piece, ...]
    is_unigram: bool
    rest: bytes

    @classmethod
    def from_bytes(cls, data: bytes) -> "PieceModel":
        """The model in a file's bytes.

        Raises:
            BundleError: they are no SentencePiece model.
        """
        pieces, rest, is_unigram = [], [], True
        try:
            for number, raw, whole in _fields(data):
                if number == _PIECE and isinstance(raw, bytes):
                    pieces.append(_piece(raw))
                    continue
                rest.append(whole)
                if number == _TRAINER and isinstance(raw, bytes):
                    is_unigram = all(n != _MODEL_TYPE or v == UNIGRAM for n, v, _ in _fields(raw))
        except (IndexError, ValueError, struct.error):
            pieces = []
        if not pieces:
            raise BundleError(
                f"{len(data):,} bytes are no SentencePiece model", "download the .spm file again"
            )
        return cls(tuple(pieces), is_unigram, b"".join(rest))

    def to_bytes(self, pieces: Sequence[Piece]) -> bytes:
        """The file of a model with these pieces, and all else as it was."""
        return b"".join(_field(_PIECE, _piece_bytes(piece)) for piece in pieces) + self.rest


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes, bytes]]:
    """Every field of a message: its number, its value, and both as they are written."""
    at = 0
    while at < len(data):
        start = at
        key, at = _varint(data, at)
        value: int | bytes
        if key & 7 == _VARINT:
            value, at = _varint(data, at)
        else:
            if key & 7 == _BYTES:
                size, at = _varint(data, at)
            else:
                size = {_FIXED64: 8, _FIXED32: 4}.get(key & 7, -1)
            if size < 0 or at + size > len(data):
                raise ValueError(f"field of type {key & 7}, {size} bytes, at {at} of {len(data)}")
            value, at = data[at : at + size], at + size
        yield key >> 3, value, data[start:at]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("a number of more than 64 bits")


def _piece(raw: bytes) -> Piece:
    fields = {number: value for number, value, _ in _fields(raw)}
    text, score, kind = fields.get(1, b""), fields.get(2, b"\0\0\0\0"), fields.get(3, NORMAL)
    if not isinstance(text, bytes) or not isinstance(score, bytes) or not isinstance(kind, int):
        raise ValueError("a piece of another form")
    return Piece(text.decode("utf-8"), struct.unpack("<f", score)[0], kind)


def _piece_bytes(piece: Piece) -> bytes:
    score = bytes([2 << 3 | _FIXED32]) + struct.pack("<f", piece.score)
    return _field(1, piece.text.encode()) + score + bytes([3 << 3 | _VARINT, piece.type])


def _field(number: int, value: bytes) -> bytes:
    size, length = len(value), bytearray()
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | _BYTES, *length, size]) + value
