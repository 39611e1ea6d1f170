"""Translators that no model is needed for."""

import random
from collections.abc import Callable
from typing import NamedTuple

import pytest


class Said(NamedTuple):
    """What a text became."""

    text: str
    links: list[tuple[int, int]] | None = None


def unchanged(texts: list[str]) -> list[Said]:
    return [Said(text) for text in texts]


def upper(texts: list[str]) -> list[Said]:
    """Every word in capitals, each linked to itself."""
    return [Said(text.upper(), [(i, i) for i in range(len(text.split()))]) for text in texts]


def reversed_words(texts: list[str]) -> list[Said]:
    """The last word first, with the links that say so."""
    found = []
    for text in texts:
        words = text.split(" ")
        found.append(Said(" ".join(reversed(words)), [(i, len(words) - 1 - i) for i in range(len(words))]))
    return found


def hostile(texts: list[str]) -> list[Said]:
    """What a model might say that is markup somewhere, with links that are wrong."""
    bad = "<script>alert(1)</script> & &lt; \"'> `*_[x](y)| --> {\\an8} <b> ]]> \n\n# - "
    return [Said(f"{bad}{text} </p>{bad}", [(0, 3), (1, 1), (99, 99), (-1, 0)]) for text in texts]


class Random:
    """Words lost, doubled and moved, with links at random or none; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def __call__(self, texts: list[str]) -> list[Said]:
        found = []
        for text in texts:
            words = text.split()
            said = [self._random.choice(words) for _ in range(self._random.randint(0, len(words) + 2))]
            n_links = self._random.randint(0, 2 * len(words))
            links = [
                (self._random.randrange(len(words)), self._random.randrange(len(said)))
                for _ in range(n_links if said else 0)
            ]
            found.append(Said(" ".join(said), self._random.choice([links, None])))
        return found


TRANSLATORS = {"upper": upper, "reversed": reversed_words, "hostile": hostile}


@pytest.fixture
def translators() -> dict[str, Callable[[list[str]], list[Said]]]:
    """Three that change every text; `Random` and `unchanged` have fixtures of their own."""
    return dict(TRANSLATORS)


@pytest.fixture
def random_translator() -> type[Random]:
    return Random


@pytest.fixture
def identity() -> Callable[[list[str]], list[Said]]:
    return unchanged


@pytest.fixture
def said() -> type[Said]:
    return Said
