"""A shortlist in a CTranslate2 package: kept only if translations stay as good; and in a bundle, for int8."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crosslight.bundle import Bundle
from crosslight.decode.translator import Translator
from crosslight.errors import ConfigError, ExportError
from crosslight.evaluate import evaluate
from crosslight.export.ctranslate2 import CTranslate2Engine
from crosslight.export.package import CERTIFICATE
from crosslight.export.shortlist import FILE, KEPT, Shortlist, read_vmap, write_vmap
from crosslight.tasks.files import write_text
from crosslight.tasks.foreign import ranked
from crosslight.text.corpus import Pair
from crosslight.text.subword import EOS_ID

MAY_LOSE = 0.3  # chrF
REPEATS = 3  # of each timing, in turns; the fastest counts


def add_shortlist(
    translator: Translator,
    package: Path,
    shortlist: Shortlist,
    sample: Sequence[Pair],
    certificate: dict[str, Any],
) -> dict[str, Any]:
    """Write a shortlist into a certified package; the certificate with what it is worth.

    Args:
        sample: sentences with references to judge by.

    Raises:
        ConfigError: the sample has no references.
        ExportError: with the shortlist chrF falls by more than MAY_LOSE.
    """
    sample = [pair for pair in sample if pair.src.strip() and pair.tgt.strip()]
    if not sample:
        raise ConfigError(
            "a shortlist is judged by references, and there are none",
            "give a table of source TAB reference with --sample",
        )
    bundle = translator.bundle
    write_vmap(shortlist, bundle.src_subword, bundle.tgt_subword, package)
    figures: dict[str, Any] = {"bytes": (package / FILE).stat().st_size}
    figures |= judged(translator, package, shortlist, sample)
    lost = figures["chrf"]["without"] - figures["chrf"]["with"]
    if lost > MAY_LOSE:
        raise ExportError(
            f"with the shortlist chrF falls from {figures['chrf']['without']:.2f} to "
            f"{figures['chrf']['with']:.2f}, at most {MAY_LOSE} may be lost; nothing was kept",
            "learn it from more text, such as the training corpus, or export without --shortlist",
        )
    whole = {**certificate, "shortlist": figures}
    text = json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
    (package / CERTIFICATE).write_text(text, encoding="utf-8", newline="\n")
    return whole


def kept_shortlist(bundle: Bundle) -> Shortlist | None:
    """The shortlist that a bundle has for its packages, if it has one.

    Raises:
        ExportError: it is of other vocabularies.
    """
    file = bundle.path / KEPT if bundle.path else None
    if file is None or not file.is_file():
        return None
    return read_vmap(file, bundle.src_subword, bundle.tgt_subword)


def keep_shortlist(package: Path, bundle: Path) -> None:
    """Keep a package's shortlist in the bundle that the package was made of."""
    write_text(bundle / KEPT, (package / FILE).read_text(encoding="utf-8"))


def judged(
    translator: Translator, package: Path, shortlist: Shortlist, sample: Sequence[Pair]
) -> dict[str, Any]:
    """chrF and speed with and without the shortlist, and how much of the vocabulary a batch keeps."""
    bundle, config = translator.bundle, translator.bundle.config.decode
    engines = {
        "without": CTranslate2Engine(package, bundle, translator.banned),
        "with": CTranslate2Engine(package, bundle, translator.banned, use_shortlist=True),
    }
    pairs, srcs = [], []
    for pair in sample:
        src = [*bundle.src_subword.encode(pair.src), EOS_ID]
        if len(src) + config.max_extra <= engines["with"].longest:
            pairs.append(pair)
            srcs.append(src)
    if not srcs:
        raise ConfigError("every sentence of the sample is too long", "give ordinary sentences")
    limits = [len(src) - 1 + config.max_extra for src in srcs]
    chrf: dict[str, float] = {}
    outputs: dict[str, list[list[int]]] = {}
    seconds = dict.fromkeys(engines, float("inf"))
    for _ in range(REPEATS):
        for name, engine in engines.items():
            start = time.perf_counter()
            found = engine.search(srcs, limits, config.beam)
            seconds[name] = min(seconds[name], time.perf_counter() - start)
            outputs[name] = [ranked(h, config.alpha, config.penalty)[0].tokens for h in found]
    for name, tokens in outputs.items():
        texts = [bundle.tgt_subword.decode(ids) for ids in tokens]
        chrf[name] = evaluate(texts, [[pair.tgt for pair in pairs]], metrics=("chrf",))["chrF"].value
    kept = [
        len(shortlist.candidates(srcs[i] for i in batch)) / bundle.tgt_subword.vocab_size
        for batch in engines["with"].batches(srcs, config.beam)
    ]
    alone = [len(shortlist.candidates([src])) / bundle.tgt_subword.vocab_size for src in srcs]
    equal = sum(a == b for a, b in zip(outputs["without"], outputs["with"], strict=True))
    return {
        "sentences": len(srcs),
        "vocabulary_kept": {"batch": sum(kept) / len(kept), "sentence": sum(alone) / len(alone)},
        "outputs_equal": equal / len(srcs),
        "chrf": chrf,
        "speed_ratio": seconds["without"] / seconds["with"],
    }
