"""A model of the other direction chooses among what was found.

    score = (log p(tgt | src) + w · log p(src | tgt)) / length penalty

A translation that leaves something out, or says something else, hardly leads back to its source (the noisy
channel of Yee et al. 2019, without its language model). Only what a search found is ranked: the wider the
beam, the more there is to choose from.
"""

from collections.abc import Sequence
from dataclasses import replace

from crosslight.bundle import Bundle
from crosslight.config.run import DecodeConfig
from crosslight.decode.hypothesis import Hypothesis, Ranking
from crosslight.decode.searcher import Searcher
from crosslight.errors import ConfigError
from crosslight.text.subword import EOS_ID

WEIGHT = 0.2  # of two that were best on a validation set the one that lengthens less (docs/log.md)


class Reverse:
    """A bundle from the target language to the source language, and how much its opinion counts.

    Args:
        weight: w; 0 leaves the order as it is.

    Raises:
        ConfigError: a weight below 0.
    """

    def __init__(self, bundle: Bundle, weight: float = WEIGHT) -> None:
        if weight < 0:
            raise ConfigError(
                f"the weight of the other direction is {weight}", "give 0 or more; 0.2 is usual"
            )
        self.bundle, self.weight, self._searcher = bundle, weight, Searcher(bundle)

    def require_opposite(self, forward: Bundle) -> None:
        """See that this translates what the forward model writes.

        Raises:
            ConfigError: it names other languages.
        """
        ours, theirs = self.bundle.facts, forward.facts
        found, expected = (ours.src_lang, ours.tgt_lang), (theirs.tgt_lang, theirs.src_lang)
        if any(a and b and a != b for a, b in zip(found, expected, strict=True)):
            raise ConfigError(
                f"{self.bundle.path} translates from {found[0]} to {found[1]}, and the other direction is "
                f"from {expected[0]} to {expected[1]}",
                "give a bundle that was trained with source and target exchanged",
            )

    def ranked(
        self, src: str, hypotheses: Sequence[Hypothesis], texts: Sequence[str], config: DecodeConfig
    ) -> list[Hypothesis]:
        """The hypotheses with their new scores, best first; as they were if one is too long for this model.

        Args:
            texts: what each hypothesis says.
        """
        encode = self.bundle.src_subword.encode
        outputs = [[*encode(text), EOS_ID] for text in texts]
        back = self.bundle.tgt_subword.encode(src)
        if max(len(back), *map(len, outputs)) > self._searcher.most_tokens:
            return list(hypotheses)
        ranking = Ranking(config.alpha, config.penalty)
        anew = [
            replace(h, score=ranking.score(h.logp + self.weight * sum(row), len(h.tokens) + h.finished))
            for h, row in zip(hypotheses, self._searcher.score(outputs, [back] * len(outputs)), strict=True)
        ]
        return sorted(anew, key=lambda h: (not h.looped, h.finished, h.score), reverse=True)


def require_choice(config: DecodeConfig) -> None:
    """See that a search finds more than one output.

    Raises:
        ConfigError: it does not.
    """
    if config.temperature > 0:
        raise ConfigError(
            "the other direction chooses among what a search found, and outputs are drawn here",
            "set temperature to 0, or leave --reverse out",
        )
    if config.beam == 1:
        raise ConfigError(
            "a beam of 1 finds one output, and the other direction has nothing to choose from",
            "set a wider beam: 8 is usual",
        )
