"""Why a request that has nothing wrong is not answered: too much waits, it took too long, or it is over."""

from crosslight.errors import CrosslightError


class ServiceFullError(CrosslightError):
    """More waits than can be answered in time.

    Args:
        wait: seconds until it may be worth asking again.
    """

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message, "ask again after a while")
        self.wait = wait


class ServiceClosedError(CrosslightError):
    """No more is accepted."""

    def __init__(self) -> None:
        super().__init__("the service is shutting down", "ask again when it has started anew")


class DeadlineError(CrosslightError):
    """A request waited longer than it may."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"not done within {seconds:g} s", "ask again after a while, or for less at a time")
