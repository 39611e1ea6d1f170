"""CTranslate2 alone, with SentencePiece around it as its users write it: variant NUMBERS-INTERxINTRA."""

from collections.abc import Sequence
from typing import Any

import ctranslate2
import sentencepiece

from bench.decode.worker import Cell, Options, System, serve


class Bare:
    """`translate_batch` with its own defaults."""

    in_flight = 4

    def __init__(self, chosen: Options) -> None:
        numbers, _, threads = chosen.variant.partition("-")
        inter, intra = (int(n) for n in threads.split("x"))
        folder = chosen.prepared / f"ctranslate2-{numbers}"
        self.engine = ctranslate2.Translator(str(folder), inter_threads=inter, intra_threads=intra)
        self.src, self.tgt = (
            sentencepiece.SentencePieceProcessor(model_file=str(folder / f"{side}.spm"))
            for side in ("source", "target")
        )
        self.about = (
            f"ctranslate2 {ctranslate2.__version__}, {numbers} (computes in {self.engine.compute_type}), "
            f"{inter} workers of {intra} threads"
        )

    def encode(self, texts: Sequence[str]) -> list[Any]:
        return list(self.src.encode(list(texts), out_type=str))

    def translate(self, work: Sequence[Any], cell: Cell) -> int:
        length = {} if cell.length is None else {
            "min_decoding_length": cell.length, "max_decoding_length": cell.length
        }  # fmt: skip
        results = self.engine.translate_batch(
            self.encode(work) if cell.kind == "text" else list(work),
            beam_size=cell.beam,
            max_batch_size=cell.batch,
            **length,
        )
        pieces = [result.hypotheses[0] for result in results]
        if cell.kind == "text":
            self.tgt.decode(pieces)
        return sum(len(each) + 1 for each in pieces)


def system(chosen: Options) -> System:
    return Bare(chosen)


if __name__ == "__main__":
    serve(system)
