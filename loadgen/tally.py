"""The tally of a load: what was acknowledged, what failed, and how long requests took."""

import math
import time

from loadgen.answers import CreateTasksPayload
from loadgen.batches import Batch

# Enough to see what is wrong; a million of them would not say more.
MAX_REPORTED = 10

_ID_TAKEN = "ID_TAKEN"


class Latencies:
    """A histogram of seconds whose buckets are 1 % wide, so that its size does not grow."""

    _SMALLEST = 1e-5
    _STEP = math.log(1.01)

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self.count = 0
        self.longest = 0.0

    def add(self, seconds: float) -> None:
        """Count one request."""
        bucket = math.ceil(math.log(max(seconds, self._SMALLEST) / self._SMALLEST) / self._STEP)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1
        self.count += 1
        self.longest = max(self.longest, seconds)

    def percentile(self, percent: float) -> float:
        """The seconds that percent of the requests stayed within, at most 1 % too high; or 0."""
        wanted = math.ceil(self.count * percent / 100)
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted:
                return min(self._SMALLEST * math.exp(bucket * self._STEP), self.longest)
        return 0.0


class Tally:
    """Counts of one load so far, and its clock."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._ended: float | None = None
        self._cpu_started = time.process_time()
        self.total_before: int | None = None
        self.acknowledged = 0
        self.already_taken = 0
        self.failed = 0
        self.retries = 0
        self.last_fault: str | None = None
        self.item_errors: list[str] = []
        self.latencies = Latencies()

    @property
    def answered(self) -> int:
        """How many tasks the service has answered for, whatever it said."""
        return self.acknowledged + self.already_taken + self.failed

    @property
    def seconds(self) -> float:
        """How long the load has been going on, or took."""
        return (self._ended or time.monotonic()) - self._started

    def begin(self, total: int) -> None:
        """The service is there, with so many tasks: the clock starts."""
        self.total_before = total
        self._started = time.monotonic()
        self._cpu_started = time.process_time()

    def end(self) -> None:
        """The clock stops."""
        self._ended = time.monotonic()

    @property
    def cpu_seconds(self) -> float:
        """The CPU time of this process since the load began; starting Python is not in it."""
        return time.process_time() - self._cpu_started

    def retry(self, reason: str) -> None:
        """A request failed and will be tried again."""
        self.retries += 1
        self.last_fault = reason

    def answer(self, batch: Batch, payload: CreateTasksPayload) -> None:
        """Count what became of each task of a batch."""
        for index, result in enumerate(payload.results, batch.first):
            errors = result.user_errors
            if not errors:
                self.acknowledged += 1
            elif any(error.code == _ID_TAKEN for error in errors):
                # Deleted or expired since an earlier run: it was loaded, and is rightly gone.
                self.already_taken += 1
            else:
                self.failed += 1
                if len(self.item_errors) < MAX_REPORTED:
                    said = "; ".join(f"{'.'.join(e.field or ['task'])}: {e.message} ({e.code})" for e in errors)
                    self.item_errors.append(f"task {index}: {said}")
