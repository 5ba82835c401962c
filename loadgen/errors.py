"""Errors of the loader."""


class LoadError(Exception):
    """Ends the load. The message is shown to the user."""


class RequestRejected(LoadError):
    """The service rejected a request. Sending the same request again would fail again."""


class CallerRefused(RequestRejected):
    """The service requires a token, or refuses the one that was sent."""


class RetriesExhausted(LoadError):
    """No request succeeded within the maximum wait."""


class ServiceUnavailable(Exception):
    """A request failed in a way that a retry may fix, or its response was lost.

    retry_after: seconds that the service asked the client to wait, or None.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class RateLimited(ServiceUnavailable):
    """The rate limit of the token or of its workspace is reached. The service works, so the loader waits."""


class ServiceUnreachable(ServiceUnavailable):
    """The connection to the service was refused or timed out."""
