"""A MarianMT checkpoint in Hugging Face form (OPUS-MT, for one) as a bundle.

Its vocabulary is a table of its own, `vocab.json`, in another order than its SentencePiece models, with the
end first, padding last and no begin: outputs begin with padding. Ours has padding, unknown, begin and end at
0 to 3, and the ids of the SentencePiece model are the rows of the tables. So both get one order:

    0 <pad>  1 <unk>  2 <s>, the row of the token that outputs begin with  3 </s>  4... the rest of vocab.json

A piece that only the other language's model has is there but never used in cutting; one that vocab.json does
not have is a copy of <unk>. Rows that are such copies can never be written: their bias is SILENT.
"""

import json
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from crosslight.bundle import Bundle, Facts
from crosslight.config.load import run_config
from crosslight.config.model import TransformerConfig
from crosslight.errors import BundleError, ExportError
from crosslight.export.marian import OUT_BIAS, OUT_TABLE, SRC_TABLE, TGT_TABLE, from_marian, sines_first
from crosslight.models.build import build_model
from crosslight.nn.positions import sinusoids
from crosslight.text.piece_model import (
    BYTE,
    CONTROL,
    NORMAL,
    UNKNOWN,
    UNUSED,
    USER_DEFINED,
    Piece,
    PieceModel,
)
from crosslight.text.subword import PAD_ID, Subword

SILENT = -1e4
UNKNOWN_PENALTY = 10.0
SPECIAL = ("<pad>", "<unk>", "<s>", "</s>")
ACTIVATIONS = {"swish": "swish", "silu": "swish", "relu": "relu"}


@dataclass(frozen=True)
class Row:
    """One id of ours: how it is written, and the row of theirs that it has."""

    text: str
    theirs: int
    is_silent: bool = False  # a second id of the same row


def read_marian(directory: Path) -> Bundle:
    """The bundle that a checkpoint's directory holds.

    Raises:
        BundleError: a file is missing or damaged.
        ExportError: it is a model that a bundle cannot hold; the setting is named.
    """
    settings = _json(directory / "config.json")
    _require_known(settings)
    tensors = _tensors(directory)
    source, target = (
        PieceModel.from_bytes(_bytes(directory / name)) for name in ("source.spm", "target.spm")
    )
    vocabulary = _json(directory / "vocab.json")
    is_shared = settings.get("share_encoder_decoder_embeddings", True)
    if any(piece.startswith(">>") and piece.endswith("<<") for piece in vocabulary):
        raise ExportError(
            f"{directory} translates into several languages, told apart by codes like >>fra<<",
            "import a model of one language pair; a bundle has no place for the code",
        )
    config = _model_config(settings, tensors)
    try:
        ours = from_marian(tensors, config)
    except KeyError as error:
        raise BundleError(
            f"{directory} has no tensor {error}", "download its weights again, all of them"
        ) from None
    _require_sinusoids(tensors, config)
    src_rows = arranged(
        vocabulary, len(ours[SRC_TABLE]), settings, [source, target] if is_shared else [source]
    )
    tgt_rows = src_rows
    if not is_shared:
        tgt_vocabulary = _json(directory / "target_vocab.json")
        tgt_rows = arranged(tgt_vocabulary, len(ours[TGT_TABLE]), settings, [target])
    if any(row.is_silent for row in tgt_rows):
        config = config.model_copy(update={"output_bias": True})
    src_subword, tgt_subword = (
        Subword.from_bytes(model.to_bytes(_pieces(rows, model)))
        for model, rows in ((source, src_rows), (target, tgt_rows))
    )
    model = build_model(config, len(src_rows), len(tgt_rows), PAD_ID).eval()
    _fill(model, ours, tensors, src_rows, tgt_rows)
    search = {**settings, **_json(directory / "generation_config.json", {})}
    said = _json(directory / "tokenizer_config.json", {})
    run = {
        "model": config.model_dump(exclude_none=True),
        "subword": {"joint": is_shared, "kind": "unigram" if target.is_unigram else "bpe"},
        "decode": {
            "beam": search.get("num_beams") or 1,
            "alpha": float(search.get("length_penalty", 1.0)),
        },
    }
    facts = Facts(
        src_lang=str(said.get("source_lang") or ""),
        tgt_lang=str(said.get("target_lang") or ""),
        n_pairs=0,
        longest_src=int(settings.get("max_position_embeddings", 512)) // 2,
        sentences_per_line=1.0,
        steps=0,
        minutes=0.0,
        license=f"Imported from a MarianMT checkpoint ({directory.name}); its license holds.",
    )
    return Bundle(run_config(run, str(directory)), src_subword, tgt_subword, model, facts)


