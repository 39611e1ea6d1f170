"""A model's directory on disk: everything after training needs only this.

    bundle.json         format version, languages, checksums of the files below
    config.toml         the resolved settings of the run
    src.subword, tgt.subword    SentencePiece models (equal bytes when joint)
    model.safetensors   weights, float32 or of one byte (`models.one_byte`)
    validation.tsv.gz   a sample of the validation set, unless the settings leave it out
    README.md           model card: data, sizes, scores with signatures, license; may be edited

Loading verifies the checksums of all but the card, and never unpickles anything.
"""

import gzip
import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from crosslight import __version__
from crosslight.config.architecture import summary
from crosslight.config.load import read_toml, run_config, to_toml
from crosslight.config.model import TransformerConfig
from crosslight.config.run import RunConfig
from crosslight.durable import flush, flush_tree
from crosslight.errors import BundleError, ConfigError
from crosslight.facts import BOX, Facts, boxed, bundle_directory, read_head
from crosslight.models.build import Model, build_model
from crosslight.models.one_byte import pack, unpack
from crosslight.models.transformer import Transformer
from crosslight.text.corpus import Pair, read_tsv
from crosslight.text.subword import PAD_ID, Subword

FILES = ("config.toml", "src.subword", "tgt.subword", "model.safetensors")
VALIDATION = "validation.tsv.gz"

__all__ = [
    "BOX",
    "Bundle",
    "Facts",
    "boxed",
    "change_settings",
    "is_empty",
    "load_bundle",
    "model_card",
    "save_bundle",
    "transformer_of",
]


@dataclass
class Bundle:
    """A loaded bundle."""

    config: RunConfig
    src_subword: Subword
    tgt_subword: Subword
    model: Model
    facts: Facts
    path: Path | None = None
    validation: tuple[Pair, ...] = ()  # a sample of the set that judged it


def transformer_of(bundle: Bundle, what: str) -> tuple[TransformerConfig, Transformer]:
    """The Transformer in a bundle, with its settings.

    Args:
        what: what needs one, as the subject of a sentence: "a MarianMT model".

    Raises:
        ConfigError: the bundle holds another architecture.
    """
    config, model = bundle.config.model, bundle.model
    if isinstance(config, TransformerConfig) and isinstance(model, Transformer):
        return config, model
    raise ConfigError(
        f"{what} is made of a Transformer, and this bundle holds a model of kind {config.kind!r}",
        "give the bundle of a Transformer; `crosslight translate`, `evaluate` and `inspect` take every kind",
    )


