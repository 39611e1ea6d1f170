"""One corpus for all: a joint BPE over both sides, and the same pieces in every form that is asked for.

    python -m bench.peers.prepare OUT [--corpus DIRECTORY]

    train.src  train.tgt            pieces between blanks, one sentence a line
    train.src.ids  train.tgt.ids    the same as numbers
    dev.src  dev.tgt                a few pairs more, for trainers that insist on a validation set
    vocab.txt                       the pieces without the four special ones
    batches.json                    rows of each batch of some epochs, cut by our bucketing
    meta.json                       what it was made of

DIRECTORY holds Multi30k's train.en.gz and train.de.gz; without it the package's sample corpus (fr→en)
is taken, so that the benchmark runs anywhere.
"""

import argparse
import gzip
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import sentencepiece

from bench.peers.settings import BOS_ID, EOS_ID, MAX_LENGTH, MAX_TOKENS, PAD_ID, SEED, UNK_ID, VOCAB_SIZE
from crosslight.corpora.sample import sample_file
from crosslight.data.buckets import cut_batches, windows
from crosslight.text.corpus import read_tsv

SAMPLE_FILES = ("handwritten.train.tsv", "grammar.train.tsv.gz")
N_DEV, N_EPOCHS = 100, 8

Pairs = list[tuple[str, str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", type=Path, default=os.environ.get("MULTI30K"))
    parser.add_argument("--vocab-size", type=int, default=VOCAB_SIZE)
    arguments = parser.parse_args()
    corpus = Path(arguments.corpus) if arguments.corpus else None
    name = "Multi30k en→de" if corpus else "the sample corpus fr→en"
    if corpus is None:
        print("neither --corpus nor MULTI30K names Multi30k: the package's sample corpus is taken")
    meta = prepare(multi30k(corpus) if corpus else sample(), name, arguments.out, arguments.vocab_size)
    print(json.dumps(meta))


def multi30k(directory: Path) -> Pairs:
    """The training pairs as the corpus gives them."""
    sides = []
    for language in ("en", "de"):
        with gzip.open(directory / f"train.{language}.gz", "rt", encoding="utf-8", newline="\n") as file:
            sides.append([line.strip() for line in file])
    return list(zip(*sides, strict=True))


def sample() -> Pairs:
    """The training pairs of the package's own corpus."""
    return [(pair.src, pair.tgt) for file in SAMPLE_FILES for pair in read_tsv(sample_file(file))]


def prepare(pairs: Pairs, name: str, out: Path, vocab_size: int = VOCAB_SIZE) -> dict[str, object]:
    """Write everything into `out`; returns meta.json's content.

    Pairs that are empty, or longer than `MAX_LENGTH` pieces, on either side are left out.
    """
    out.mkdir(parents=True, exist_ok=True)
    bpe = train_bpe((text for pair in pairs for text in pair), vocab_size)
    rows = [
        ids for ids in zip(*(bpe.encode(list(side)) for side in zip(*pairs, strict=True)), strict=True)
        if all(0 < len(side) < MAX_LENGTH for side in ids)
    ]  # fmt: skip
    dev, train = rows[:N_DEV], rows[N_DEV:]
    for i, side in enumerate(("src", "tgt")):
        _write(out / f"train.{side}.ids", (" ".join(map(str, row[i])) for row in train))
        _write(out / f"train.{side}", (" ".join(bpe.id_to_piece(row[i])) for row in train))
        _write(out / f"dev.{side}", (" ".join(bpe.id_to_piece(row[i])) for row in dev))
    specials = {PAD_ID, UNK_ID, BOS_ID, EOS_ID}
    _write(out / "vocab.txt", (bpe.id_to_piece(i) for i in range(vocab_size) if i not in specials))
    lengths = [np.array([len(row[i]) + 1 for row in train], np.int64) for i in (0, 1)]
    batches = list(epochs(lengths[0], lengths[1]))
    (out / "batches.json").write_text(json.dumps(batches, separators=(",", ":")))
    meta: dict[str, object] = {
        "corpus": name,
        "pairs": len(train),
        "vocab_size": vocab_size,
        "src_tokens": int(lengths[0].sum()),  # the end tokens included
        "tgt_tokens": int(lengths[1].sum()),
        "src_src": int((lengths[0] ** 2).sum()),  # sums over sentences, for the attention's scores
        "tgt_tgt": int((lengths[1] ** 2).sum()),
        "tgt_src": int((lengths[0] * lengths[1]).sum()),
        "batches_an_epoch": len(batches) // N_EPOCHS,
        "sentencepiece": sentencepiece.__version__,
    }
    (out / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")
    return meta


def train_bpe(texts: Iterable[str], vocab_size: int) -> sentencepiece.SentencePieceProcessor:
    """A joint BPE, its special pieces where ours has them."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_writer=model,
        model_type="bpe",
        vocab_size=vocab_size,
        character_coverage=1.0,
        pad_id=PAD_ID,
        unk_id=UNK_ID,
        bos_id=BOS_ID,
        eos_id=EOS_ID,
        minloglevel=2,
    )
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def epochs(src_lengths: np.ndarray, tgt_lengths: np.ndarray) -> Iterator[list[int]]:
    """The rows of each batch of `N_EPOCHS` epochs, as `data.stream` would cut them."""
    for epoch in range(N_EPOCHS):
        for w, window in enumerate(windows(len(src_lengths), 65_536, SEED, epoch)):
            cuts = cut_batches(src_lengths[window], tgt_lengths[window], MAX_TOKENS, [SEED, epoch, w])
            yield from (window[cut].tolist() for cut in cuts)


def _write(file: Path, lines: Iterable[str] | Sequence[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
