"""How sure a translation is: a calibrated probability that it is acceptable, kept in the bundle.

    confidence.json   the coefficients, the held-out calibration error, and which model they belong to

The signs are read from one more pass of the model over source and translation, so they are the same
whichever engine searched. Acceptable means: chrF of the sentence of at least the threshold in the file.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from crosslight.bundle import Bundle
from crosslight.decode.translation import Translation
from crosslight.errors import BundleError, ConfigError
from crosslight.evaluate.calibration import Calibration, calibrate
from crosslight.evaluate.error_classes import words
from crosslight.evaluate.sentence_counts import sentence_chrf
from crosslight.interpret.maps import has_attention, look
from crosslight.tasks.files import write_text
from crosslight.tasks.likelihood import given_batches
from crosslight.tasks.own import directory_of, own_directory
from crosslight.tasks.translate import load_for_files, references_of, translate_file
from crosslight.text.corpus import Pair

FILE = "confidence.json"
FORMAT = 1
ACCEPTABLE = 50.0  # chrF
COVERAGE = "coverage"
SIGNS = ("mean log-probability", "mean entropy", COVERAGE, "copy rate")


@dataclass(frozen=True)
class Confidence:
    """A calibration and the model that it was made for."""

    calibration: Calibration
    acceptable: float  # chrF from which a sentence counts as acceptable
    model: str  # checksum

    def of(self, bundle: Bundle, pairs: Sequence[Pair]) -> list[float | None]:
        """The probability that each translation is acceptable, 0 to 1.

        None where there is nothing to be sure of: a blank source, or a text longer than the model's
        table of positions.
        """
        rows = signs_of(bundle, pairs)
        known = [i for i, row in enumerate(rows) if row is not None and pairs[i].src.strip()]
        found: list[float | None] = [None] * len(pairs)
        if known:
            table = np.array([rows[i] for i in known], dtype=np.float64)
            for i, p in zip(known, self.calibration.probability(table).tolist(), strict=True):
                found[i] = p
        return found


def calibrate_bundle(
    path: Path | str, src: str, ref: str, acceptable: float = ACCEPTABLE
) -> tuple[Confidence, Path]:
    """Translate a test set, learn which translations are acceptable, and write it into the bundle.

    Raises:
        CorpusError: the files cannot be read, differ, or are too few or too alike to learn from.
        BundleError: there is no bundle.
        CrosslightError: the file cannot be written.
    """
    references = references_of(src, ref)
    translator = load_for_files(path)
    file = own_directory(translator.bundle) / FILE
    found = translate_file(translator, src)
    pairs = [Pair(t.src, t.text) for t in found]
    rows = signs_of(translator.bundle, pairs)
    scores = sentence_chrf([pair.tgt for pair in pairs], references)
    used = [i for i, row in enumerate(rows) if row is not None and pairs[i].src.strip()]
    calibration = calibrate(
        _signs(translator.bundle),
        np.array([rows[i] for i in used], dtype=np.float64),
        [scores[i] >= acceptable for i in used],
        [pairs[i].src for i in used],
    )
    confidence = Confidence(calibration, acceptable, checksum(translator.bundle))
    tree = {
        "format": FORMAT,
        "model": confidence.model,
        "acceptable_chrf": acceptable,
        "search": translator.bundle.config.decode.model_dump(),
        **calibration.as_dict(),
    }
    write_text(file, json.dumps(tree, indent=1) + "\n")
    return confidence, file


def load_confidence(bundle: Bundle) -> Confidence:
    """The calibration of a bundle.

    Raises:
        ConfigError: it has none.
        BundleError: it cannot be read, or belongs to another model.
    """
    file = directory_of(bundle) / FILE
    how = f"run: crosslight calibrate {file.parent} --src valid.src --ref valid.ref"
    try:
        tree: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if int(tree["format"]) > FORMAT:
            raise ValueError(f"format {tree['format']}")
        confidence = Confidence(
            Calibration.from_dict(tree), float(tree["acceptable_chrf"]), str(tree["model"])
        )
        if confidence.calibration.signs != _signs(bundle):
            raise ValueError(f"signs {confidence.calibration.signs}")
    except FileNotFoundError:
        raise ConfigError(f"{file.parent} is not calibrated: it has no {FILE}", how) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BundleError(f"{file} cannot be read: {error!r}", how) from None
    if confidence.model != checksum(bundle):
        raise BundleError(f"{file} belongs to another model than the one beside it", how)
    return confidence


def with_confidence(
    bundle: Bundle, confidence: Confidence, blocks: Iterable[list[Translation]]
) -> Iterator[list[Translation]]:
    """Blocks of translations, in order, each translation with its `confidence`."""
    for block in blocks:
        sure = confidence.of(bundle, [Pair(t.src, t.text) for t in block])
        yield [replace(t, confidence=p) for t, p in zip(block, sure, strict=True)]


@torch.inference_mode()
def signs_of(bundle: Bundle, pairs: Sequence[Pair]) -> list[tuple[float, ...] | None]:
    """The signs of every translation; None where it is longer than a learned table of positions.

    Log-probability and entropy, in nats, are means over the translation's tokens and its end. Coverage
    is the mean over the source's tokens of min(1, attention received), attention being the mean over
    layers and heads (after Wu et al. 2016, eq. 14). The copy rate is the share of the translation's
    words that the source has too. A model without attention has no coverage.
    """
    srcs = bundle.src_subword.encode_batch([pair.src for pair in pairs])
    tgts = bundle.tgt_subword.encode_batch([pair.tgt for pair in pairs])
    rows: list[tuple[float, ...] | None] = [None] * len(pairs)
    for places, batch in given_batches(bundle, srcs, tgts):
        seen = look(bundle.model, batch.src, batch.tgt_in)
        logp = seen.logits.float().log_softmax(dim=-1)
        chosen = logp.gather(2, batch.tgt_out[:, :, None])[:, :, 0]
        entropy = -(logp.exp() * logp).sum(dim=-1)
        cross = None if seen.cross is None else seen.cross.mean(dim=(1, 2))  # over layers and heads
        for row, i in enumerate(places):
            n = len(tgts[i]) + 1
            signs = [float(chosen[row, :n].mean()), float(entropy[row, :n].mean())]
            if cross is not None:
                received = cross[row, :n, : len(srcs[i])].sum(dim=0).clamp(max=1.0)
                signs.append(float(received.mean()) if len(received) else 1.0)
            rows[i] = (*signs, copy_rate(pairs[i]))
    return rows


def copy_rate(pair: Pair) -> float:
    """Share of the translation's words that stand in the source too; 0 without words.

    >>> copy_rate(Pair("Jane dort.", "Jane sleeps."))
    0.5
    """
    src, own = set(words(pair.src)), words(pair.tgt)
    return sum(word in src for word in own) / len(own) if own else 0.0


def checksum(bundle: Bundle) -> str:
    """Of the bundle's files: another model has another one."""
    head = json.loads((directory_of(bundle) / "bundle.json").read_text(encoding="utf-8"))
    return hashlib.sha256(json.dumps(head["sha256"], sort_keys=True).encode()).hexdigest()


def _signs(bundle: Bundle) -> tuple[str, ...]:
    """Those of its architecture: without attention nothing says what was covered."""
    return SIGNS if has_attention(bundle.model) else tuple(sign for sign in SIGNS if sign != COVERAGE)
