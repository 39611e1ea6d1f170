"""A bundle as a MarianMT model of Hugging Face transformers, and that library: the only door to it.

The files are written here; the library is needed to certify them.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from crosslight.bundle import Bundle, transformer_of
from crosslight.config.model import TransformerConfig
from crosslight.data.batch import pad
from crosslight.errors import ConfigError
from crosslight.export.engine import Found
from crosslight.export.marian import require_marian, to_marian
from crosslight.export.tables import POSITIONS
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID, Subword

AT_ONCE = 16  # sentences
WIDER = 2  # its beam search: it ends earlier than ours
MAX_LENGTH = 512


def is_installed() -> bool:
    """Whether `transformers` can be imported; it is not yet."""
    return importlib.util.find_spec("transformers") is not None


def version() -> str:
    """Name and version of the library."""
    return f"transformers {_library().__version__}"


def convert(bundle: Bundle, directory: Path, banned: Sequence[int]) -> None:
    """Write model, settings and tokenizer into an existing directory.

    Args:
        banned: target ids that never come out.

    Raises:
        ConfigError: MarianMT is no such model; the setting is named.
        OSError: a file cannot be written.
    """
    config, model = transformer_of(bundle, "a MarianMT model")
    decode = bundle.config.decode
    require_marian(config)
    tensors = dict(model.named_parameters(remove_duplicate=False))
    save_file(to_marian(tensors, config), directory / "model.safetensors", {"format": "pt"})
    search = {
        "decoder_start_token_id": BOS_ID,
        "bos_token_id": BOS_ID,
        "eos_token_id": EOS_ID,
        "pad_token_id": PAD_ID,
        "forced_eos_token_id": None,
    }
    _write(directory / "config.json", {**_config(config, bundle), **search})
    wishes = {
        "num_beams": decode.beam,
        "length_penalty": decode.alpha,  # of n^α, not of ((5+n)/6)^α
        "max_length": MAX_LENGTH,
        "suppress_tokens": sorted(banned),
    }
    _write(directory / "generation_config.json", {**search, **wishes})
    (directory / "source.spm").write_bytes(bundle.src_subword.to_bytes())
    (directory / "target.spm").write_bytes(bundle.tgt_subword.to_bytes())
    is_shared = config.tie == "three"
    _write(directory / "vocab.json", _vocabulary(bundle.src_subword))
    if not is_shared:
        _write(directory / "target_vocab.json", _vocabulary(bundle.tgt_subword))
    tokenizer = {
        "tokenizer_class": "MarianTokenizer",
        "source_lang": bundle.facts.src_lang,
        "target_lang": bundle.facts.tgt_lang,
        "separate_vocabs": not is_shared,
        "model_max_length": MAX_LENGTH,
        "clean_up_tokenization_spaces": False,
        "unk_token": "<unk>",
        "eos_token": "</s>",
        "pad_token": "<pad>",
    }
    _write(directory / "tokenizer_config.json", tokenizer)


class HuggingFaceEngine:
    """An exported model in transformers (an `export.engine.Engine`).

    Args:
        banned: target ids that never come out.

    Raises:
        ConfigError: transformers is not installed.
    """

    def __init__(self, directory: Path, banned: Sequence[int]) -> None:
        library = _library()
        self._model: Any = library.MarianMTModel.from_pretrained(directory, local_files_only=True).eval()
        self._tokenizer = library.MarianTokenizer.from_pretrained(directory, local_files_only=True)
        self._banned = sorted(banned)
        self.longest = int(self._model.config.max_position_embeddings)
        start = self._model.generation_config.decoder_start_token_id
        self.settings = {
            "epsilon": self._model.model.encoder.layers[0].final_layer_norm.eps,
            "start": next(piece for piece, i in self._tokenizer.encoder.items() if i == start),
        }

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """What its tokenizer makes of texts, the end token included."""
        return [list(ids) for ids in self._tokenizer(list(texts))["input_ids"]]

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of output ids, as its tokenizer writes it."""
        text: str = self._tokenizer.decode(list(tokens), skip_special_tokens=True)
        return text

    @torch.inference_mode()
    def search(self, srcs: Sequence[list[int]], limits: Sequence[int], beam: int) -> list[list[Found]]:
        """What `generate` finds, best first by its log-probability."""
        found: list[list[Found]] = [[] for _ in srcs]
        n = beam * WIDER if beam > 1 else 1
        for some in _blocks(sorted(range(len(srcs)), key=lambda i: -len(srcs[i]))):
            src = pad([srcs[i] for i in some], PAD_ID)
            out = self._model.generate(
                input_ids=src,
                attention_mask=(src != PAD_ID).long(),
                num_beams=n,
                num_return_sequences=n,
                do_sample=False,
                length_penalty=0.0,
                max_new_tokens=max(limits[i] for i in some) + 1,
                max_length=None,
                suppress_tokens=self._banned,
            )
            rows = [_cut(row) for row in out[:, 1:].tolist()]
            owners = [i for i in some for _ in range(n)]
            logp = self._logp([srcs[i] for i in owners], [tokens for tokens, _ in rows], self._banned)
            for i, (tokens, finished), each in zip(owners, rows, logp, strict=True):
                found[i].append(Found(tokens, sum(each[: len(tokens) + finished]), finished))
        return found

    def score(self, srcs: Sequence[list[int]], tgts: Sequence[list[int]]) -> list[list[float]]:
        """The log-probability of each token of given outputs, then of the end token."""
        rows: list[list[float]] = []
        for some in _blocks(list(range(len(srcs)))):
            rows += self._logp([srcs[i] for i in some], [tgts[i] for i in some], [])
        return rows

    @torch.inference_mode()
    def _logp(
        self, srcs: Sequence[list[int]], tgts: Sequence[list[int]], banned: list[int]
    ) -> list[list[float]]:
        src = pad(list(srcs), PAD_ID)
        start = self._model.generation_config.decoder_start_token_id
        tgt_in = pad([[start, *tgt] for tgt in tgts], PAD_ID)
        tgt_out = pad([[*tgt, EOS_ID] for tgt in tgts], PAD_ID)
        logits: Tensor = self._model(
            input_ids=src, attention_mask=(src != PAD_ID).long(), decoder_input_ids=tgt_in
        ).logits
        logits[:, :, banned] = float("-inf")
        logp = logits.log_softmax(-1).gather(2, tgt_out[:, :, None])[:, :, 0].tolist()
        return [row[: len(tgt) + 1] for row, tgt in zip(logp, tgts, strict=True)]


