"""How well the attention of a bundle aligns words, against links that people made.

The gold target is forced: attention is that of the model while it reads and predicts the given words, not
words of its own. Every head of every layer is judged, and the mean of each layer's heads; beside them stand

    diagonal            the source word at the same share of the way: knows nothing but lengths
    shuffled            the same links, each handed to another target word of the sentence: what is left
                        where attention only likes some source words more than others
    statistical aligner what `text.aligner` learns from these very sentences, in both directions
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from crosslight.bundle import Bundle, load_bundle
from crosslight.errors import ConfigError, CorpusError
from crosslight.evaluate.alignment_error import (
    AlignmentError,
    GoldPair,
    alignment_error,
    diagonal,
    read_gold,
    shuffled,
    turned,
)
from crosslight.evaluate.significance import SEED
from crosslight.interpret.word_links import ROWS, Row, attention_links
from crosslight.tasks.alignments import Attended, Passage, alignment_head, attended
from crosslight.tasks.files import write_text
from crosslight.text.aligner import aligned
from crosslight.text.corpus import Pair
from crosslight.text.links import Link, spans_of_words
from crosslight.text.running import running_text

Heads = int | Literal["mean"]
SAID: dict[Row, str] = {"written": "predicting", "read": "having read"}
"""What the model is doing at the row that stands for a target piece."""


@dataclass(frozen=True)
class HeadError:
    """One way to read links from attention, and how far they are from the gold ones."""

    layer: int  # from 1
    head: Heads  # from 1, or the mean of the layer's heads
    row: Row
    error: AlignmentError
    shuffled: AlignmentError  # the control


@dataclass(frozen=True)
class GoldScores:
    """All that was judged, on the same sentences."""

    heads: list[HeadError]  # by layer, head (the mean last) and row
    baselines: dict[str, AlignmentError]  # the diagonal and the statistical aligner
    stored: HeadError | None  # the head that the bundle's alignments are read from, chosen without gold
    n_pairs: int
    n_left_out: int  # longer than the model has positions
    seed: int

    @property
    def best(self) -> HeadError:
        """The head with the lowest error rate; chosen by the gold links, so a little flattered by them."""
        return min((h for h in self.heads if h.head != "mean"), key=lambda h: h.error.error_rate)

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        tree = asdict(self)
        return {**tree, "best": asdict(self.best)}


def score_bundle(
    path: Path | str, links: str, src: str, tgt: str | None, is_turned: bool = False, seed: int = SEED
) -> GoldScores:
    """Judge a bundle's attention by a file of gold links.

    Args:
        src: as in `evaluate.alignment_error.read_gold`, as is `tgt`.
        is_turned: whether the files are of the other direction, their source side being the bundle's target.

    Raises:
        BundleError: there is no bundle.
        ConfigError: its model has no attention to the source.
        CorpusError: the files cannot be read or do not belong together.
    """
    gold = read_gold(links, src, tgt)
    return gold_scores(load_bundle(path), turned(gold) if is_turned else gold, seed)


def gold_scores(bundle: Bundle, gold: Sequence[GoldPair], seed: int = SEED) -> GoldScores:
    """Judge every head of a loaded bundle.

    Raises:
        ConfigError: its model has no attention to the source.
        CorpusError: no sentence fits into the model.
    """
    langs = bundle.facts.src_lang, bundle.facts.tgt_lang
    texts = [Pair(running_text(g.src, langs[0]), running_text(g.tgt, langs[1])) for g in gold]
    seen = attended(bundle, [Passage(pair) for pair in texts])
    kept = [
        (_in_gold_words(bundle, each, text, pair), pair)
        for each, text, pair in zip(seen, texts, gold, strict=True)
        if each is not None
    ]
    if not kept:
        raise CorpusError("there is no sentence pair that fits into the model", "give shorter sentences")
    judged = [pair for _, pair in kept]
    found = _links_of_heads([each for each, _ in kept])
    heads = [
        HeadError(*where, *_with_control(links, judged, seed))
        for where, links in sorted(found.items(), key=lambda each: _order(*each[0]))
    ]
    forms = [tuple([w.casefold() for w in side] for side in (pair.src, pair.tgt)) for pair in judged]
    baselines = {
        "diagonal": [diagonal(len(pair.src), len(pair.tgt)) for pair in judged],
        "statistical aligner": aligned([(src, tgt) for src, tgt in forms]),
    }
    return GoldScores(
        heads,
        {name: alignment_error(links, judged, seed=seed) for name, links in baselines.items()},
        _stored(bundle, heads),
        len(judged),
        len(gold) - len(judged),
        seed,
    )


def write_scores(scores: GoldScores, path: Path) -> None:
    """All figures as JSON.

    Raises:
        CrosslightError: it cannot be written.
    """
    write_text(path, json.dumps(scores.as_dict(), indent=1) + "\n")


def _in_gold_words(bundle: Bundle, seen: Attended, text: Pair, gold: GoldPair) -> Attended:
    """The same attention, its pieces assigned to the words of the gold pair."""
    sides = (bundle.src_subword, text.src, gold.src), (bundle.tgt_subword, text.tgt, gold.tgt)
    spans = []
    for subword, written, words in sides:
        surfaces = subword.surfaces()
        spans.append(spans_of_words([surfaces[i] for i in subword.encode(written)], words))
    return Attended(seen.weights, *spans)


def _links_of_heads(seen: Sequence[Attended]) -> dict[tuple[int, Heads, Row], list[set[Link]]]:
    found: dict[tuple[int, Heads, Row], list[set[Link]]] = {}
    for each in seen:
        mean = each._replace(weights=each.weights.mean(axis=1, keepdims=True))
        for row in ROWS:
            for layer, (single, together) in enumerate(
                zip(attention_links(*each, row), attention_links(*mean, row), strict=True), start=1
            ):
                for head, links in enumerate(single, start=1):
                    found.setdefault((layer, head, row), []).append(links)
                if len(single) > 1:
                    found.setdefault((layer, "mean", row), []).append(together[0])
    return found


def _order(layer: int, head: Heads, row: Row) -> tuple[float, ...]:
    return layer, np.inf if head == "mean" else head, ROWS.index(row)


def _with_control(
    links: Sequence[set[Link]], gold: Sequence[GoldPair], seed: int
) -> tuple[AlignmentError, AlignmentError]:
    draws = np.random.default_rng(seed)
    control = [shuffled(each, draws) for each in links]
    return alignment_error(links, gold, seed=seed), alignment_error(control, gold, seed=seed)


def _stored(bundle: Bundle, heads: Sequence[HeadError]) -> HeadError | None:
    try:
        stored = alignment_head(bundle)
    except ConfigError:  # none, and too few pairs to choose by
        return None
    return next(h for h in heads if (h.layer, h.head, h.row) == (stored.layer, stored.head, stored.row))
