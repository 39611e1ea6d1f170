"""What a text became, put together from what its parts became."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crosslight.bundle import Bundle
from crosslight.decode.hypothesis import Hypothesis
from crosslight.decode.terms import Glossary, failures
from crosslight.text.corpus import Pair
from crosslight.text.links import Link
from crosslight.text.literals import Literal, missing
from crosslight.text.subword import EOS_ID


@dataclass(frozen=True)
class Translation:
    """What a text became. `str(translation)` is its text."""

    src: str
    text: str
    score: float  # mean over the output's tokens of the length-penalized log-probability, in nats
    tokens: list[str]  # the pieces of the output
    alternatives: tuple["Translation", ...] = ()  # the next best ones, where n_best asked for them
    confidence: float | None = None  # that it is acceptable, 0 to 1; see `tasks.confidence`
    attention: Any = None  # an `interpret.record.Inspection`, on request
    log_probs: tuple[float, ...] | None = None  # of each token, then of the end; on request
    unmet: tuple[str, ...] = ()  # terms that it fails in; forbidden ones have a `!` before them
    looped: bool = False  # it runs in a circle (see `decode.loops`)
    links: frozenset[Link] | None = None  # which words belong together; see `tasks.alignments`
    parts: tuple[Pair, ...] = ()  # its sentences and what is between them; joined they are `src` and `text`

    def __str__(self) -> str:
        return self.text

    @property
    def lost(self) -> list[Literal]:
        """Numbers, addresses, placeholders and tags of the source that the text lacks (`text.literals`)."""
        return missing(self.src, self.text)


LookInside = Callable[[Bundle, list[int], Hypothesis], Any]
"""(bundle, source ids, what was found) -> the `attention` of a translation."""


def assembled(
    bundle: Bundle,
    text: str,
    parts: list[tuple[str, bool]],
    found: dict[str, list[Hypothesis]],
    look_inside: LookInside | None = None,
    terms: Glossary | None = None,
) -> Translation:
    """The translation of a text from what was found for its parts.

    Args:
        parts: as `parts.parts_of` gives them.
        found: the hypotheses of every part that is text, best first.
        look_inside: makes the `attention` of a text of one segment, where it is wanted.
    """
    tgt = bundle.tgt_subword
    best = [(part, found[part][0]) for part, is_text in parts if is_text]
    pairs = tuple(
        Pair(part, tgt.decode(found[part][0].tokens) if is_text else part) for part, is_text in parts
    )
    n_tokens = sum(len(h.tokens) + 1 for _, h in best)
    others: tuple[Translation, ...] = ()
    seen = log_probs = None
    if len(best) == 1:
        (part, hypothesis), log_probs = best[0], best[0][1].log_probs
        others = _alternatives(bundle, text, part, found[part][1:])
        if look_inside:
            seen = look_inside(bundle, [*bundle.src_subword.encode(part), EOS_ID], hypothesis)
    return Translation(
        src=text,
        text="".join(pair.tgt for pair in pairs),
        score=sum(h.score * (len(h.tokens) + 1) for _, h in best) / max(1, n_tokens),
        tokens=[piece for _, h in best for piece in tgt.pieces(h.tokens)],
        looped=any(h.looped for _, h in best),
        parts=pairs,
        unmet=tuple(
            failure
            for part, h in best
            for failure in (failures(terms, part, tgt.decode(h.tokens)) if terms else ())
        ),
        alternatives=others,
        attention=seen,
        log_probs=log_probs,
    )


def _alternatives(
    bundle: Bundle, text: str, part: str, hypotheses: list[Hypothesis]
) -> tuple[Translation, ...]:
    """The next best translations of a text of one segment."""
    tgt = bundle.tgt_subword
    before, after = text[: text.index(part)], text[text.index(part) + len(part) :]
    return tuple(
        Translation(
            text,
            before + tgt.decode(h.tokens) + after,
            h.score,
            tgt.pieces(h.tokens),
            log_probs=h.log_probs,
            looped=h.looped,
        )
        for h in hypotheses
    )
