"""Counts, durations and sizes of the requests that one worker has answered."""

from bisect import bisect_left
from collections.abc import Sequence

import msgspec

from cache.usage.request_uses import MAX_NAME_CHARACTERS, OTHER, UNNAMED
from db.usage import DURATION_BOUNDS

# Upper bounds of the buckets. Those of durations are in db/usage.py.
SIZE_BOUNDS = (256.0, 1024.0, 4096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0)
# Clients choose the names of operations, so a worker counts only the first ones by name. Others count together.
MAX_NAMES = 100


class Histogram(msgspec.Struct):
    """How many values fell into each bucket, and their sum. The last bucket has no upper bound."""

    counts: list[int]
    sum: float = 0.0

    def add(self, other: "Histogram") -> None:
        """Add the values of another histogram with the same bounds."""
        self.counts = [mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)]
        self.sum += other.sum


def histogram(bounds: Sequence[float]) -> Histogram:
    """Return an empty histogram. `bounds` are the upper bounds of its buckets, which belong to them."""
    return Histogram([0] * (len(bounds) + 1))


class OperationCounts(msgspec.Struct):
    """The requests of one operation: their number by outcome, and their durations in seconds."""

    outcomes: dict[str, int] = {}
    durations: Histogram = msgspec.field(default_factory=lambda: histogram(DURATION_BOUNDS))

    def add(self, other: "OperationCounts") -> None:
        """Add the requests of another worker."""
        for outcome, number in other.outcomes.items():
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + number
        self.durations.add(other.durations)


class RequestMetrics(msgspec.Struct):
    """The requests to /graphql, by operation, and the sizes of their bodies and of the responses in bytes."""

    operations: dict[str, OperationCounts] = {}
    request_bytes: Histogram = msgspec.field(default_factory=lambda: histogram(SIZE_BOUNDS))
    response_bytes: Histogram = msgspec.field(default_factory=lambda: histogram(SIZE_BOUNDS))

    def observe(
        self, operation: str | None, outcome: str, seconds: float, request_bytes: int, response_bytes: int
    ) -> None:
        """Count a request that has ended. `outcome` is OK or the code of the first error."""
        counts = self.operations.get(operation or UNNAMED) or self._counts(operation or UNNAMED)
        counts.outcomes[outcome] = counts.outcomes.get(outcome, 0) + 1
        # Not a function, because each of three calls would cost as much as its work.
        durations, received, sent = counts.durations, self.request_bytes, self.response_bytes
        durations.counts[bisect_left(DURATION_BOUNDS, seconds)] += 1
        durations.sum += seconds
        received.counts[bisect_left(SIZE_BOUNDS, request_bytes)] += 1
        received.sum += request_bytes
        sent.counts[bisect_left(SIZE_BOUNDS, response_bytes)] += 1
        sent.sum += response_bytes

    def add(self, other: "RequestMetrics") -> None:
        """Add the requests of another worker."""
        for name, counts in other.operations.items():
            self.operations.setdefault(name, OperationCounts()).add(counts)
        self.request_bytes.add(other.request_bytes)
        self.response_bytes.add(other.response_bytes)

    def _counts(self, name: str) -> OperationCounts:
        if name != UNNAMED and (len(self.operations) >= MAX_NAMES or len(name) > MAX_NAME_CHARACTERS):
            name = OTHER
        return self.operations.setdefault(name, OperationCounts())
