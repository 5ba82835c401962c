"""Statistics of a load: created and failed tasks, retries, and request latencies."""

import math
import time

from loadgen.batches import Batch
from loadgen.responses import CreateTasksPayload

# The summary shows only the first errors: a million tasks would usually fail for the same reason.
MAX_REPORTED_ERRORS = 10

_ID_TAKEN = "ID_TAKEN"


class Latencies:
    """A latency histogram in seconds. Each bucket is 1% wide, so memory does not grow with the number of requests."""

    _SMALLEST_SECONDS = 1e-5
    _STEP = math.log(1.01)

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self.count = 0
        self.longest = 0.0

    def add(self, seconds: float) -> None:
        """Record the latency of one request."""
        bucket = math.ceil(math.log(max(seconds, self._SMALLEST_SECONDS) / self._SMALLEST_SECONDS) / self._STEP)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1
        self.count += 1
        self.longest = max(self.longest, seconds)

    def percentile(self, percent: float) -> float:
        """Return a percentile in seconds, at most 1% too high, or 0 if there are no requests."""
        wanted = math.ceil(self.count * percent / 100)
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted:
                return min(self._SMALLEST_SECONDS * math.exp(bucket * self._STEP), self.longest)
        return 0.0


class LoadStats:
    """Counters and elapsed time of a load in progress."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._ended: float | None = None
        self._cpu_started = time.process_time()
        self.total_before: int | None = None
        self.acknowledged = 0
        self.already_taken = 0
        self.failed = 0
        self.retries = 0
        self.last_error: str | None = None
        self.item_errors: list[str] = []
        self.latencies = Latencies()

    @property
    def answered(self) -> int:
        """The number of tasks with a result, whether created or failed."""
        return self.acknowledged + self.already_taken + self.failed

    @property
    def seconds(self) -> float:
        """The seconds since the start of the load, or until its end."""
        return (self._ended or time.monotonic()) - self._started

    def start(self, total: int) -> None:
        """Start the clock. total: the number of tasks in the service before the load."""
        self.total_before = total
        self._started = time.monotonic()
        self._cpu_started = time.process_time()

    def stop(self) -> None:
        """Stop the clock."""
        self._ended = time.monotonic()

    @property
    def cpu_seconds(self) -> float:
        """The CPU time of this process since start(), without the start of Python."""
        return time.process_time() - self._cpu_started

    def record_retry(self, reason: str) -> None:
        """Count a failed request that will be retried."""
        self.retries += 1
        self.last_error = reason

    def record_batch(self, batch: Batch, payload: CreateTasksPayload) -> None:
        """Count the results of a batch."""
        for index, result in enumerate(payload.results, batch.first):
            errors = result.user_errors
            if not errors:
                self.acknowledged += 1
            elif any(error.code == _ID_TAKEN for error in errors):
                # An earlier load created this task, and it has been deleted or has expired since.
                self.already_taken += 1
            else:
                self.failed += 1
                if len(self.item_errors) < MAX_REPORTED_ERRORS:
                    text = "; ".join(f"{'.'.join(e.field or ['task'])}: {e.message} ({e.code})" for e in errors)
                    self.item_errors.append(f"task {index}: {text}")