def arranged(
    vocabulary: Mapping[str, int], n_rows: int, settings: Mapping[str, Any], models: Sequence[PieceModel]
) -> list[Row]:
    """Our ids in order: the special four, the rest of the table, pieces that only the models have.

    Raises:
        BundleError: the special pieces are not in the vocabulary.
    """
    by_id = {i: text for text, i in vocabulary.items()}
    try:
        pad, end = int(settings["pad_token_id"]), int(settings["eos_token_id"])
        start, unknown = int(settings["decoder_start_token_id"]), vocabulary["<unk>"]
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(
            f"the checkpoint does not say what {error} is", "download config.json and vocab.json again"
        ) from None
    special = {pad, unknown, end}
    rows = [
        Row(SPECIAL[0], pad),
        Row(SPECIAL[1], unknown),
        Row(SPECIAL[2], start, is_silent=start in special),
        Row(SPECIAL[3], end),
    ]
    known = set(SPECIAL)
    for i in range(n_rows):
        if i not in special and i != start:
            text = by_id.get(i, "")
            rows.append(Row(text if text and text not in known else f"<row {i}>", i))
            known.add(rows[-1].text)
    for model in models:
        for piece in model.pieces:
            if _is_used(piece) and piece.text not in known:
                rows.append(Row(piece.text, unknown, is_silent=True))
                known.add(piece.text)
    return rows


def _pieces(rows: Sequence[Row], model: PieceModel) -> list[Piece]:
    own = {piece.text: piece for piece in model.pieces if _is_used(piece)}
    # Byte-pair merging would go through unused pieces; control pieces are unseen, but those write nothing.
    absent = UNUSED if model.is_unigram else CONTROL
    special = [
        Piece(text, 0.0, UNKNOWN if text == "<unk>" else CONTROL) for text in (row.text for row in rows[:4])
    ]
    # A character that its model does not know is looked up in vocab.json: the other language may have it.
    # The library makes an unknown character this much less likely than its least likely piece.
    unlikely = min((piece.score for piece in own.values()), default=0.0) - UNKNOWN_PENALTY
    is_bytes = any(piece.type == BYTE for piece in own.values())
    pieces = []
    for row in rows[4:]:
        other = Piece(row.text, 0.0, absent)
        if len(row.text) == 1 and not row.is_silent and not is_bytes:
            other = Piece(row.text, unlikely, NORMAL)
        pieces.append(own.get(row.text, other))
    return special + pieces


def _is_used(piece: Piece) -> bool:
    return piece.type in (NORMAL, USER_DEFINED, BYTE)


@torch.no_grad()
def _fill(
    model: torch.nn.Module,
    ours: dict[str, Tensor],
    tensors: Mapping[str, Tensor],
    src_rows: Sequence[Row],
    tgt_rows: Sequence[Row],
) -> None:
    src, tgt = ([row.theirs for row in rows] for rows in (src_rows, tgt_rows))
    bias = tensors.get("final_logits_bias", torch.zeros(len(ours[TGT_TABLE]))).flatten().float()[tgt]
    bias[[row.is_silent for row in tgt_rows]] = SILENT
    rows = {SRC_TABLE: src, TGT_TABLE: tgt, OUT_TABLE: tgt}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if name.endswith("tokens.bias") or name == OUT_BIAS:
            parameter.copy_(bias)
        else:
            parameter.copy_(ours[name][rows[name]] if name in rows else ours[name])


