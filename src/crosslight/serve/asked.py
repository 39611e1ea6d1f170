"""What a request asks of a translation; requests that ask the same are translated together."""

from dataclasses import dataclass

from crosslight.text.entries import Entry


@dataclass(frozen=True)
class Asked:
    """Everything beside the text that decides what comes out; equal ones can share a batch and a cache."""

    n_best: int = 1
    terms: tuple[Entry, ...] = ()
    confidence: bool = False  # also how sure each is
    literals: bool = False  # addresses, placeholders and the like are carried over
    links: bool = False  # also which words belong together
