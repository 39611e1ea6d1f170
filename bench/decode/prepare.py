"""The model that all decode with, in every form, kept under the cache folder.

python -m bench.decode.prepare OUT [--corpus DIRECTORY] [--bundle BUNDLE]

bundle/  huggingface/  ctranslate2-float32/  ctranslate2-int8/     the same weights
test.src  vocab.txt  meta.json                                     1,000 sentences; pieces; what it is

Without BUNDLE the weights are of chance and the norms stand behind the sublayers, because MarianMT knows no
other place: nothing is trained, and outputs are worth their length only, which the cells set.
"""

import argparse
import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch

from bench.peers import settings
from bench.peers.prepare import multi30k, sample
from crosslight.bundle import Bundle, Facts, load_bundle, save_bundle
from crosslight.config.load import run_config
from crosslight.decode.translator import Translator
from crosslight.export import ctranslate2, huggingface
from crosslight.models.build import build_model
from crosslight.tasks.export import export
from crosslight.text.subword import PAD_ID, Subword

N_SENTENCES, N_SPECIALS = 1000, 4
TEST = "test_2016_flickr.en"
# Folder, what it is for, how it is quantized.
FORMS = (
    ("huggingface", "huggingface", None),
    ("ctranslate2-float32", "ctranslate2", None),
    ("ctranslate2-int8", "ctranslate2", "int8"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", type=Path, default=os.environ.get("MULTI30K"))
    parser.add_argument("--bundle", type=Path, help="a bundle to take instead of weights of chance")
    arguments = parser.parse_args()
    prepare(arguments.out, Path(arguments.corpus) if arguments.corpus else None, arguments.bundle)


def prepare(out: Path, corpus: Path | None, bundle: Path | None = None) -> dict[str, Any]:
    """Write everything that is not there yet; meta.json's content. A form that fails is named there."""
    mark = out / "wanted.json"
    wanted = {"corpus": "Multi30k" if corpus else "sample", "bundle": str(bundle or ""), "forms": 2}
    if mark.is_file() and json.loads(mark.read_text()) == wanted:
        return dict(json.loads((out / "meta.json").read_text()))
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    if bundle:
        shutil.copytree(bundle, out / "bundle")
    else:
        save_bundle(of_chance(corpus), out / "bundle")
    failed = {}
    for name, to, quantize in FORMS:
        try:
            if bundle:
                export(out / "bundle", to, out / name, quantize)
            else:
                converted(out, name, to, quantize)
        except Exception as error:  # said in the results, not the end of the others
            failed[name] = str(error)
    texts = sentences(corpus)
    (out / "test.src").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    loaded = load_bundle(out / "bundle")
    pieces = loaded.src_subword.pieces(range(N_SPECIALS, loaded.src_subword.vocab_size))
    (out / "vocab.txt").write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf-8")
    meta = {
        **wanted,
        "bundle": bundle.name if bundle else "weights of chance",
        "model": loaded.config.model.model_dump(),
        "parameters": sum(p.numel() for p in loaded.model.parameters()),
        "vocab_size": loaded.tgt_subword.vocab_size,
        "sentences": len(texts),
        "words": round(sum(len(text.split()) for text in texts) / len(texts), 2),
        "failed": failed,
    }
    (out / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")
    mark.write_text(json.dumps(wanted))
    return meta


def of_chance(corpus: Path | None) -> Bundle:
    """A bundle of the benchmark's shape that has learned its pieces and nothing else."""
    pairs = multi30k(corpus) if corpus else sample()
    texts = (text for pair in pairs for text in pair)
    subword = Subword.train(texts, settings.VOCAB_SIZE, seed=settings.SEED)
    shape = {
        "d_model": settings.D_MODEL,
        "d_ff": settings.D_FF,
        "n_heads": settings.N_HEADS,
        "n_encoder_layers": settings.N_LAYERS,
        "n_decoder_layers": settings.N_LAYERS,
        "norm": "post",
    }
    config = run_config({"model": shape}, "the benchmark")
    torch.manual_seed(settings.SEED)
    model = build_model(config.model, subword.vocab_size, subword.vocab_size, PAD_ID).eval()
    src_lang, tgt_lang = ("en", "de") if corpus else ("fr", "en")
    facts = Facts(src_lang, tgt_lang, len(pairs), settings.MAX_LENGTH, 1.0, 0, 0.0)
    return Bundle(config, subword, subword, model, facts)


def converted(prepared: Path, name: str, to: str, quantize: str | None) -> None:
    """Write a form without the certificate: there is no text that two engines could agree upon."""
    bundle = load_bundle(prepared / "bundle")
    (prepared / name).mkdir()
    if to == "huggingface":
        huggingface.convert(bundle, prepared / name, Translator(bundle).banned)
    else:
        ctranslate2.convert(bundle, prepared / name, "int8" if quantize else "float32")


def sentences(corpus: Path | None) -> list[str]:
    """What is translated."""
    if corpus:
        return (corpus / TEST).read_text(encoding="utf-8").splitlines()[:N_SENTENCES]
    return [src for src, _ in sample()][-N_SENTENCES:]


if __name__ == "__main__":
    main()