def _model_config(settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> TransformerConfig:
    is_shared = settings.get("share_encoder_decoder_embeddings", True)
    is_tied = settings.get("tie_word_embeddings", True)
    attention = [t for name, t in tensors.items() if "_attn." in name and name.endswith("_proj.bias")]
    bias = tensors.get("final_logits_bias")
    return TransformerConfig(
        d_model=settings["d_model"],
        d_ff=settings["encoder_ffn_dim"],
        n_heads=settings["encoder_attention_heads"],
        n_encoder_layers=settings["encoder_layers"],
        n_decoder_layers=settings["decoder_layers"],
        dropout=settings.get("dropout", 0.1),
        norm="post",
        positions="sinusoidal",
        activation="relu" if settings["activation_function"] == "relu" else "swish",
        tie="three" if is_shared else "two" if is_tied else "none",
        attention_bias=any(bool(t.any()) for t in attention),
        output_bias=bias is not None and bool(bias.any()),
    )


def _require_known(settings: Mapping[str, Any]) -> None:
    """Return if a bundle can hold a model with these settings."""
    expected: dict[str, tuple[Any, ...]] = {
        "model_type": ("marian",),
        "activation_function": tuple(ACTIVATIONS),
        "scale_embedding": (True,),
        "decoder_ffn_dim": (settings.get("encoder_ffn_dim"),),
        "decoder_attention_heads": (settings.get("encoder_attention_heads"),),
    }
    if settings.get("share_encoder_decoder_embeddings", True):
        expected["tie_word_embeddings"] = (True, None)
    for name, choices in expected.items():
        if settings.get(name) not in choices:
            raise ExportError(
                f"the checkpoint has {name} = {settings.get(name)!r}, expected "
                f"{' or '.join(repr(choice) for choice in choices if choice is not None)}",
                "import a MarianMT model of the usual shape, as OPUS-MT has them",
            )
    for name in ("d_model", "encoder_ffn_dim", "encoder_attention_heads", "encoder_layers", "decoder_layers"):
        if not isinstance(settings.get(name), int):
            raise BundleError(f"config.json does not say what {name} is", "download it again")


def _require_sinusoids(tensors: Mapping[str, Tensor], config: TransformerConfig) -> None:
    """Where a checkpoint has a table of positions, it must be the one that MarianMT computes."""
    for stack in ("encoder", "decoder"):
        table = tensors.get(f"model.{stack}.embed_positions.weight")
        if table is None:
            continue
        expected = sinusoids(len(table), config.d_model)[:, sines_first(config.d_model)]
        if not torch.allclose(table.float(), expected, atol=1e-3):
            raise ExportError(
                f"the positions of the {stack} are not MarianMT's sinusoids",
                "import a checkpoint with static_position_embeddings",
            )


def _tensors(directory: Path) -> dict[str, Tensor]:
    safe, plain = directory / "model.safetensors", directory / "pytorch_model.bin"
    if not safe.is_file() and not plain.is_file():
        raise BundleError(
            f"{directory} has neither {safe.name} nor {plain.name}", "download the weights, too"
        )
    try:
        if safe.is_file():
            tensors: dict[str, Tensor] = load_file(safe)
        else:
            tensors = dict(torch.load(plain, map_location="cpu", weights_only=True))
    except (SafetensorError, OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        file = safe if safe.is_file() else plain
        raise BundleError(f"{file} cannot be read: {error}", "download it again") from None
    return tensors


def _json(file: Path, default: dict[str, Any] | None = None) -> dict[str, Any]:
    if default is not None and not file.is_file():
        return default
    try:
        content = json.loads(_bytes(file))
    except ValueError as error:
        raise BundleError(f"{file} is no JSON: {error}", "download it again") from None
    if not isinstance(content, dict):
        raise BundleError(f"{file} holds a {type(content).__name__}, expected names", "download it again")
    return content


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BundleError(
            f"{file} cannot be read: {error.strerror or error}",
            "give the directory of a MarianMT checkpoint: config.json, vocab.json, source.spm, target.spm, "
            "and model.safetensors or pytorch_model.bin",
        ) from None
