"""Crosslight by `crosslight.load`: variant torch (threads by probe) or auto."""

from collections.abc import Sequence
from typing import Any

import torch

import crosslight
from bench.decode.worker import Cell, Options, System, serve
from crosslight.config.run import DecodeConfig
from crosslight.tasks.translate import load
from crosslight.text.subword import EOS_ID
from crosslight.train.machine import probe_threads

PIECES = 18  # of a sentence, about: max_tokens_per_batch counts tokens, not sentences


class Ours:
    """The Translator. Batches are cut by tokens, as always; about so many sentences as asked for."""

    def __init__(self, chosen: Options) -> None:
        threads = chosen.threads
        if threads > 1:
            threads, _ = probe_threads(0.2)
        torch.set_num_threads(1)
        self.translator = load(chosen.prepared / "bundle", threads, chosen.variant)
        self.in_flight = 4
        found = f" ({'ctranslate2' if self.translator.fast_search else 'torch'})" * (chosen.variant == "auto")
        self.about = (
            f"crosslight {crosslight.__version__}, engine {chosen.variant}{found}, {threads} threads, "
            f"torch {torch.__version__}"
        )

    def encode(self, texts: Sequence[str]) -> list[Any]:
        return [[*self.translator.bundle.src_subword.encode(text), EOS_ID] for text in texts]

    def translate(self, work: Sequence[Any], cell: Cell) -> int:
        settings: dict[str, Any] = {
            "beam": cell.beam,
            "max_tokens_per_batch": max(64, PIECES * cell.batch * cell.beam),
        }
        if cell.length is not None:
            settings |= {"min_length": cell.length, "max_length": cell.length}
        if cell.kind == "text":
            return sum(len(t.tokens) + 1 for t in self.translator.translate(work, **settings))
        config = self.translator.bundle.config.decode.model_copy(update=settings)
        return sum(len(best[0].tokens) + 1 for best in self._search(list(work), config))

    def _search(self, srcs: list[list[int]], config: DecodeConfig) -> list[Any]:
        fast = self.translator.fast_search
        found = fast(srcs, config, 1)() if fast else [None] * len(srcs)
        rest = [i for i, best in enumerate(found) if best is None]
        for i, best in zip(rest, self.translator.search([srcs[i] for i in rest], config), strict=True):
            found[i] = best
        return found


def system(chosen: Options) -> System:
    return Ours(chosen)


if __name__ == "__main__":
    serve(system)
