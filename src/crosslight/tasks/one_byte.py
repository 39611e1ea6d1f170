"""A bundle with weights of one byte: a quarter of the size, certified like any export."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from crosslight.bundle import load_bundle, save_bundle
from crosslight.decode.translator import Translator
from crosslight.export.engine import Found
from crosslight.export.package import written_package
from crosslight.export.shortlist import KEPT
from crosslight.tasks.certify import certified, epsilon_of
from crosslight.text.corpus import Pair
from crosslight.text.subword import BOS_ID


def export_one_byte(translator: Translator, directory: Path, sample: Sequence[Pair] = ()) -> dict[str, Any]:
    """Write a bundle's smaller copy; its certificate.

    Raises:
        ExportError: it translates worse, or cannot be written.
    """
    with written_package(directory) as package:
        save_bundle(translator.bundle, package, one_byte=True)
        if translator.bundle.path and (kept := translator.bundle.path / KEPT).is_file():
            shutil.copyfile(kept, package / KEPT)
        engine = _Torch(Translator(load_bundle(package)))
        about = {"engine": f"torch {torch.__version__}"}
        return certified(translator, engine, "int8", about, package, sample)


class _Torch:
    """Our own search in front of the copy (an `export.engine.Engine`)."""

    def __init__(self, translator: Translator) -> None:
        self._translator = translator
        self.longest = translator.most_tokens
        bundle = translator.bundle
        start = bundle.tgt_subword.pieces([BOS_ID])[0]
        self.settings: dict[str, Any] = {"epsilon": epsilon_of(bundle.model), "start": start}

    def search(self, srcs: Sequence[list[int]], limits: Sequence[int], beam: int) -> list[list[Found]]:
        """The limits are those of the bundle's own settings, which the copy has, too."""
        config = self._translator.bundle.config.decode.model_copy(update={"beam": beam})
        return [
            [Found(h.tokens, h.logp, h.finished) for h in found]
            for found in self._translator.search(srcs, config, beam)
        ]

    def score(self, srcs: Sequence[list[int]], tgts: Sequence[list[int]]) -> list[list[float]]:
        """As the certificate asks our own model."""
        return self._translator.score(srcs, tgts, ())
