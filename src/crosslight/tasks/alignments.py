"""Which source word a translated word comes from, read from the attention head that shows it best.

    alignment.json   layer, head and row of that head, how well it agreed, and which model it belongs to

Alignments come from one more pass of the model over source and translation, so they are the same whichever
engine searched. The best head is the one whose links agree most with those that an aligner of its own
(`text.aligner`) learns from sentence pairs, without a model and in both directions.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from crosslight.bundle import Bundle, load_bundle
from crosslight.decode.translation import Translation
from crosslight.errors import BundleError, ConfigError, CorpusError, CrosslightError
from crosslight.interpret.maps import cross_of, cross_shape, look
from crosslight.interpret.word_links import ROWS, Row, attention_links
from crosslight.tasks.files import write_text
from crosslight.tasks.likelihood import given_batches
from crosslight.tasks.own import directory_of, own_directory
from crosslight.text.aligner import aligned, word_forms
from crosslight.text.corpus import Pair, read_pairs
from crosslight.text.links import Link, agreement, word_spans

FILE = "alignment.json"
FORMAT = 1
JUDGED = 300  # pairs that heads are judged by; the aligner learns from all
FEWEST = 10


@dataclass(frozen=True)
class AlignmentHead:
    """The cross-attention that aligns best; layers and heads count from 1, as in `crosslight inspect`."""

    layer: int
    head: int
    row: Row  # of a piece: where it is written, or where it was just read
    f1: float  # agreement with the aligner's links, 0 to 1
    error_rate: float  # AER against them
    n_pairs: int  # that it was judged by
    n_learned: int  # that the aligner learned from
    model: str  # checksum of weights and pieces; other settings may change


class Passage(NamedTuple):
    """A sentence and its translation inside two longer texts."""

    pair: Pair
    src_before: str = ""
    tgt_before: str = ""


class Attended(NamedTuple):
    """Cross-attention of a passage, (L, H, T + 1, S + 1), and the words of its pieces."""

    weights: npt.NDArray[np.float32]
    src_words: list[range]
    tgt_words: list[range]


def align_bundle(path: Path | str, src: str, tgt: str | None) -> tuple[AlignmentHead, Path]:
    """Choose the head on sentence pairs, and write it into the bundle.

    Args:
        src: a file of sentences, or a table of source TAB target if `tgt` is None.

    Raises:
        CorpusError: the files cannot be read, differ, or hold too few pairs.
        BundleError: there is no bundle.
        ConfigError: its model has no attention.
        CrosslightError: the file cannot be written.
    """
    bundle = load_bundle(path)
    own_directory(bundle)  # said before the work, not after it
    chosen = choose_head(bundle, list(read_pairs((src, tgt) if tgt else src)))
    return chosen, save_head(bundle, chosen)


def alignment_head(bundle: Bundle) -> AlignmentHead:
    """The head of a bundle: the stored one, or the best on the validation pairs that it carries.

    What was chosen is stored where the bundle may be written.

    Raises:
        ConfigError: there is none stored, and the bundle carries too few pairs to choose by; or its model has
            no attention.
        BundleError: it cannot be read, or belongs to another model.
    """
    cross_shape(bundle.model)
    file = directory_of(bundle) / FILE
    how = f"run: crosslight align {file.parent} --src valid.src --tgt valid.tgt"
    try:
        tree: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if int(tree.pop("format")) > FORMAT:
            raise ValueError("a newer format")
        stored = AlignmentHead(**tree)
        n_layers, n_heads = cross_shape(bundle.model)
        if not (1 <= stored.layer <= n_layers and 1 <= stored.head <= n_heads):
            raise ValueError(f"layer {stored.layer}, head {stored.head}")
        if stored.row not in ROWS:
            raise ValueError(f"row {stored.row!r}")
    except FileNotFoundError:
        return _chosen_now(bundle, how)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(f"{file} cannot be read: {error!r}", how) from None
    if stored.model != checksum(bundle):
        raise BundleError(f"{file} belongs to another model than the one beside it", how)
    return stored


def _chosen_now(bundle: Bundle, how: str) -> AlignmentHead:
    try:
        chosen = choose_head(bundle, bundle.validation)
    except CorpusError as error:
        raise ConfigError(
            f"{bundle.path} does not say which attention aligns best, and cannot choose: {error.message}", how
        ) from None
    with suppress(CrosslightError):  # a bundle that may only be read: chosen anew the next time
        save_head(bundle, chosen)
    return chosen


def save_head(bundle: Bundle, head: AlignmentHead) -> Path:
    """Write the head into the bundle's directory; the file.

    Raises:
        CrosslightError: it cannot be written.
    """
    file = own_directory(bundle) / FILE
    write_text(file, json.dumps({"format": FORMAT, **asdict(head)}, indent=1) + "\n")
    return file


def choose_head(bundle: Bundle, pairs: Sequence[Pair]) -> AlignmentHead:
    """The layer, head and row whose links have the best F1 against the aligner's; the first of equal ones.

    Raises:
        CorpusError: there are too few pairs.
        ConfigError: the model has no attention.
    """
    cross_shape(bundle.model)
    pairs = [pair for pair in pairs if pair.src.strip() and pair.tgt.strip()]
    if len(pairs) < FEWEST:
        raise CorpusError(
            f"there are {len(pairs)} sentence pairs, expected at least {FEWEST}",
            "give more; 500 do well",
        )
    forms = [(word_forms(pair.src), word_forms(pair.tgt)) for pair in pairs]
    statistic = aligned(forms, JUDGED)
    kept: list[set[Link]] = []
    found: dict[tuple[int, int, Row], list[set[Link]]] = {}
    for passage, links in zip(attended(bundle, [Passage(p) for p in pairs[:JUDGED]]), statistic, strict=True):
        if passage is None:
            continue
        kept.append(links)
        for row in ROWS:
            for layer, heads in enumerate(attention_links(*passage, row), start=1):
                for head, mine in enumerate(heads, start=1):
                    found.setdefault((layer, head, row), []).append(mine)
    if not kept:
        raise CorpusError("every pair is longer than the model has positions", "give shorter sentences")
    (layer, head, row), best = max(
        ((where, agreement(links, kept)) for where, links in found.items()), key=lambda each: each[1].f1
    )
    return AlignmentHead(
        layer=layer,
        head=head,
        row=row,
        f1=best.f1,
        error_rate=best.error_rate,
        n_pairs=len(kept),
        n_learned=len(pairs),
        model=checksum(bundle),
    )


def with_links(
    bundle: Bundle, head: AlignmentHead, blocks: Iterable[list[Translation]]
) -> Iterator[list[Translation]]:
    """Blocks of translations, in order, each translation with the `links` of its blank-separated words."""
    for block in blocks:
        passages = [list(passages_of(t)) for t in block]
        found = iter(links_of(bundle, head, [passage for each in passages for passage in each]))
        yield [
            replace(translation, links=frozenset().union(*islice(found, len(each))))
            for translation, each in zip(block, passages, strict=True)
        ]


def passages_of(translation: Translation) -> Iterator[Passage]:
    """The sentences that a text was translated in, each with what stands before it."""
    src = tgt = ""
    for part in translation.parts:
        if part.src.strip():
            yield Passage(part, src, tgt)
        src, tgt = src + part.src, tgt + part.tgt


def links_of(bundle: Bundle, head: AlignmentHead, passages: Sequence[Passage]) -> list[set[Link]]:
    """The links of each passage; none where it is longer than a learned table of positions."""
    return [
        set() if seen is None else attention_links(*seen, head.row)[head.layer - 1][head.head - 1]
        for seen in attended(bundle, passages)
    ]


@torch.inference_mode()
def attended(bundle: Bundle, passages: Sequence[Passage]) -> list[Attended | None]:
    """The cross-attention of each passage, its translation given; None where it is too long for the model.

    Raises:
        ConfigError: the model has no attention.
    """
    cross_shape(bundle.model)  # said before the work, not after it
    srcs = bundle.src_subword.encode_batch([p.pair.src for p in passages])
    tgts = bundle.tgt_subword.encode_batch([p.pair.tgt for p in passages])
    src_surfaces, tgt_surfaces = bundle.src_subword.surfaces(), bundle.tgt_subword.surfaces()
    found: list[Attended | None] = [None] * len(passages)
    for places, batch in given_batches(bundle, srcs, tgts):
        cross = cross_of(look(bundle.model, batch.src, batch.tgt_in))
        for weights, i in zip(cross.cpu().numpy(), places, strict=True):
            found[i] = Attended(
                weights[:, :, : len(tgts[i]) + 1, : len(srcs[i]) + 1],
                _words(src_surfaces, srcs[i], passages[i].src_before),
                _words(tgt_surfaces, tgts[i], passages[i].tgt_before),
            )
    return found


def _words(surfaces: list[bytes], ids: list[int], before: str) -> list[range]:
    """The vocabulary puts a blank before the first piece, that the text has not."""
    written = [surfaces[i] for i in ids]
    for k, surface in enumerate(written):
        if surface:
            written[k] = surface.removeprefix(b" ")
            break
    return word_spans(written, before)


def checksum(bundle: Bundle) -> str:
    """Of the weights and the pieces: with others, another head may be the best."""
    head = json.loads((directory_of(bundle) / "bundle.json").read_text(encoding="utf-8"))
    files = [head["sha256"][name] for name in ("model.safetensors", "src.subword", "tgt.subword")]
    return hashlib.sha256("".join(files).encode()).hexdigest()
