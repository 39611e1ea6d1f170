"""A foreign engine's search, so that it finds what our own finds.

CTranslate2 divides a log-probability by n^α and stops by another rule, so an engine is asked for everything
that it finished, without any penalty, and what it found is ranked here. What it cannot do as torch does
is left to torch, sentence by sentence: settings that it does not know, sources longer than its table of
positions, and outputs that do not end within their limit.
"""

from collections.abc import Callable, Sequence

from crosslight.config.run import DecodeConfig, LengthPenalty
from crosslight.decode.hypothesis import Hypothesis, Ranking
from crosslight.decode.translator import FastSearch
from crosslight.export.engine import Found, SearchAhead

PATIENCE, LITTLE_PATIENCE = 2.0, 1.25
MILD = 0.6  # α up to which little patience is enough
DRAWING = {"top_k", "top_p", "seed"}  # nothing without a temperature
KNOWN = {
    "beam",
    "alpha",
    "penalty",
    "max_extra",
    "max_tokens_per_batch",
    "cut_loops",
    *DRAWING,
}  # settings that every engine has


def search_with(engine: SearchAhead) -> FastSearch:
    """The search of an engine, in the way a `Translator` asks for one."""

    def begin(
        srcs: Sequence[list[int]], config: DecodeConfig, n_best: int
    ) -> Callable[[], list[list[Hypothesis] | None]]:
        results: list[list[Hypothesis] | None] = [None] * len(srcs)
        if not _is_known(config):
            return lambda: results
        limits = [len(src) - 1 + config.max_extra for src in srcs]
        fitting = [i for i, limit in enumerate(limits) if limit + 1 <= engine.longest]
        answers = engine.begin(
            [srcs[i] for i in fitting],
            [limits[i] for i in fitting],
            max(config.beam, n_best),
            patience_for(config.alpha) if n_best == 1 else PATIENCE,
        )

        def finish() -> list[list[Hypothesis] | None]:
            for i, found in zip(fitting, answers(), strict=True):
                ended = [h for h in found if h.finished and len(h.tokens) <= limits[i]]
                if len(ended) >= n_best:
                    results[i] = ranked(ended, config.alpha, config.penalty)[:n_best]
            return results

        return finish

    return begin


def patience_for(alpha: float) -> float:
    """How many times the beam an engine must finish, so that the best of it is what torch finds.

    The stronger the length penalty favors long outputs, the later the best one may come; and what is
    waited for costs steps. Measured, under either penalty: decision 0049.

    >>> patience_for(0.6), patience_for(1.4)
    (1.25, 2.0)
    """
    return LITTLE_PATIENCE if alpha <= MILD else PATIENCE


def ranked(found: Sequence[Found], alpha: float, penalty: LengthPenalty = "gnmt") -> list[Hypothesis]:
    """What was found as hypotheses under our length penalty, best first."""
    ranking = Ranking(alpha, penalty)
    hypotheses = [
        Hypothesis(h.tokens, h.logp, ranking.score(h.logp, len(h.tokens) + h.finished), h.finished)
        for h in found
    ]
    return sorted(hypotheses, key=lambda h: (-h.finished, -h.score))


def _is_known(config: DecodeConfig) -> bool:
    fields = DecodeConfig.model_fields
    return all(getattr(config, name) == field.default for name, field in fields.items() if name not in KNOWN)
