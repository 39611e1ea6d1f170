"""Beam and length penalty, chosen on a validation set within minutes.

A beam is pruned by log-probability alone: the length penalty only decides which of the finished outputs
wins, and when to stop. So each beam is searched once, the best that it finished are kept, and every penalty
ranks them anew. A penalty that would have kept others may be judged a trace too low for that; the table
says what the ranking found, and the winner is translated once more with its own settings.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from crosslight.bundle import change_settings
from crosslight.config.run import DecodeConfig, LengthPenalty
from crosslight.decode.hypothesis import Ranking
from crosslight.decode.translator import Translator
from crosslight.errors import ConfigError
from crosslight.evaluate import evaluate
from crosslight.tasks.own import own_directory
from crosslight.text.corpus import Pair
from crosslight.text.subword import EOS_ID

BEAMS = (1, 2, 4, 6, 8)
RANKINGS = (
    *(Ranking(alpha, "gnmt") for alpha in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.4, 1.8)),
    *(Ranking(alpha, "average") for alpha in (0.5, 1.0)),
)
LENIENT = {"penalty": "gnmt", "alpha": 1.8}  # the strongest of them searches longest
TRIAL = 20  # sentences by which the speed is measured
CAUTION = 0.7  # share of the time that the searches are planned to take
MARGIN = 0.1  # of BLEU, under which the narrower beam is as good


@dataclass(frozen=True)
class Setting:
    """A way to search, and what it scored on the validation sentences."""

    beam: int
    penalty: LengthPenalty
    alpha: float
    bleu: float
    seconds: float  # of its beam's search


@dataclass(frozen=True)
class Tuning:
    """All that was tried, and the choice."""

    tried: tuple[Setting, ...]
    chosen: Setting
    verified: float  # BLEU of the choice, translated anew with its own settings
    before: float  # BLEU of the settings that the bundle had
    n_sentences: int

    def table(self) -> str:
        """A line a beam and penalty, a column an exponent; the choice is marked."""
        lines = [f"BLEU of {self.n_sentences:,} sentences"]
        for penalty in dict.fromkeys(one.penalty for one in self.tried):
            rows = [one for one in self.tried if one.penalty == penalty]
            alphas = sorted({one.alpha for one in rows})
            lines.append(f"{penalty:>8} " + "".join(f"{f'α {alpha}':>9}" for alpha in alphas))
            for beam in sorted({one.beam for one in rows}):
                cells = sorted((one for one in rows if one.beam == beam), key=lambda one: one.alpha)
                marks = (f"{one.bleu:8.2f}" + ("*" if one == self.chosen else " ") for one in cells)
                lines.append(f"{f'beam {beam}':>8} " + "".join(marks))
        best = self.chosen
        said = f"beam = {best.beam}, penalty = {best.penalty}, alpha = {best.alpha}"
        return "\n".join([*lines, f"chosen: {said}; BLEU {self.verified:.2f}, before {self.before:.2f}"])


def tune(
    translator: Translator, pairs: Sequence[Pair], minutes: float, say: Callable[[str], None] = print
) -> Tuning:
    """The best beam and length penalty for these pairs; of as many as there is time for.

    Raises:
        ConfigError: there is nothing to choose on.
    """
    if not pairs:
        raise ConfigError(
            "there are no sentences to choose on, and the bundle carries none", "give --src and --ref"
        )
    config = translator.bundle.config.decode
    start = time.monotonic()
    texts = [pair.src for pair in pairs[:TRIAL]]
    translator.translate(texts, beam=4)
    each = (time.monotonic() - start) / len(texts)
    # Costs grow about as the beams do; besides there are the two translations at the end.
    n = int(CAUTION * 60 * minutes / (each * (sum(BEAMS) / 4 + 2)))
    chosen_pairs = pairs[:: -(-len(pairs) // max(TRIAL, n))]
    say(f"tuning on {len(chosen_pairs):,} of {len(pairs):,} sentences")
    tried: list[Setting] = []
    for beam in BEAMS:
        tried += _tried(translator, chosen_pairs, config.model_copy(update={"beam": beam}))
        if time.monotonic() - start > CAUTION * 60 * minutes:
            break
    top = max(one.bleu for one in tried)
    best = min((one for one in tried if one.bleu >= top - MARGIN), key=lambda one: (one.beam, -one.bleu))
    anew = {"beam": best.beam, "penalty": best.penalty, "alpha": best.alpha}
    verified, before = (_bleu(translator, chosen_pairs, **settings) for settings in (anew, {}))
    return Tuning(tuple(tried), best, verified, before, len(chosen_pairs))


def store(translator: Translator, tuning: Tuning) -> None:
    """Put the choice into the bundle's settings.

    Raises:
        BundleError: it cannot be written.
    """
    bundle, best = translator.bundle, tuning.chosen
    decode = bundle.config.decode.model_copy(
        update={"beam": best.beam, "penalty": best.penalty, "alpha": best.alpha}
    )
    if bundle.path is not None:
        change_settings(own_directory(bundle), bundle.config.model_copy(update={"decode": decode}))


def _tried(translator: Translator, pairs: Sequence[Pair], config: DecodeConfig) -> list[Setting]:
    start = time.monotonic()
    bundle, references = translator.bundle, [[pair.tgt for pair in pairs]]
    srcs = [[*bundle.src_subword.encode(pair.src), EOS_ID] for pair in pairs]
    found = translator.search(srcs, config.model_copy(update=LENIENT), n_best=config.beam)
    seconds = time.monotonic() - start
    settings = []
    for ranking in RANKINGS:
        best = [
            max(each, key=lambda h: (h.finished, ranking.score(h.logp, len(h.tokens) + h.finished)))
            for each in found
        ]
        texts = [bundle.tgt_subword.decode(h.tokens) for h in best]
        bleu = evaluate(texts, references, metrics=("bleu",))["BLEU"].value
        settings.append(Setting(config.beam, ranking.penalty, ranking.alpha, bleu, seconds))
    return settings


def _bleu(translator: Translator, pairs: Sequence[Pair], **settings: Any) -> float:
    texts = [t.text for t in translator.translate([pair.src for pair in pairs], **settings)]
    return evaluate(texts, [[pair.tgt for pair in pairs]], metrics=("bleu",))["BLEU"].value
