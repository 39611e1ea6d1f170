"""Claims are decided by figures alone: planted ones, on either side of the bound and across it."""

import pytest

from crosslight.evaluate.claims import claims, field_claim, slower_on_long
from crosslight.evaluate.resampling import Estimate

NAMES = {
    "transformer": "Transformer",
    "rnn": "RNN",
    "rnn-plain": "RNN without attention",
    "conv": "ConvS2S",
    "no-positions": "bag of words",
}
FAILS = "does not hold at this scale"


def planted(rnn=(7.2, 6.1, 8.4), slope=(0.9, 0.4, 1.4), conv=(-1.0, -1.6, -0.4), ahead=(2.0, 1.1, 3.0)):
    chrf = {
        ("rnn", "rnn-plain"): Estimate(*rnn),
        ("conv", "transformer"): Estimate(*conv),
        ("transformer", "rnn"): Estimate(*ahead),
        ("transformer", "rnn-plain"): Estimate(9.0, 8.0, 10.0),
        ("transformer", "conv"): Estimate(1.0, 0.4, 1.6),
        ("transformer", "no-positions"): Estimate(12.0, 11.0, 13.0),
    }
    return claims(chrf, {("rnn", "rnn-plain"): Estimate(*slope)}, NAMES, frozenset({"no-positions"}))


def verdicts(**figures):
    return [claim.verdict for claim in planted(**figures)]


def test_all_hold():
    assert verdicts() == ["holds"] * 5
    assert str(planted()[0]) == (
        "In a recurrent network attention beats no attention by 5 chrF or more: +7.2 [6.1, 8.4]: holds"
    )
    assert planted()[3].figure == (
        "+2.0 [1.1, 3.0] chrF against RNN; +9.0 [8.0, 10.0] chrF against RNN without attention; "
        "+1.0 [0.4, 1.6] chrF against ConvS2S"
    ), "the control is no rival"


@pytest.mark.parametrize(
    ("index", "figures", "verdict"),
    [
        (0, {"rnn": (4.0, 3.2, 4.9)}, FAILS),
        (0, {"rnn": (5.2, 4.1, 6.3)}, "undecided"),
        (0, {"rnn": (-7.0, -8.0, -6.0)}, FAILS),
        (1, {"slope": (0.2, -0.3, 0.7)}, "undecided"),
        (1, {"slope": (-0.5, -0.9, -0.1)}, FAILS),
        (2, {"conv": (-3.5, -4.4, -2.6)}, FAILS),
        (2, {"conv": (-1.9, -2.5, -1.3)}, "undecided"),
        (2, {"conv": (4.0, 3.0, 5.0)}, "holds"),
        (3, {"ahead": (0.3, -0.4, 1.0)}, "undecided"),
        (3, {"ahead": (-1.0, -2.0, -0.2)}, FAILS),
    ],
)
def test_each_is_decided_by_its_own_figure(index, figures, verdict):
    found = verdicts(**figures)
    assert found.pop(index) == verdict
    assert found == ["holds"] * 4


def test_what_was_not_trained_is_not_tested():
    chrf = {(a, b): Estimate(1.0, 0.5, 1.5) for a in ("transformer", "x") for b in ("transformer", "x")}
    found = claims(chrf, {}, {"transformer": "Transformer", "x": "X"})
    assert [claim.verdict for claim in found] == ["not tested"] * 3 + ["holds"]
    assert found[2].figure == "it takes the arms conv and transformer"


def test_speed_and_reach():
    assert slower_on_long(Estimate(3.1, 2.8, 3.3), 128).verdict == "holds"
    assert slower_on_long(Estimate(1.1, 0.8, 1.3), 128).verdict == "undecided"
    assert slower_on_long(None, 128).verdict == "not tested"
    assert [field_claim(9, 9).verdict, field_claim(8, 9).verdict] == ["holds", FAILS]
    assert field_claim(None, None).figure == "it takes the arm conv"