def _config(config: TransformerConfig, bundle: Bundle) -> dict[str, Any]:
    return {
        "architectures": ["MarianMTModel"],
        "model_type": "marian",
        "vocab_size": bundle.src_subword.vocab_size,
        "decoder_vocab_size": bundle.tgt_subword.vocab_size,
        "d_model": config.d_model,
        "encoder_layers": config.n_encoder_layers,
        "decoder_layers": config.n_decoder_layers,
        "encoder_attention_heads": config.n_heads,
        "decoder_attention_heads": config.n_heads,
        "encoder_ffn_dim": config.d_ff,
        "decoder_ffn_dim": config.d_ff,
        "activation_function": config.activation,
        "dropout": config.dropout,
        "attention_dropout": 0.0,
        "activation_dropout": 0.0,
        "scale_embedding": True,
        "static_position_embeddings": True,
        "max_position_embeddings": POSITIONS,
        "share_encoder_decoder_embeddings": config.tie == "three",
        "tie_word_embeddings": config.tie != "none",
        "is_encoder_decoder": True,
        "use_cache": True,
        "torch_dtype": "float32",
    }


def _vocabulary(subword: Subword) -> dict[str, int]:
    return {piece: i for i, piece in enumerate(subword.pieces(range(subword.vocab_size)))}


def _write(file: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    file.write_text(text, encoding="utf-8", newline="\n")


def _blocks(order: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(order), AT_ONCE):
        yield order[start : start + AT_ONCE]


def _cut(row: list[int]) -> tuple[list[int], bool]:
    """The tokens before the end, and whether there is one."""
    return (row[: row.index(EOS_ID)], True) if EOS_ID in row else (row, False)


def _library() -> Any:
    if not is_installed():
        raise ConfigError(
            "transformers is not installed, and without it the export cannot be certified",
            "install it: pip install 'crosslight[huggingface]'",
        )
    return importlib.import_module("transformers")
