"""The reuse of tasks: how many different tasks are requested between two requests of one. Gives a miss-ratio curve."""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence

# At most `MAX_SAMPLES` tasks are sampled, and at most one task in `SMALLEST_DIVISOR`.
MAX_SAMPLES, SMALLEST_DIVISOR = 8192, 16
# The parts into which the tasks are divided by their hash.
_PARTS = 2**24
_MASK = _PARTS - 1
# Ranges of distances for each doubling.
_RANGES_PER_OCTAVE = 8
# The key of requests of tasks that were never requested before, or not for `FORGET_SECONDS`.
NEW = "new"
_NEW_RANGE = -1
# A task that was not requested for this long is no longer in Redis, whatever its size: this is the longest lifetime of
# an entry.
FORGET_SECONDS = 3600.0


class ReuseSampler:
    """Samples distances between two requests of the same task: SHARDS (Waldspurger, Park, Garthwaite, Ahmad, 2015).

    Spatial sampling: a task is sampled if its hash is below a threshold, so all requests of a sampled task are seen. A
    distance is the number of different tasks in between, and that of a sample stands for as many more as the sample is
    smaller. The threshold is lowered when there are too many sampled tasks (fixed size), and raised again when few are
    left.
    """

    def __init__(self, max_samples: int = MAX_SAMPLES, smallest_divisor: int = SMALLEST_DIVISOR) -> None:
        self._max_samples = max_samples
        # The tasks to sample: those of these parts.
        self._threshold = self._largest = _PARTS // smallest_divisor
        # The number of the last request of each sampled task, in the order of these numbers, and the numbers alone.
        self._last: dict[bytes, int] = {}
        self._numbers: list[int] = []
        self._next = 0
        self._requests = 0
        # By the number of the range.
        self._counts: dict[int, float] = {}
        # Pairs of a time and the number of the next request at that time, oldest first.
        self._times: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self._last)

    def observe(self, ids: Sequence[bytes]) -> None:
        """Count requests of tasks, in their order."""
        self._requests += len(ids)
        threshold, log2 = self._threshold, math.log2
        # The hash of the whole id, because clients may make ids in which any part is constant.
        sampled = [id_ for id_ in ids if hash(id_) & _MASK < threshold]
        last, numbers, counts, share = self._last, self._numbers, self._counts, _PARTS / threshold
        next_ = self._next
        for id_ in sampled:
            number, range_ = last.pop(id_, None), _NEW_RANGE
            if number is not None:
                place = bisect_left(numbers, number)
                # As in `_range`, without a call for each task.
                range_ = int(log2((len(numbers) - place - 1) * share + 1) * _RANGES_PER_OCTAVE)
                del numbers[place]
            counts[range_] = counts.get(range_, 0.0) + share
            last[id_] = next_
            numbers.append(next_)
            next_ += 1
            if len(numbers) > self._max_samples:
                break
        done, self._next = next_ - self._next, next_
        if len(numbers) > self._max_samples:
            self._lower()
            rest = sampled[done:]
            self._requests -= len(rest)
            self.observe(rest)

    def _lower(self) -> None:
        """Sample about an eighth fewer tasks, until these are few enough: those with the highest hashes go."""
        while len(self._last) > self._max_samples:
            self._threshold = threshold = self._threshold * 7 // 8
            self._last = {id_: number for id_, number in self._last.items() if hash(id_) & _MASK < threshold}
        self._numbers = list(self._last.values())

    def forget(self, now: float) -> None:
        """Forget tasks that were not requested for `FORGET_SECONDS`. `now`: seconds of a clock that never goes back."""
        self._times.append((now, self._next))
        while len(self._times) > 1 and self._times[1][0] <= now - FORGET_SECONDS:
            del self._times[0]
        if self._times[0][0] > now - FORGET_SECONDS:
            return
        oldest = self._times[0][1]
        if self._numbers and self._numbers[0] < oldest:
            self._last = {id_: number for id_, number in self._last.items() if number >= oldest}
            self._numbers = list(self._last.values())
        if len(self._last) < self._max_samples // 4:
            self._threshold = min(self._largest, self._threshold * 2)

    def take(self) -> dict[str, int]:
        """Return the requests by the range of their distance, and reset them. The keys are the starts of the ranges.

        The sample may have more or fewer requests than its share. The difference belongs to the shortest distance
        (SHARDS-adj), because it comes from the tasks that are requested most. That count can be negative.
        """
        counts = {_key(range_): round(count) for range_, count in self._counts.items()}
        counts["0"] = counts.get("0", 0) + self._requests - sum(counts.values())
        self._counts, self._requests = {}, 0
        return {key: count for key, count in counts.items() if count}


def range_start(distance: float) -> int:
    """Return the start of the range of a distance."""
    return _start(_range(distance))


def _range(distance: float) -> int:
    return int(math.log2(distance + 1) * _RANGES_PER_OCTAVE)


def _key(range_: int) -> str:
    return NEW if range_ == _NEW_RANGE else str(_start(range_))


def _start(number: int) -> int:
    return math.ceil(2 ** (number / _RANGES_PER_OCTAVE)) - 1


def miss_ratio(counts: Mapping[str, int], tasks: float) -> float | None:
    """Return the share of misses of a cache that holds so many tasks and evicts the least recently used one.

    counts: as `ReuseSampler.take` returns them, of any number of processes. None without requests.
    """
    total = sum(counts.values())
    if total <= 0:
        return None
    misses = float(counts.get(NEW, 0))
    for key, count in counts.items():
        if key == NEW:
            continue
        start = int(key)
        end = next_start(start)
        # A request whose distance is below the size of the cache is a hit.
        share_of_hits = min(1.0, max(0.0, (tasks - start) / (end - start)))
        misses += count * (1 - share_of_hits)
    return min(1.0, max(0.0, misses / total))


def next_start(start: int) -> int:
    """Return the end of the range that starts there."""
    number = _range(start)
    while _start(number) <= start:
        number += 1
    return _start(number)


def tasks_for(counts: Mapping[str, int], hit_rate: float) -> int | None:
    """Return how many tasks a cache must hold for a hit rate. None if no size is enough."""
    for start in sorted(int(key) for key in counts if key != NEW):
        end = next_start(start)
        ratio = miss_ratio(counts, end)
        if ratio is not None and 1 - ratio >= hit_rate:
            return end
    return None
