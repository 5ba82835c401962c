"""The limit on requests in flight."""

from starlette.responses import Response

from api.http.errors import RETRY_AFTER, error_response


class RequestLimit:
    """Counts the requests in flight. Requests over the limit get 503 with Retry-After, so that they do not queue."""

    __slots__ = ("_limit", "in_flight")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.in_flight = 0

    def acquire(self) -> bool:
        """Count one more request, or return False if the limit is reached. Call `release` when the request ends."""
        if self.in_flight >= self._limit:
            return False
        self.in_flight += 1
        return True

    def release(self) -> None:
        self.in_flight -= 1

    def refusal(self) -> Response:
        """Return the response 503."""
        return error_response(
            503,
            f"The server has reached its limit of {self._limit} requests in flight. Try again.",
            "BUSY",
            RETRY_AFTER,
            limit=self._limit,
        )
