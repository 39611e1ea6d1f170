"""The systems: every model in every engine, with every beam; text to text, on one thread.

torch                  `crosslight.load`
CTranslate2 float32    `crosslight.load(engine="ctranslate2")`, converted where it runs
CTranslate2 int8       `crosslight.tasks.export`'s package, searched in the same way
int8, shortlist        the same, among the pieces that its lexical shortlist allows; where one is asked for
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosslight.decode.translator import Translator
from crosslight.errors import CrosslightError
from crosslight.export.ctranslate2 import CTranslate2Engine
from crosslight.tasks.export import export
from crosslight.tasks.foreign import search_with
from crosslight.tasks.translate import load

TORCH, FLOAT, INT8 = "torch", "CTranslate2 float32", "CTranslate2 int8"
LISTED = "CTranslate2 int8, shortlist"
ENGINES = (TORCH, FLOAT, INT8)
BEAMS = (1, 4)
THREADS = 1


@dataclass
class System:
    """A model in an engine with a beam; `error` says why it has no figures, and is empty while it has."""

    model: str
    engine: str
    beam: int
    translator: Translator | None = None
    error: str = ""
    n_bytes: int | None = None  # of what a user would ship: the bundle, or the int8 package

    @property
    def name(self) -> str:
        """As the results call it.

        >>> System("teacher", INT8, 4).name
        'teacher, CTranslate2 int8, beam 4'
        """
        return name_of(self.model, self.engine, self.beam)

    def translate(self, texts: list[str]) -> list[str]:
        """The translations, in order."""
        if self.translator is None:
            raise ValueError(f"{self.name} was not loaded: {self.error}")
        return [found.text for found in self.translator.translate(texts, beam=self.beam)]


def name_of(model: str, engine: str, beam: int) -> str:
    """As the results call a system."""
    return f"{model}, {engine}, beam {beam}"


def load_systems(
    models: Mapping[str, Path],
    packages: Path,
    say: Callable[[str], None],
    shortlist: tuple[Path, Path] | None = None,
) -> tuple[list[System], dict[str, dict[str, Any]]]:
    """All systems, those that cannot be loaded with the reason; and what each model is.

    Args:
        models: bundles, or finished runs, by name.
        packages: where int8 packages are written.
        shortlist: tables of sentence pairs, to learn one from and to judge it by; without them there is none.
    """
    systems, about = [], {}
    for model, path in models.items():
        for engine in (*ENGINES, LISTED) if shortlist else ENGINES:
            translator, n_bytes, error = None, None, ""
            try:
                translator, n_bytes = _opened(engine, path, packages / f"{model}, {engine}", shortlist)
                about.setdefault(model, _about(translator))
            except Exception as failure:  # said in the results, not the end of the others
                error = reason(failure)
                say(f"{model}, {engine}: {error}")
            systems += [System(model, engine, beam, translator, error, n_bytes) for beam in BEAMS]
    return systems, about


def reason(failure: Exception) -> str:
    """An exception in a line.

    >>> reason(ValueError("two\\nlines"))
    'ValueError: two lines'
    """
    text = failure.message if isinstance(failure, CrosslightError) else f"{type(failure).__name__}: {failure}"
    return " ".join(text.split())


def bytes_of(directory: Path) -> int:
    """Of the files in a directory, without caches."""
    files = [file for file in directory.rglob("*") if file.is_file()]
    return sum(
        f.stat().st_size for f in files if not any(p.startswith(".") for p in f.relative_to(directory).parts)
    )


def _opened(
    engine: str, path: Path, package: Path, shortlist: tuple[Path, Path] | None
) -> tuple[Translator, int]:
    """A translator, and the bytes of what would be shipped for it."""
    if engine in {INT8, LISTED}:
        corpus, sample = shortlist if shortlist and engine == LISTED else (None, None)
        export(path, "ctranslate2", package, "int8", sample, [corpus] if corpus else [])
        translator = load(path, THREADS)
        converted = CTranslate2Engine(
            package, translator.bundle, translator.banned, THREADS, use_shortlist=engine == LISTED
        )
        translator.fast_search = search_with(converted)
        return translator, bytes_of(package)
    translator = load(path, THREADS, "torch" if engine == TORCH else "ctranslate2")
    return translator, bytes_of(translator.bundle.path or path)


def _about(translator: Translator) -> dict[str, Any]:
    bundle = translator.bundle
    return {
        "languages": [bundle.facts.src_lang, bundle.facts.tgt_lang],
        "parameters": sum(p.numel() for p in bundle.model.parameters()),
        "model": bundle.config.model.model_dump(),
        "pieces": [bundle.src_subword.vocab_size, bundle.tgt_subword.vocab_size],
        "alpha": bundle.config.decode.alpha,
    }
