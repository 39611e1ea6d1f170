"""How far a document is, for whoever sent it: asked for by a name that the client itself has made up."""

import re
import threading
from collections import OrderedDict
from typing import NamedTuple

from crosslight.serve.refusals import Refusal

NAME = re.compile(r"[A-Za-z0-9_-]{16,64}")


class Share(NamedTuple):
    """Texts of a document that are translated, and all that it has."""

    done: int
    total: int


class Progresses:
    """Documents that are being translated; those that are done, or failed, are forgotten."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._shares: OrderedDict[str, Share] = OrderedDict()

    def begin(self, name: object) -> str | None:
        """A document under the name that its client gave it; None where it gave none.

        Raises:
            Refusal: 400, it is no such name, or another document has it.
        """
        if name is None:
            return None
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise Refusal(400, "progress: expected 16 to 64 random letters and digits")
        with self._lock:
            if name in self._shares:
                raise Refusal(400, "progress: another document has this name")
            while len(self._shares) >= self._most:
                self._shares.popitem(last=False)
            self._shares[name] = Share(0, 0)
        return name

    def tell(self, name: str | None, done: int, total: int) -> None:
        """It has come so far."""
        with self._lock:
            if name is not None and name in self._shares:
                self._shares[name] = Share(done, total)

    def end(self, name: str | None) -> None:
        """It is done, whatever came of it."""
        with self._lock:
            self._shares.pop(name or "", None)

    def get(self, name: str) -> Share | None:
        """How far it is; None if nobody knows of it, or no more."""
        with self._lock:
            return self._shares.get(name)
