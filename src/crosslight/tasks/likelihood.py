"""How probable a bundle's model finds translations that are given: the base of loss, contrasts, confidence.

The numbers are those of the model itself: nothing is banned, and label smoothing, a matter of training, is
off. `decode/score.py` reads them off.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crosslight.bundle import Bundle
from crosslight.config.architecture import n_positions
from crosslight.data.batch import Batch, make_batch
from crosslight.decode.score import length_batches
from crosslight.decode.searcher import Searcher
from crosslight.evaluate import Stream
from crosslight.text.corpus import Pair
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID


@dataclass(frozen=True)
class ReferenceLoss:
    """How well a model expects the references of a test set."""

    loss: float  # mean cross-entropy of a token in nats, the end token included, label smoothing off
    n_tokens: int
    n_left_out: int  # pairs longer than the model's table of positions

    @property
    def perplexity(self) -> float:
        """e to the loss; of a token, so it compares only with models of the same pieces."""
        return math.exp(min(self.loss, 700))

    def as_dict(self) -> dict[str, float | int | str]:
        """Ready for JSON."""
        return {
            "loss": self.loss,
            "perplexity": self.perplexity,
            "tokens": self.n_tokens,
            "pairs_left_out": self.n_left_out,
            "label_smoothing": "off",
        }

    def table(self) -> str:
        """For people, in the form of the other scores' lines."""
        left_out = f"|left out:{self.n_left_out} too long" if self.n_left_out else ""
        about = f"of {self.n_tokens:,} reference tokens, in nats|label smoothing:off{left_out}"
        return f"loss {self.loss:8.4f}  {about}\nppl  {self.perplexity:8.2f}  e^loss; pieces are this model's"


def all_pairs(sources: Sequence[str], references: Sequence[Stream]) -> list[Pair]:
    """Every source with every reference that it has.

    >>> all_pairs(["un", "deux"], [["one", "two"], [None, "a pair"]])
    [Pair(src='un', tgt='one'), Pair(src='deux', tgt='two'), Pair(src='deux', tgt='a pair')]
    """
    return [
        Pair(src, ref)
        for stream in references
        for src, ref in zip(sources, stream, strict=True)
        if ref is not None
    ]


def reference_loss(bundle: Bundle, pairs: Sequence[Pair]) -> ReferenceLoss:
    """The loss of the references under the bundle's model; NaN where every pair is too long."""
    rows = [row for row in token_logps(bundle, pairs) if row is not None]
    n_tokens = sum(map(len, rows))
    total = math.fsum(logp for row in rows for logp in row)
    return ReferenceLoss(-total / n_tokens if n_tokens else math.nan, n_tokens, len(pairs) - len(rows))


def mean_logps(bundle: Bundle, pairs: Sequence[Pair]) -> list[float | None]:
    """The mean log-probability of a target token, the end included, in nats; None where it is too long."""
    return [None if row is None else math.fsum(row) / len(row) for row in token_logps(bundle, pairs)]


def token_logps(bundle: Bundle, pairs: Sequence[Pair]) -> list[list[float] | None]:
    """The log-probability of every token of each target, then of the end token.

    None for a pair that is longer than a learned table of positions.
    """
    srcs = bundle.src_subword.encode_batch([pair.src for pair in pairs])
    tgts = bundle.tgt_subword.encode_batch([pair.tgt for pair in pairs])
    rows: list[list[float] | None] = [None] * len(pairs)
    most = _longest(bundle)
    places = [i for i in range(len(pairs)) if max(len(srcs[i]), len(tgts[i])) <= most]
    found = Searcher(bundle).score([[*srcs[i], EOS_ID] for i in places], [tgts[i] for i in places], ())
    for i, row in zip(places, found, strict=True):
        rows[i] = row
    return rows


def given_batches(
    bundle: Bundle, srcs: Sequence[list[int]], tgts: Sequence[list[int]]
) -> Iterator[tuple[list[int], Batch]]:
    """Targets beside their sources on the model's device, by length, for looking inside: (places, batch).

    Left out are pairs longer than a learned table of positions. Ids are without begin and end.
    """
    device = next(bundle.model.parameters()).device
    lengths = [max(len(src), len(tgt)) for src, tgt in zip(srcs, tgts, strict=True)]
    for places in length_batches(lengths, _longest(bundle)):
        batch = make_batch(
            [srcs[i] for i in places],
            [tgts[i] for i in places],
            pad_id=PAD_ID,
            bos_id=BOS_ID,
            eos_id=EOS_ID,
        )
        yield places, batch.to(device)


def _longest(bundle: Bundle) -> float:
    """The most tokens of a side, without begin and end, that a model has positions for."""
    limit = n_positions(bundle.config.model)
    return math.inf if limit is None else limit - 1
