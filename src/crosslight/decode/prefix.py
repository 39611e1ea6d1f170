"""A translation that must begin in a given way: autocompletion.

The text that a person has typed may end inside a word, and the piece that the model would write there need
not end where the typing does. So whole words are forced piece by piece, as the vocabulary cuts them, and for
the rest (from the last blank on) only the bytes count: any piece may come that the typed text begins with,
or that begins with what is left of the typed text.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from crosslight.decode.rules import NEVER, Rule
from crosslight.errors import ConfigError
from crosslight.text.subword import Subword, normalized


def begins_with(prefix: str | Sequence[int], subword: Subword, banned: Sequence[int]) -> tuple[Rule, int]:
    """The rule that outputs begin with a text or with these ids, and how many tokens that may take.

    Raises:
        ConfigError: the vocabulary cannot write it, or an output may not hold it.
    """
    if isinstance(prefix, str):
        words, blank, last = normalized(prefix).rpartition(" ")
        forced = subword.encode(words)
        # The library puts a blank before the first word of a text.
        tail = (blank or " ").encode() + last.encode()
    else:
        forced, tail = list(prefix), b""
    surfaces = [b"" if i in banned else surface for i, surface in enumerate(subword.surfaces())]
    spelled = [*forced, *subword.encode(tail.decode())]
    bad = [i for i in spelled if not 0 <= i < subword.vocab_size or i in banned or not surfaces[i]]
    if bad:
        what = repr(prefix) if isinstance(prefix, str) else f"the ids {bad}"
        raise ConfigError(
            f"an output cannot begin with {what}: it holds what this model never writes",
            "leave out line breaks, special ids, and characters that the vocabulary does not know",
        )
    return _continued(forced, tail, surfaces), len(forced) + len(tail)


def _continued(forced: Sequence[int], tail: bytes, surfaces: Sequence[bytes]) -> Rule:
    fitting: dict[bytes, Tensor] = {}  # what is left of the typed text -> the pieces that may come

    def pieces(left: bytes) -> Tensor:
        if left not in fitting:
            fitting[left] = torch.tensor(
                [i for i, s in enumerate(surfaces) if s and (s.startswith(left) or left.startswith(s))],
                dtype=torch.long,
            )
        return fitting[left]

    def rule(tokens: Tensor, logp: Tensor) -> Tensor:
        n_written = tokens.shape[1]
        if n_written < len(forced):
            only = torch.full_like(logp, NEVER)
            only[:, forced[n_written]] = logp[:, forced[n_written]]
            return only
        if not tail or n_written >= len(forced) + len(tail):
            return logp
        narrowed = logp
        for row, written in enumerate(tokens[:, len(forced) :].tolist()):
            n_bytes = sum(len(surfaces[i]) for i in written)
            if n_bytes < len(tail):
                narrowed = narrowed.clone() if narrowed is logp else narrowed
                narrowed[row] = NEVER
                allowed = pieces(tail[n_bytes:])
                narrowed[row, allowed] = logp[row, allowed]
        return narrowed

    return rule
