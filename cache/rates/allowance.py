"""The points that one caller may spend, from its own bucket and its workspace's."""

import asyncio
import time
from typing import Protocol

from cache.rates.bucket import Bucket

# Every operation costs this many points at least, also one that is not valid.
LEAST_POINTS = 1


class RateLimited(Exception):
    """A bucket has fewer points than an operation costs.

    requested: the points of the operation. limit: what the bucket can hold. retry_seconds: when to try again.
    """

    def __init__(self, allowance: "Allowance", bucket: Bucket, requested: int, retry_seconds: float) -> None:
        super().__init__(f"The {bucket.name} has too few points for an operation of {requested:,}.")
        self.allowance = allowance
        self.bucket = bucket.name
        self.limit = int(bucket.burst)
        self.requested = requested
        self.retry_seconds = retry_seconds


class PointsSource(Protocol):
    """Where the points of buckets come from."""

    async def draw(self, allowance: "Allowance", points: int) -> None:
        """Draw the points of an operation and the next portion."""

    def refill(self, allowance: "Allowance") -> None:
        """Draw the next portion in the background."""

    def count_refusal(self) -> None:
        """Count an operation that is refused."""


class Allowance:
    """The buckets of one caller. Most operations take their points from what the process has drawn before.

    source: None only without buckets. scope: the `scope` of the Redis client for the workspace.
    """

    __slots__ = ("_headers", "_source", "_states", "buckets", "drawing", "refill_at", "scope", "used")

    def __init__(self, source: PointsSource | None, buckets: tuple[Bucket, ...], scope: str = "") -> None:
        self._source = source
        self.scope = scope
        self.buckets = buckets
        # The headers of the last response, and the states of the buckets in them.
        self._headers = {"RateLimit-Policy": ", ".join([bucket.policy for bucket in buckets])}
        self._states: list[str] = []
        # Whether an operation took points since this was last set to false.
        self.used = True
        # The draw that runs, and before which time no further one begins in the background.
        self.drawing: asyncio.Task[None] | None = None
        self.refill_at = 0.0

    def take(self, points: int) -> bool:
        """Take the points of an operation, or return False if the process has too few: `spend` draws more."""
        self.used, low = True, False
        points = points or LEAST_POINTS
        for bucket in self.buckets:
            if bucket.available < points:
                return False
        for bucket in self.buckets:
            bucket.available -= points
            if bucket.available < bucket.low:
                low = True
        if low and self._source is not None:
            self._source.refill(self)
        return True

    def headers(self) -> dict[str, str] | None:
        """Return the headers of draft-ietf-httpapi-ratelimit-headers-11, or None if nothing limits the caller.

        A policy says what its bucket can hold and in which time it fills. Its unit is points, for which the draft has
        no name. The headers are for reading only, because other responses share them.
        """
        if not self.buckets:
            return None
        now = time.monotonic()
        states = [bucket.state(now) for bucket in self.buckets]
        if states != self._states:
            self._states, self._headers = states, self._headers | {"RateLimit": ", ".join(states)}
        return self._headers

    async def spend(self, points: int) -> None:
        """Take the points of an operation, and draw them first if the process has too few. Raises `RateLimited`."""
        while not self.take(points):
            assert self._source is not None  # there are buckets
            now = time.monotonic()
            waits = [(bucket.seconds_until(points or LEAST_POINTS, now), bucket) for bucket in self.buckets]
            seconds, scarcest = max(waits, key=lambda wait: wait[0])
            if seconds > 0:
                self._source.count_refusal()
                raise RateLimited(self, scarcest, points or LEAST_POINTS, seconds)
            await self._source.draw(self, points or LEAST_POINTS)


# What a caller without a rate limit may spend. It has no buckets, so it never draws.
UNLIMITED = Allowance(None, ())
