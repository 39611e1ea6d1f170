"""The model that all decode with, in every form: trained once, exported, kept under the cache folder.

python -m bench.decode.prepare OUT [--corpus DIRECTORY] [--bundle BUNDLE] [--steps 300]

bundle/  huggingface/  ctranslate2-float32/  ctranslate2-int8/     the same weights
test.src  vocab.txt  meta.json                                     1,000 sentences; pieces; what it is
"""

import argparse
import gzip
import json
import os
import shutil
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.peers import settings
from bench.peers.prepare import SAMPLE_FILES
from crosslight.bundle import load_bundle
from crosslight.config.load import run_config
from crosslight.corpora.sample import sample_file
from crosslight.tasks.export import export
from crosslight.tasks.train import train
from crosslight.text.corpus import read_tsv

N_SENTENCES, N_SPECIALS = 1000, 4
TEST = "test_2016_flickr.en"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", type=Path, default=os.environ.get("MULTI30K"))
    parser.add_argument("--bundle", type=Path, help="a bundle to take instead of training one")
    parser.add_argument("--steps", type=int, default=300)
    arguments = parser.parse_args()
    prepare(
        arguments.out, Path(arguments.corpus) if arguments.corpus else None, arguments.bundle, arguments.steps
    )


def prepare(out: Path, corpus: Path | None, bundle: Path | None = None, steps: int = 300) -> dict[str, Any]:
    """Write everything that is not there yet; meta.json's content. A form that fails is named there."""
    wanted = {"corpus": "Multi30k" if corpus else "sample", "bundle": str(bundle or ""), "steps": steps}
    mark = out / "wanted.json"
    if mark.is_file() and json.loads(mark.read_text()) == wanted:
        return dict(json.loads((out / "meta.json").read_text()))
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    shutil.copytree(bundle or trained(out, corpus, steps), out / "bundle")
    failed = {}
    for to, quantize, name in (
        ("huggingface", None, "huggingface"),
        ("ctranslate2", None, "ctranslate2-float32"),
        ("ctranslate2", "int8", "ctranslate2-int8"),
    ):
        try:
            export(out / "bundle", to, out / name, quantize)
        except Exception as error:  # said in the results, not the end of the others
            failed[name] = str(error)
    texts = sentences(corpus)
    (out / "test.src").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    loaded = load_bundle(out / "bundle")
    pieces = loaded.src_subword.pieces(range(N_SPECIALS, loaded.src_subword.vocab_size))
    (out / "vocab.txt").write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf-8")
    meta = {
        **wanted,
        "bundle": bundle.name if bundle else "trained for this",
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


def trained(out: Path, corpus: Path | None, steps: int) -> Path:
    """A bundle of the benchmark's shape; post-norm, because MarianMT knows no other."""
    data: dict[str, Any] = {"pairs": [str(sample_file(name)) for name in SAMPLE_FILES]}
    if corpus:
        data = {}
        for side, language in (("src", "en"), ("tgt", "de")):
            file = out / f"train.{language}"
            file.write_bytes(gzip.decompress((corpus / f"train.{language}.gz").read_bytes()))
            data[side] = str(file)
    shape = {
        "d_model": settings.D_MODEL,
        "d_ff": settings.D_FF,
        "n_heads": settings.N_HEADS,
        "n_encoder_layers": settings.N_LAYERS,
        "n_decoder_layers": settings.N_LAYERS,
        "norm": "post",
    }
    config = run_config(
        {
            "data": data,
            "subword": {"vocab_size": settings.VOCAB_SIZE if corpus else None},
            "model": shape,
            "train": {"steps": steps, "learning_rate": 1e-3, "validations": 1},
        },
        "the benchmark",
    )
    bundle = train(config, out / "run", Console(stderr=True)).bundle
    if bundle is None:
        raise SystemExit("training was stopped")
    return bundle


def sentences(corpus: Path | None) -> list[str]:
    """What is translated."""
    if corpus:
        return (corpus / TEST).read_text(encoding="utf-8").splitlines()[:N_SENTENCES]
    return [pair.src for name in SAMPLE_FILES for pair in read_tsv(sample_file(name))][-N_SENTENCES:]


if __name__ == "__main__":
    main()
