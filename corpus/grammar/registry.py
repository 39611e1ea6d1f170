"""The list of constructions; each is a function that builds one random sentence."""

from collections.abc import Callable
from dataclasses import dataclass

from builder import Builder
from phrase import Phrase

Build = Callable[[Builder], Phrase]


@dataclass(frozen=True)
class Construction:
    name: str
    build: Build
    weight: float


CONSTRUCTIONS: list[Construction] = []


def construction(weight: float = 1.0) -> Callable[[Build], Build]:
    def register(build: Build) -> Build:
        CONSTRUCTIONS.append(Construction(build.__name__, build, weight))
        return build

    return register
