"""What is answered where there is no translation: a status, a reason, and when to ask again."""

import math
from typing import Any

from crosslight.errors import CrosslightError
from crosslight.serve.unanswered import DeadlineError, ServiceClosedError, ServiceFullError

SOON = 1.0  # seconds: the least that a client is told to wait
LATER = 5.0


class Refusal(Exception):  # noqa: N818 (an answer, not a fault)
    """A request is not answered as it was meant.

    Args:
        status: of HTTP.
        reason: for the person who asked; never the text that was to be translated.
        wait: seconds until it may be worth asking again.
        ends: the rest of the request is not read, and the connection with it is closed.
    """

    def __init__(self, status: int, reason: str, wait: float | None = None, ends: bool = False) -> None:
        super().__init__(reason)
        self.status, self.reason, self.wait, self.ends = status, reason, wait, ends

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says in its head."""
        headers = {} if self.wait is None else {"Retry-After": str(math.ceil(max(SOON, self.wait)))}
        return {**headers, "Connection": "close"} if self.ends else headers


def refusal_of(error: BaseException) -> Refusal:
    """What is answered to an error: our own are the request's, all others are not told."""
    match error:
        case Refusal():
            return error
        case ServiceFullError():
            return Refusal(503, f"busy: {error.message}", error.wait)
        case ServiceClosedError() | DeadlineError():
            return Refusal(503, error.message, LATER)
        case CrosslightError():
            return Refusal(400, f"{error.message} ({error.cure})")
        case _:
            return Refusal(500, "this should not have happened; the log of the service says where")


def libretranslate_error(refusal: Refusal) -> dict[str, Any]:
    """An error in LibreTranslate's form."""
    return {"error": refusal.reason}


def deepl_error(refusal: Refusal) -> dict[str, Any]:
    """An error in DeepL's form."""
    return {"message": refusal.reason}
