"""What to train where the user names nothing: chosen from the corpus and the time, with the reason."""

from typing import Any


def choose_preset(n_pairs: int, minutes: float | None) -> tuple[str, str]:
    """The preset that suits a corpus and a budget, and why.

    >>> choose_preset(124_000, 30)
    ('small', '124,000 pairs and 30 minutes: preset small')
    >>> choose_preset(124_000, 5)
    ('tiny', '124,000 pairs and 5 minutes: preset tiny')
    """
    short = minutes is not None and minutes < 12
    name = "tiny" if n_pairs < 20_000 or short else "small"
    time = f"{minutes:g} minutes" if minutes is not None else "a number of steps"
    return name, f"{n_pairs:,} pairs and {time}: preset {name}"


def choose_regularization(n_pairs: int) -> tuple[dict[str, Any], str] | None:
    """For a small corpus, which would else be learned by heart; None where the preset will do.

    >>> choose_regularization(29_000)[1]
    'dropout 0.2 and BPE-dropout 0.1, because 29,000 pairs are few'
    """
    if n_pairs >= 60_000:
        return None
    settings = {"model": {"dropout": 0.2}, "subword": {"sampling": 0.1}}
    return settings, f"dropout 0.2 and BPE-dropout 0.1, because {n_pairs:,} pairs are few"
