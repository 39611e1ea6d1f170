"""What the notes say of architectures, each as a sentence with the figure that decides it.

A claim is a number and a bound. It *holds* where the whole interval of the number is on the claim's side,
*does not hold* where all of it is on the other, and is *undecided* where the bound lies within.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from crosslight.evaluate.resampling import Estimate

Verdict = Literal["holds", "does not hold at this scale", "undecided", "not tested"]

MUCH_BETTER = 5.0  # chrF, that attention brings
LIKE = 2.0  # chrF, within which two architectures are alike


@dataclass(frozen=True)
class Claim:
    """A sentence, the number that it is about, and whether it is so here."""

    sentence: str
    figure: str
    verdict: Verdict

    def __str__(self) -> str:
        return f"{self.sentence}: {self.figure}: {self.verdict}"


def at_least(found: Estimate, bound: float) -> Verdict:
    """Whether a number is `bound` or more.

    >>> at_least(Estimate(7.2, 6.1, 8.4), 5.0), at_least(Estimate(5.2, 4.1, 6.4), 5.0)
    ('holds', 'undecided')
    """
    if found.low >= bound:
        return "holds"
    return "does not hold at this scale" if found.high < bound else "undecided"


def more_than(found: Estimate, bound: float) -> Verdict:
    """Whether a number is above `bound`."""
    if found.low > bound:
        return "holds"
    return "does not hold at this scale" if found.high <= bound else "undecided"


def claims(
    chrf: Mapping[tuple[str, str], Estimate],
    slopes: Mapping[tuple[str, str], Estimate],
    names: Mapping[str, str],
    controls: frozenset[str] = frozenset(),
) -> list[Claim]:
    """The claims of the notes about quality, judged by differences of two arms (a, b): a minus b.

    Args:
        chrf: the differences in chrF.
        slopes: the differences of the slopes of chrF against the number of joined sentences.
        names: what to call the arms that were compared; a claim about others is not tested.
        controls: arms that are no contestants.
    """
    rivals = [name for name in names if name != "transformer" and name not in controls]
    return [
        _attention(chrf, names),
        _forgetting(slopes, names),
        _convolution(chrf, names),
        _ahead(chrf, names, rivals),
        *([_order(chrf, names)] if "no-positions" in names else []),
    ]


def _attention(chrf: Mapping[tuple[str, str], Estimate], names: Mapping[str, str]) -> Claim:
    sentence = f"In a recurrent network attention beats no attention by {MUCH_BETTER:g} chrF or more"
    if not {"rnn", "rnn-plain"} <= names.keys():
        return _untested(sentence, "rnn", "rnn-plain")
    found = chrf["rnn", "rnn-plain"]
    return Claim(sentence, signed(found), at_least(found, MUCH_BETTER))


def _forgetting(slopes: Mapping[tuple[str, str], Estimate], names: Mapping[str, str]) -> Claim:
    sentence = "Without attention a recurrent network falls faster as sources grow longer"
    if not {"rnn", "rnn-plain"} <= names.keys():
        return _untested(sentence, "rnn", "rnn-plain")
    found = slopes["rnn", "rnn-plain"]
    figure = f"with attention the slope is {signed(found)} chrF higher for each sentence joined"
    return Claim(sentence, figure, more_than(found, 0.0))


def _convolution(chrf: Mapping[tuple[str, str], Estimate], names: Mapping[str, str]) -> Claim:
    sentence = f"ConvS2S is within {LIKE:g} chrF of the Transformer, or better"
    if not {"conv", "transformer"} <= names.keys():
        return _untested(sentence, "conv", "transformer")
    found = chrf["conv", "transformer"]
    return Claim(sentence, signed(found), at_least(found, -LIKE))


def _ahead(chrf: Mapping[tuple[str, str], Estimate], names: Mapping[str, str], rivals: list[str]) -> Claim:
    sentence = "At equal minutes the Transformer is ahead of all"
    if "transformer" not in names or not rivals:
        return _untested(sentence, "transformer", "another")
    found = {rival: chrf["transformer", rival] for rival in rivals}
    verdicts = [more_than(difference, 0.0) for difference in found.values()]
    figure = "; ".join(
        f"{signed(difference)} chrF against {names[rival]}" for rival, difference in found.items()
    )
    for verdict in ("does not hold at this scale", "undecided"):
        if verdict in verdicts:
            return Claim(sentence, figure, verdict)
    return Claim(sentence, figure, "holds")


def _order(chrf: Mapping[tuple[str, str], Estimate], names: Mapping[str, str]) -> Claim:
    sentence = "Without positions a Transformer translates worse (control: it cannot tell the source's order)"
    if "transformer" not in names:
        return _untested(sentence, "transformer", "no-positions")
    found = chrf["transformer", "no-positions"]
    return Claim(sentence, f"{signed(found)} chrF with positions", more_than(found, 0.0))


def slower_on_long(faster: Estimate | None, length: int) -> Claim:
    """Whether a recurrent network trains slower than the Transformer on sentences of many tokens.

    Args:
        faster: the Transformer's tokens a second by the other's, with the lowest and highest round.
    """
    sentence = f"On sentences of {length} tokens the Transformer trains faster than a recurrent network"
    if faster is None:
        return _untested(sentence, "transformer", "rnn")
    figure = f"{faster.value:.2f} times as many tokens a second [{faster.low:.2f}, {faster.high:.2f}]"
    return Claim(sentence, figure, more_than(faster, 1.0))


def field_claim(measured: int | None, formula: int | None) -> Claim:
    """Whether convolutions see exactly as far as their number and width say."""
    sentence = "A convolutional encoder of L layers sees 1 + L (k - 1) tokens"
    if measured is None or formula is None:
        return _untested(sentence, "conv")
    verdict: Verdict = "holds" if measured == formula else "does not hold at this scale"
    return Claim(sentence, f"{formula} by the formula, {measured} by gradients", verdict)


def signed(found: Estimate) -> str:
    """A difference with its sign and its interval.

    >>> signed(Estimate(7.24, 6.1, 8.4))
    '+7.2 [6.1, 8.4]'
    """
    return f"{found.value:+.1f} [{found.low:.1f}, {found.high:.1f}]"


def _untested(sentence: str, *arms: str) -> Claim:
    needed = f"the arm {arms[0]}" if len(arms) == 1 else f"the arms {' and '.join(arms)}"
    return Claim(sentence, f"it takes {needed}", "not tested")
