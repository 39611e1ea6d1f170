"""Forced decoding: how probable a given translation is.

The model is handed the translation in one call, instead of being asked for the next token again and again;
its probability of each token is what the search would have seen on that way. Like the search this knows no
model: only a `decode` function and a state, one row a translation.
"""

from collections.abc import Sequence
from typing import Any

from crosslight.data.batch import pad
from crosslight.decode.beam import Decode
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID


def forced_log_probs(
    decode: Decode, state: Any, tgts: Sequence[Sequence[int]], banned: Sequence[int] = ()
) -> list[list[float]]:
    """The log-probability of each token of given outputs, then of the end token.

    Args:
        tgts: output ids, without begin and end.
        banned: tokens that a search never writes, so that the others share the probability; one that
            a given output has all the same counts there.
    """
    logits, _ = decode(pad([[BOS_ID, *tgt] for tgt in tgts], PAD_ID), state)
    rows = []
    for of_row, tgt in zip(logits.float(), tgts, strict=True):
        never = [token for token in banned if token not in tgt]
        written = of_row[: len(tgt) + 1].clone()
        written[:, never] = float("-inf")
        logp = written.log_softmax(dim=-1).cpu()
        rows.append(logp.gather(1, pad([[token] for token in (*tgt, EOS_ID)], PAD_ID))[:, 0].tolist())
    return rows
