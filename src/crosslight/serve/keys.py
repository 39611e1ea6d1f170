"""Who may use the service. Keys are compared in a time that does not tell how much of one was right."""

import hashlib
import hmac
from collections.abc import Sequence

from crosslight.serve.refusals import Refusal


class Keys:
    """The keys of a service.

    Args:
        keys: none means that everybody may use it.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._digests = [_digest(key) for key in keys]

    @property
    def are_needed(self) -> bool:
        """Whether a request needs a key."""
        return bool(self._digests)

    def require(self, given: str | None) -> None:
        """Return if a key is one of these, or none is needed.

        Raises:
            Refusal: 403.
        """
        if not self._digests:
            return
        if not given:
            raise Refusal(403, "an API key is needed: send api_key, or the header Authorization")
        digest = _digest(given)
        # All are compared, whichever fits: the time says nothing.
        fitting = [hmac.compare_digest(digest, own) for own in self._digests]
        if not any(fitting):
            raise Refusal(403, "the API key is not known here")


def key_in(authorization: str) -> str | None:
    """The key in a header `Authorization: DeepL-Auth-Key KEY` or `Bearer KEY`; None if there is none."""
    scheme, _, key = authorization.strip().partition(" ")
    return key.strip() or None if scheme.lower() in ("deepl-auth-key", "bearer") else None


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
