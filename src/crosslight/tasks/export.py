"""A bundle as another program's model: written beside its place, certified, and only then kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from crosslight.bundle import load_bundle, transformer_of
from crosslight.decode.translator import Translator
from crosslight.errors import ConfigError, CorpusError
from crosslight.export import ctranslate2 as fast
from crosslight.export import huggingface
from crosslight.export.marian import require_marian
from crosslight.export.package import written_package
from crosslight.export.shortlist import learn_shortlist, write_vmap
from crosslight.tasks.certify import certified
from crosslight.tasks.one_byte import export_one_byte
from crosslight.tasks.shortlist import add_shortlist, kept_shortlist
from crosslight.text.corpus import Pair, read_lines, read_pairs

TARGETS = ("ctranslate2", "huggingface", "bundle")


def export(
    path: Path | str,
    to: str,
    out: Path,
    quantize: str | None = None,
    sample: Path | None = None,
    shortlist: Sequence[Path] = (),
) -> dict[str, Any]:
    """Write a bundle, or a finished run's, as a package for another program; its certificate.

    Args:
        to: one of TARGETS.
        quantize: "int8" for weights of one byte, as "bundle" always has them; float32 unless given.
        sample: sentences to certify it on, a line each, or a table of source TAB reference; the bundle's
            validation pairs unless given.
        shortlist: sentence pairs to learn a lexical shortlist from: two files, or a table.

    Raises:
        ConfigError: there is no such target, it is not installed, or it does not know such a model.
        CorpusError: the sample cannot be read or is empty.
        ExportError: the package is another model, or cannot be written; nothing is left of it.
    """
    if to not in TARGETS:
        raise ConfigError(f"to is {to!r}, expected one of {', '.join(TARGETS)}", "choose one of them")
    kind = quantize or "float32"
    if kind not in get_args(fast.Quantization):
        raise ConfigError(f"quantize is {quantize!r}, expected int8", "leave it out to keep float32")
    if quantize and to == "huggingface":
        raise ConfigError(f"quantize is {quantize!r}, but {to} packages are float32", "leave it out")
    if shortlist and to != "ctranslate2":
        raise ConfigError(f"{to} knows no shortlist", "leave --shortlist out, or export --to ctranslate2")
    if len(shortlist) > 2:
        raise ConfigError(
            f"--shortlist names {len(shortlist)} files", "give a source and a target, or a table"
        )
    corpus = _corpus(shortlist) if shortlist else ()
    translator = Translator(load_bundle(path))
    if to == "huggingface":
        return export_huggingface(translator, out, sample_pairs(sample) if sample else ())
    pairs = sample_pairs(sample) if sample else translator.bundle.validation
    if to == "bundle":
        return export_one_byte(translator, out, pairs)
    return export_ctranslate2(translator, out, "int8" if kind == "int8" else "float32", pairs, corpus)


def export_ctranslate2(
    translator: Translator,
    directory: Path,
    quantization: fast.Quantization,
    sample: Sequence[Pair] = (),
    corpus: Sequence[Pair] = (),
) -> dict[str, Any]:
    """Write a package for CTranslate2; its certificate.

    Args:
        corpus: sentence pairs to learn a shortlist from; without any, an int8 package gets the one that
            the bundle has, if it has one.

    Raises:
        ConfigError: the engine is not installed, or does not know such a model.
        ExportError: the converted model is not the same, or cannot be written.
    """
    bundle = translator.bundle
    fast.require_fitting(bundle)
    with written_package(directory) as package:
        fast.convert(bundle, package, quantization)
        engine = fast.CTranslate2Engine(package, bundle, translator.banned)
        certificate = certified(translator, engine, quantization, {"engine": fast.version()}, package, sample)
        if corpus:
            shortlist = learn_shortlist(bundle.src_subword, bundle.tgt_subword, corpus)
            return add_shortlist(translator, package, shortlist, sample, certificate)
        if quantization == "int8" and (kept := kept_shortlist(bundle)):
            refs = sample if any(pair.tgt for pair in sample) else bundle.validation
            if refs:
                return add_shortlist(translator, package, kept, refs, certificate)
            write_vmap(
                kept, bundle.src_subword, bundle.tgt_subword, package
            )  # it was judged when it was made
        return certificate


def export_huggingface(
    translator: Translator, directory: Path, sample: Sequence[Pair] = ()
) -> dict[str, Any]:
    """Write a MarianMT model that transformers loads; its certificate.

    Raises:
        ConfigError: transformers is not installed, or MarianMT is no such model.
        ExportError: the converted model is not the same, or cannot be written.
    """
    bundle = translator.bundle
    require_marian(transformer_of(bundle, "a MarianMT model")[0])
    about = {"engine": huggingface.version()}
    with written_package(directory) as package:
        huggingface.convert(bundle, package, translator.banned)
        engine = huggingface.HuggingFaceEngine(package, translator.banned)
        return certified(translator, engine, "float32", about, package, sample)


def sample_pairs(path: Path) -> list[Pair]:
    """The sentences of a file, with references if it is a table.

    Raises:
        CorpusError: it cannot be read, or has no text.
    """
    lines = [line for line in read_lines(path) if line.strip()]
    if not lines:
        raise CorpusError(f"{path} has no sentence", "give a file with a sentence a line")
    if all("\t" in line for line in lines):
        return [Pair(*line.split("\t", 2)[:2]) for line in lines]
    return [Pair(line, "") for line in lines]


def _corpus(files: Sequence[Path]) -> list[Pair]:
    pairs = list(read_pairs((files[0], files[1]) if len(files) == 2 else files[0]))
    if not any(pair.src.strip() and pair.tgt.strip() for pair in pairs):
        raise CorpusError(f"{files[0]} has no sentence pair", "give the corpus that the model learned from")
    return pairs


def certificate_table(certificate: dict[str, Any]) -> str:
    """What a certificate says, for people."""
    chrf, rate, size = (certificate[key] for key in ("chrf", "source_tokens_per_second", "bytes"))
    lines = {
        "engine": f"{certificate['engine']}, {certificate['numbers']}",
        "sample": f"{certificate['sentences']:,} sentences: {certificate['sample']}",
        "greedy tokens equal": f"{certificate['greedy']['tokens_equal']:.2%}",
        "beam outputs equal": f"{certificate['beam']['outputs_equal']:.1%}",
        "log-probability of a token": f"{certificate['given_outputs']['mean']:.1e} apart on average, "
        f"{certificate['given_outputs']['largest']:.1e} at most",
        "score of an output": f"{certificate['beam']['largest_score_difference']:.1e} apart at most",
        "chrF": f"{chrf['torch']:.2f} → {chrf['export']:.2f} ({certificate['delta_chrf']:+.2f})",
        "speed": f"{rate['ratio']:.1f} times torch ({rate['export']:,.0f} source tokens/s)",
        "size": f"{size['export'] / 1e6:.1f} MB (weights of the bundle: {size['bundle'] / 1e6:.1f} MB)",
    }
    if short := certificate.get("shortlist"):
        kept = short["vocabulary_kept"]
        lines["shortlist"] = (
            f"{kept['batch']:.1%} of the vocabulary in a batch, {kept['sentence']:.1%} in a sentence; "
            f"chrF {short['chrf']['without']:.2f} → {short['chrf']['with']:.2f}, "
            f"{short['speed_ratio']:.2f} times as fast"
        )
    width = max(map(len, lines))
    return "\n".join(f"{name:{width}}  {value}" for name, value in lines.items())
