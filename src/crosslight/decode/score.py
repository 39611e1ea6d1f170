"""Forced decoding: how probable given translations are.

The model is handed a translation in one call (teacher forcing), instead of being asked for the next token
again and again; its probability of each token is what the search would have seen on that way. Like the
search this knows no model: only a `decode` function and a state, one row a translation.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from crosslight.data.batch import pad
from crosslight.decode.beam import Decode
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID

TOKENS = 1024  # padded, of a batch: logits take this times the vocabulary

Ids = Sequence[int]
Started = Callable[[Sequence[list[int]]], tuple[Any, Decode]]
"""Sources, the end token included, to the state after reading them and the function that decodes from it."""


@torch.inference_mode()
def given_log_probs(
    started: Started, srcs: Sequence[list[int]], tgts: Sequence[Ids], banned: Ids = ()
) -> list[list[float]]:
    """The log-probability of each token of given outputs, then of the end token, in input order.

    Args:
        srcs: source ids, the end token included.
        tgts: output ids, without begin and end.
        banned: as in `forced_log_probs`.
    """
    lengths = [max(len(src) - 1, len(tgt)) for src, tgt in zip(srcs, tgts, strict=True)]
    rows: list[list[float]] = [[] for _ in srcs]
    for places in length_batches(lengths):
        state, decode = started([srcs[i] for i in places])
        found = forced_log_probs(decode, state, [tgts[i] for i in places], banned)
        for i, row in zip(places, found, strict=True):
            rows[i] = row
    return rows


def forced_log_probs(decode: Decode, state: Any, tgts: Sequence[Ids], banned: Ids = ()) -> list[list[float]]:
    """The log-probability of each token of given outputs, then of the end token, from one call.

    A model of float64 is read in float64, any other in float32.

    Args:
        tgts: output ids, without begin and end.
        banned: tokens that a search never writes, so that the others share the probability; one that
            a given output has all the same counts there.
    """
    logits, _ = decode(pad([[BOS_ID, *tgt] for tgt in tgts], PAD_ID), state)
    logits = logits if logits.dtype == torch.float64 else logits.float()
    given = pad([[*tgt, EOS_ID] for tgt in tgts], PAD_ID).to(logits.device)
    chosen = logits.gather(2, given[:, :, None])[:, :, 0]
    if banned:
        never = torch.tensor([[token not in tgt for token in banned] for tgt in tgts], device=logits.device)
        logits = logits.clone()
        logits[:, :, list(banned)] = logits[:, :, list(banned)].masked_fill(never[:, None, :], -math.inf)
    logp = (chosen - logits.logsumexp(dim=-1)).tolist()
    return [row[: len(tgt) + 1] for row, tgt in zip(logp, tgts, strict=True)]


def length_batches(lengths: Sequence[int], most: int | float = math.inf) -> Iterator[list[int]]:
    """Places of like length together, each batch TOKENS padded tokens at most, or one that is longer.

    Those longer than `most` are left out. Lengths are without begin and end.
    """
    batch: list[int] = []
    for i in sorted((i for i, n in enumerate(lengths) if n <= most), key=lambda i: lengths[i]):
        if batch and (lengths[i] + 1) * (len(batch) + 1) > TOKENS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
