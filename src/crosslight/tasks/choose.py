"""How much of a corpus can be seen in a budget, by a model of each size: a few steps on a sample of it.

The vocabulary is learned from the sample, so lengths in tokens are those of the corpus, or a little more.
"""

from collections.abc import Iterator
from functools import cached_property
from itertools import cycle, islice
from typing import NamedTuple

import torch

from crosslight.config.choose import choose_batch, choose_dropout, choose_sampling
from crosslight.config.load import Tree
from crosslight.config.run import DataConfig, RunConfig
from crosslight.data.batch import Batch, make_batch
from crosslight.models.build import build_model
from crosslight.tasks.probe import training_speed
from crosslight.tasks.sources import train_sources
from crosslight.text.corpus import Pair, read_pairs
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID, Subword
from crosslight.text.vocab_size import choose_vocab_size
from crosslight.train.machine import choose_device, keep_freed_memory, probe_precision, probe_threads

SAMPLE_PAIRS = 4000
PROBE_SECONDS, PROBE_SHARE = 20.0, 0.01  # for a preset at most, of the budget
TRAINING_SHARE = 0.85  # of the budget; the rest goes into preparing, validating and the end
BATCH_TOKENS = 2048  # on a CPU, where the rate hardly depends on it and a step of the paper's takes a minute
NAMES = {"dropout": "dropout", "sampling": "BPE-dropout"}
IDS = {"pad_id": PAD_ID, "bos_id": BOS_ID, "eos_id": EOS_ID}


class Outlook(NamedTuple):
    """What a model has time for."""

    n_tokens: float  # of the target
    epochs: float


class Prospect:
    """What a budget means for a corpus; copies of a source are not counted, for they bring no new text."""

    def __init__(self, data: DataConfig, n_pairs: int, minutes: float) -> None:
        self._data, self._n_pairs, self._minutes = data, n_pairs, minutes

    @cached_property
    def sample(self) -> list[Pair]:
        """Up to 4,000 pairs from all over the corpus, the empty ones left out."""
        every = -(-self._n_pairs // SAMPLE_PAIRS)
        sources = train_sources(self._data)
        taken = (pair for source in sources for pair in islice(read_pairs(source), 0, None, every))
        return [pair for pair in taken if pair.src.strip() and pair.tgt.strip()]

    def vocab_size(self, epochs: float) -> tuple[int, str]:
        """The vocabulary for what will be seen of the corpus, and why."""
        n_seen = min(self._n_pairs, max(1, int(self._n_pairs * epochs)))
        return choose_vocab_size(n_seen, self._n_words(n_seen))

    def outlook(self, config: RunConfig) -> Outlook:
        """How much a model of these settings sees."""
        torch.set_num_threads(1)
        keep_freed_memory()
        size = config.subword.vocab_size or self.vocab_size(1.0)[0]
        size = max(size, self._subword.vocab_size)
        model = build_model(config.model, size, size, PAD_ID).to(choose_device(config.train.device))
        max_tokens = config.train.max_tokens_per_batch
        if next(model.parameters()).device.type == "cpu":
            max_tokens = min(max_tokens, BATCH_TOKENS)
        srcs, tgts = (
            self._subword.encode_batch([getattr(p, side) for p in self.sample]) for side in ("src", "tgt")
        )
        longest = config.train.max_length
        rows = [(s, t) for s, t in zip(srcs, tgts, strict=True) if max(len(s), len(t)) < longest]
        if not rows:
            return Outlook(0.0, 0.0)
        seconds = min(PROBE_SECONDS, PROBE_SHARE * 60 * self._minutes)
        threads = config.train.threads or probe_threads()[0]
        precision = probe_precision(config.train.precision, next(model.parameters()).device)
        speed = training_speed(model, _batches(rows, max_tokens), config.train, threads, precision, seconds)
        n_tokens = speed.tokens_per_second * 60 * self._minutes * TRAINING_SHARE
        return Outlook(n_tokens, n_tokens / (sum(len(t) + 1 for _, t in rows) / len(rows) * self._n_pairs))

    @cached_property
    def _subword(self) -> Subword:
        size, _ = self.vocab_size(len(self.sample) / self._n_pairs)
        return Subword.train((side for pair in self.sample for side in (pair.src, pair.tgt)), size)

    def _n_words(self, n_pairs: int) -> int:
        """Different words in so many pairs, by Heaps' law: their number grows with the root of the text's."""
        sample = self.sample
        n_words = len({word for p in sample for side in (p.src, p.tgt) for word in side.split()})
        return int(n_words * (max(n_pairs, len(sample)) / max(1, len(sample))) ** 0.5)


def fitted(config: RunConfig, n_pairs: int, outlook: Outlook | None, wishes: Tree) -> tuple[Tree, list[str]]:
    """What to change of a preset's settings for so many pairs and so much time, and why.

    Args:
        outlook: None where nobody knows the time.
        wishes: settings that are not to be changed.

    Returns: batch, dropout and BPE-dropout, and sentences about those that are not the preset's.
    """
    epochs = outlook.epochs if outlook else None
    found: Tree = {
        "model": {"dropout": choose_dropout(n_pairs, epochs, config.model.dropout)},
        "subword": {"sampling": choose_sampling(n_pairs, epochs)},
    }
    if outlook:
        largest = config.train.max_tokens_per_batch
        found["train"] = {"max_tokens_per_batch": choose_batch(outlook.n_tokens, largest)}
    preset = config.model_dump()
    new = {
        name: value
        for section, part in found.items()
        for name, value in part.items()
        if name not in wishes.get(section, {}) and value != preset[section][name]
    }
    reasons = []
    if outlook and (size := new.get("max_tokens_per_batch")):
        reasons.append(f"batches of {size:,} tokens: {outlook.n_tokens / size:,.0f} updates")
    said = [f"{NAMES[name]} {value:g}" for name, value in new.items() if name in NAMES]
    if said:
        often = f"{n_pairs:,} pairs are few"
        if epochs is not None:
            often = f"each pair is seen {epochs:.1f} times" if epochs >= 1 else "no pair is seen twice"
        reasons.append(f"{' and '.join(said)}, because {often}")
    return found, reasons


def _batches(rows: list[tuple[list[int], list[int]]], max_tokens: int) -> Iterator[Batch]:
    """Without end: rows of like length together, the lengths in turn from all over."""
    rows = sorted(rows, key=lambda row: (len(row[1]), len(row[0])))
    batches: list[list[tuple[list[int], list[int]]]] = [[]]
    for row in rows:
        width = 1 + max(len(side) for pair in [*batches[-1], row] for side in pair)
        if batches[-1] and width * (len(batches[-1]) + 1) > max_tokens:
            batches.append([])
        batches[-1].append(row)
    step = max(1, len(batches) // 4)
    order = [batches[i] for first in range(step) for i in range(first, len(batches), step)]
    for batch in cycle(order):
        yield make_batch([s for s, _ in batch], [t for _, t in batch], **IDS)
