"""Translations that were asked for before, bounded in number and in characters."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Cache(Generic[T]):
    """A bounded dictionary that forgets what was not asked for the longest.

    >>> cache = Cache(entries=2, characters=100, size=len)
    >>> cache.put("a", "x"), cache.put("b", "y"), cache.get("a"), cache.put("c", "z")
    (None, None, 'x', None)
    >>> cache.get("b"), cache.get("a"), len(cache)
    (None, 'x', 2)

    Args:
        entries: how many there may be; 0 is no cache.
        characters: how many characters they may have together.
        size: the characters of a value.
    """

    def __init__(self, entries: int, characters: int, size: Callable[[T], int]) -> None:
        self._most, self._most_characters, self._size = entries, characters, size
        self._values: OrderedDict[Hashable, T] = OrderedDict()
        self._characters = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable) -> T | None:
        """What was put there; None if nothing, or if it was forgotten."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def put(self, key: Hashable, value: T) -> None:
        """Keep a value; the longest unused make room for it."""
        with self._lock:
            if key in self._values:
                self._characters -= self._size(self._values.pop(key))
            self._values[key] = value
            self._characters += self._size(value)
            while self._values and (
                len(self._values) > self._most or self._characters > self._most_characters
            ):
                self._characters -= self._size(self._values.popitem(last=False)[1])
