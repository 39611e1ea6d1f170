"""The lines of a glossary."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A line of a glossary: where the source says `src`, the target says one of `forms` (or none)."""

    src: str
    forms: tuple[str, ...]
    is_forbidden: bool = False


def protected(text: str) -> Entry:
    """A text that is carried over as it is.

    >>> protected("Crosslight")
    Entry(src='Crosslight', forms=('Crosslight',), is_forbidden=False)
    """
    return Entry(text, (text,))
