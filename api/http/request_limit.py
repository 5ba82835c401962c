"""The limits on requests in flight."""

from starlette.responses import Response

from api.graphql.request import RequestError
from api.http.errors import RETRY_AFTER, error_response
from api.http.fair_turns import FairTurns
from cache.feed.turns import Turns
from db.fair_slots import FairSlots

# While several workspaces are busy, each runs this share of the slots at once: four of 64.
TURNS_SHARE = 16
# So many times the limit may wait until their callers are identified, without a slot.
IDENTIFYING_SHARE = 8


class RequestLimit:
    """Counts the requests in flight. Requests over the limit get 503 with Retry-After, so that they do not queue.

    The limit counts requests whose workspace is known. Half as many more may have arrived, so that a workspace which
    has taken all slots cannot keep another one out. Requests that wait until their callers are identified do not count,
    so that unknown tokens cannot keep out known ones.
    """

    __slots__ = ("_identifying", "_limit", "_requests", "_slots", "in_flight", "turns", "workspaces")

    def __init__(self, limit: int, requests: str = "requests", turns: Turns | None = None) -> None:
        """`requests` says in the refusal which ones are counted. `turns`: in which they continue, or None."""
        self._limit = limit
        self._requests = requests
        self._slots = FairSlots(limit)
        # Which requests run while several workspaces are busy.
        self.workspaces = FairTurns(max(1, limit // TURNS_SHARE))
        self.turns = turns
        self.in_flight = 0
        self._identifying = 0

    def acquire(self) -> bool:
        """Count one more request, or return False if the limit is reached. Call `release` when the request ends."""
        if self.in_flight >= self._limit + (self._limit + 1) // 2:
            return False
        self.in_flight += 1
        return True

    def release(self) -> None:
        self.in_flight -= 1

    def step_aside(self) -> bool:
        """Free the slot of a request while its caller is identified. Return False if the request must keep it.

        Large bodies keep their slots, and so does every request while too many have none. `step_back` takes the slot
        again.
        """
        if self.turns is not None or self._identifying >= IDENTIFYING_SHARE * self._limit:
            return False
        self._identifying += 1
        self.in_flight -= 1
        return True

    def step_back(self) -> None:
        """Take the slot again after `step_aside`."""
        self._identifying -= 1
        self.in_flight += 1

    def enter(self, workspace: str) -> None:
        """Count a request of a workspace. Raises `RequestError` if it may have no more. `leave` ends the request."""
        if not self._slots.enter(workspace):
            error = RequestError(503, self._message, "BUSY", {"limit": self._limit})
            error.headers = RETRY_AFTER
            raise error

    def leave(self, workspace: str) -> None:
        self._slots.leave(workspace)

    @property
    def _message(self) -> str:
        return f"The worker has reached its limit of {self._limit} {self._requests} in flight. Try again."

    def refusal(self) -> Response:
        """Return the response 503."""
        return error_response(503, self._message, "BUSY", RETRY_AFTER, limit=self._limit)


# To decode a large body takes up to 6 ms for each megabyte.
LARGE_BODY_BYTES = 64 * 1024


class RequestLimits:
    """The slots of small requests, and half as many for requests with large bodies, which continue in turns.

    Otherwise many large bodies that arrive together would be decoded in one iteration of the event loop.
    """

    def __init__(self, limit: int) -> None:
        self._small = RequestLimit(limit)
        large = f"requests with bodies of {LARGE_BODY_BYTES // 1024} KiB or more"
        self._large = RequestLimit(max(1, limit // 2), large, Turns(1))

    @property
    def in_flight(self) -> int:
        """The number of requests that have a slot."""
        return self._small.in_flight + self._large.in_flight

    def of(self, body: bytes) -> RequestLimit:
        """Return the limit that counts a request with this body."""
        return self._large if len(body) >= LARGE_BODY_BYTES else self._small
