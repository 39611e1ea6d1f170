"""Which engine searches: torch, or CTranslate2 on a converted copy that is kept in the bundle's cache.

The copy is in float32, which gives torch's text, or in int8 where that is asked for by name; int8 searches
among the pieces of a shortlist where the bundle has one, as a student of `distill` has.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from crosslight.bundle import Bundle
from crosslight.decode.translator import FastSearch, Translator
from crosslight.errors import ConfigError, ExportError
from crosslight.export import ctranslate2 as fast
from crosslight.export import shortlist
from crosslight.export.package import CERTIFICATE
from crosslight.facts import in_box
from crosslight.tasks.export import export_ctranslate2
from crosslight.tasks.foreign import search_with

EngineName = Literal["auto", "torch", "ctranslate2", "int8"]
FORMAT = 2  # of the converted files


def fast_search(
    bundle: Bundle, choice: str, threads: int = 1, say: Callable[[str], None] = lambda line: None
) -> FastSearch | None:
    """The search of the engine that was chosen; None for torch. Says which one it is.

    Raises:
        ConfigError: there is no such engine, it is not installed, or it does not know such a model.
        ExportError: the converted model is not the same, or cannot be written.
    """
    if choice not in get_args(EngineName):
        raise ConfigError(
            f"engine is {choice!r}, expected one of {', '.join(get_args(EngineName))}",
            "auto takes ctranslate2 where it is installed and knows the model",
        )
    if choice == "torch" or (choice == "auto" and not fast.is_installed()):
        say("engine: torch" + (" (a faster one: pip install 'crosslight[fast]')" * (choice == "auto")))
        return None
    try:
        engine = cached_engine(bundle, threads, "int8" if choice == "int8" else "float32")
    except (ConfigError, ExportError) as error:
        if choice != "auto":
            raise
        say(f"engine: torch ({error.message})")
        return None
    say("engine: ctranslate2" + ", int8" * (choice == "int8"))
    return search_with(engine)


def cached_engine(
    bundle: Bundle, threads: int = 1, numbers: fast.Quantization = "float32"
) -> fast.CTranslate2Engine:
    """CTranslate2 with the converted bundle, which is converted and certified the first time.

    Args:
        numbers: what weights are kept in; each kind has a copy and a certificate of its own.

    Raises:
        ConfigError: it is not installed, or does not know such a model.
        ExportError: the converted model is not the same, or there is no place for it.
    """
    fast.require_fitting(bundle)
    translator = Translator(bundle)
    for place in _places(bundle, numbers):
        try:
            if not (place / CERTIFICATE).is_file():
                export_ctranslate2(translator, place, numbers)
            has_shortlist = (place / shortlist.FILE).is_file()
            return fast.CTranslate2Engine(place, bundle, translator.banned, threads, has_shortlist)
        except ExportError as error:
            if not isinstance(error.__cause__, OSError):
                raise
    raise ExportError(
        "there is no place for the converted model", "translate with --engine torch, or set XDG_CACHE_HOME"
    )


def _places(bundle: Bundle, numbers: fast.Quantization) -> list[Path]:
    """Where the converted model may be kept: in the bundle, with the user, or until the next start."""
    name = f"ctranslate2-{numbers}-{FORMAT}-{_checksum(bundle)}"
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "crosslight"
    roots = [home, Path(tempfile.gettempdir()) / "crosslight"]
    if bundle.path and not in_box(bundle.path) and os.access(bundle.path, os.W_OK):
        roots.insert(0, bundle.path / ".cache")
    return [root / name for root in roots]


def _checksum(bundle: Bundle) -> str:
    """Of all that the conversion depends on: another model never finds these files."""
    if bundle.path is None:
        raise ExportError("a bundle without a directory has no cache", "save it first")
    head = json.loads((bundle.path / "bundle.json").read_text(encoding="utf-8"))
    files = (json.dumps(head["sha256"], sort_keys=True) + fast.version()).encode()
    kept = bundle.path / shortlist.KEPT
    if kept.is_file():
        files += kept.read_bytes()
    return hashlib.sha256(files).hexdigest()[:16]