def save_bundle(bundle: Bundle, directory: Path, one_byte: bool = False) -> None:
    """Write a bundle, or replace one; the directory is complete or not there.

    Args:
        one_byte: weights of one byte, rounded: a quarter of the size.

    Raises:
        BundleError: it cannot be written, or the place holds something that is no bundle.
    """
    if not (is_empty(directory) or (directory / "bundle.json").is_file()):
        raise BundleError(
            f"{directory} exists and is no bundle", "choose another directory, or move that one away"
        )
    beside, old = (directory.with_name(directory.name + ending) for ending in (".part", ".old"))
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        (beside / "config.toml").write_text(to_toml(bundle.config), encoding="utf-8", newline="\n")
        (beside / "src.subword").write_bytes(bundle.src_subword.to_bytes())
        (beside / "tgt.subword").write_bytes(bundle.tgt_subword.to_bytes())
        tensors = _weights(bundle.model)
        save_file(pack(tensors) if one_byte else tensors, beside / "model.safetensors")
        # The library lets only its owner read it; a bundle is read by whoever may read its other files.
        shutil.copymode(beside / "config.toml", beside / "model.safetensors")
        files = [*FILES, *([VALIDATION] if bundle.validation else [])]
        if bundle.validation:
            (beside / VALIDATION).write_bytes(_packed(bundle.validation))
        (beside / "README.md").write_text(model_card(bundle), encoding="utf-8", newline="\n")
        head = {
            "format": 2 if one_byte else 1,
            "made_by": f"crosslight {__version__}",
            "facts": asdict(bundle.facts),
            "sha256": {name: _sha256(beside / name) for name in files},
        }
        (beside / "bundle.json").write_text(
            json.dumps(head, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        _take_place(beside, old, directory)
    except (OSError, SafetensorError) as error:
        raise _not_written(beside, old, directory, error) from error


def is_empty(place: Path) -> bool:
    """Whether nothing is there, or a directory without anything in it."""
    return not place.exists() or (place.is_dir() and not any(place.iterdir()))


def change_settings(directory: Path, config: RunConfig) -> None:
    """Put other settings into a bundle; all else in it stays, the card too. The change is whole or not there.

    Raises:
        BundleError: there is no bundle, or it cannot be written.
    """
    head = read_head(directory)
    beside, old = (directory.with_name(directory.name + ending) for ending in (".part", ".old"))
    try:
        shutil.rmtree(beside, ignore_errors=True)
        # What other programs have made of the old settings is not copied.
        shutil.copytree(directory, beside, ignore=shutil.ignore_patterns(".cache"))
        (beside / "config.toml").write_text(to_toml(config), encoding="utf-8", newline="\n")
        head["sha256"]["config.toml"] = _sha256(beside / "config.toml")
        (beside / "bundle.json").write_text(
            json.dumps(head, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        _take_place(beside, old, directory)
    except OSError as error:
        raise _not_written(beside, old, directory, error) from error


def _take_place(beside: Path, old: Path, directory: Path) -> None:
    flush_tree(beside)
    shutil.rmtree(old, ignore_errors=True)
    if directory.exists():
        directory.rename(old)
    beside.rename(directory)
    flush(directory.parent)
    shutil.rmtree(old, ignore_errors=True)


def _not_written(beside: Path, old: Path, directory: Path, error: Exception) -> BundleError:
    shutil.rmtree(beside, ignore_errors=True)
    if old.is_dir() and not directory.exists():
        old.rename(directory)
    return BundleError(
        f"{directory} could not be written: {error}",
        "check that the place may be written and has space left, and try again; a bundle that was "
        "there before is untouched",
    )


def load_bundle(path: Path | str) -> Bundle:
    """The bundle in this directory, in the `bundle` directory of this run, or of this name in the box.

    Its files are verified.

    Raises:
        BundleError: a file is missing, truncated or altered, or the format is newer than this program.
    """
    directory = bundle_directory(path)
    head = read_head(directory)
    has_validation = VALIDATION in head["sha256"]
    for name in [*FILES, *([VALIDATION] if has_validation else [])]:
        file = directory / name
        if not file.is_file():
            raise BundleError(f"{file} is missing", "copy the whole bundle directory again")
        if _sha256(file) != head["sha256"].get(name):
            raise BundleError(
                f"{file} is not what was saved: its SHA-256 differs from bundle.json",
                "it was altered or copied in part; copy the whole bundle directory again",
            )
    config = run_config(read_toml(directory / "config.toml"), str(directory / "config.toml"))
    src_subword = Subword.from_bytes((directory / "src.subword").read_bytes())
    tgt_subword = Subword.from_bytes((directory / "tgt.subword").read_bytes())
    model = build_model(config.model, src_subword.vocab_size, tgt_subword.vocab_size, PAD_ID)
    try:
        _put(model, unpack(load_file(directory / "model.safetensors")))
    except (SafetensorError, KeyError, RuntimeError) as error:
        raise BundleError(
            f"{directory / 'model.safetensors'} does not fit config.toml: {error}", "copy the bundle again"
        ) from error
    validation = tuple(read_tsv(directory / VALIDATION)) if has_validation else ()
    facts = Facts(**head["facts"])
    return Bundle(config, src_subword, tgt_subword, model.eval(), facts, directory, validation)


def model_card(bundle: Bundle) -> str:
    """The card as Markdown: what the model is, what it learned from, how good it is."""
    facts, config = bundle.facts, bundle.config
    n_parameters = sum(p.numel() for p in bundle.model.parameters())
    pair = f"{facts.src_lang or 'source'} → {facts.tgt_lang or 'target'}"
    scores = "\n".join(f"- {name}: {value}" for name, value in facts.scores.items()) or "- not scored"
    return f"""# {pair}

A translation model trained with Crosslight {__version__}.

| | |
|---|---|
| architecture | {summary(config.model)} |
| parameters | {n_parameters:,} |
| pieces | {bundle.src_subword.vocab_size:,} source, {bundle.tgt_subword.vocab_size:,} target\
{" (joint)" if config.subword.joint else ""} |
| trained on | {facts.n_pairs:,} sentence pairs |
| training | {facts.steps:,} updates, {facts.minutes:.1f} minutes |
| text inside | {_text_inside(bundle)} |

## Scores

{scores}

## Data and license

{facts.license or "Not stated. Write here where the corpus came from and what its license asks for."}
"""


def _text_inside(bundle: Bundle) -> str:
    if not bundle.validation:
        return "none"
    return f"{len(bundle.validation):,} pairs of the validation set ({VALIDATION})"


def _packed(pairs: Sequence[Pair]) -> bytes:
    """As a TSV; a tab inside a sentence becomes a blank."""
    lines = ("\t".join(side.replace("\t", " ") for side in (pair.src, pair.tgt)) for pair in pairs)
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)


def _weights(model: nn.Module) -> dict[str, Tensor]:
    return {name: p.detach().cpu().contiguous() for name, p in model.named_parameters()}


def _put(model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    parameters = dict(model.named_parameters())
    for extra in sorted(set(tensors) ^ set(parameters)):
        raise KeyError(f"{extra} is in one of the two only")
    with torch.no_grad():
        for name, parameter in parameters.items():
            if parameter.shape != tensors[name].shape:
                raise KeyError(
                    f"{name} has shape {tuple(tensors[name].shape)}, expected {tuple(parameter.shape)}"
                )
            parameter.copy_(tensors[name])


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
