"""What to train where the user names nothing: chosen from the corpus and the time, with the reason.

The thresholds come from runs on two cores (docs/log.md): a larger model or a rougher spelling pays only
where there is time for many epochs.
"""

from typing import Any

FEW_PAIRS = 60_000
SHORT_MINUTES = 12.0
LONG_MINUTES = 60.0


def choose_preset(n_pairs: int, minutes: float | None) -> tuple[str, str]:
    """The preset that suits a corpus and a budget (None: a number of steps), and why.

    >>> choose_preset(124_000, 30)
    ('small', '124,000 pairs and 30 minutes: preset small')
    >>> choose_preset(29_000, 30)
    ('tiny', '29,000 pairs and 30 minutes: preset tiny')
    """
    enough = SHORT_MINUTES if n_pairs >= FEW_PAIRS else LONG_MINUTES
    has_time = minutes is None or minutes >= enough
    name = "small" if n_pairs >= FEW_PAIRS / 3 and has_time else "tiny"
    time = f"{minutes:g} minutes" if minutes is not None else "a number of steps"
    return name, f"{n_pairs:,} pairs and {time}: preset {name}"


def choose_regularization(n_pairs: int, minutes: float | None) -> tuple[dict[str, Any], str] | None:
    """For a small corpus, which would else be learned by heart; None where the preset will do.

    >>> choose_regularization(29_000, 30)[1]
    'dropout 0.2, because 29,000 pairs are few'
    >>> choose_regularization(29_000, 120)[1]
    'dropout 0.2 and BPE-dropout 0.1, because 29,000 pairs are few'
    """
    if n_pairs >= FEW_PAIRS:
        return None
    because = f"because {n_pairs:,} pairs are few"
    if minutes is not None and minutes < LONG_MINUTES:
        return {"model": {"dropout": 0.2}}, f"dropout 0.2, {because}"
    return {
        "model": {"dropout": 0.2},
        "subword": {"sampling": 0.1},
    }, f"dropout 0.2 and BPE-dropout 0.1, {because}"
