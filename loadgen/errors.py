"""What can go wrong between the loader and the service."""


class LoadError(Exception):
    """The load cannot go on. Its text is what the user is told."""


class Refused(LoadError):
    """The service answered that it will not do this; asking again would change nothing."""


class GaveUp(LoadError):
    """The service was away for longer than the loader was told to wait."""


class Unavailable(Exception):
    """The service cannot answer now but may later, or its answer was lost on the way.

    retry_after: the seconds that the service asks to wait, or None.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class NotThere(Unavailable):
    """Nothing accepts connections at the address."""
