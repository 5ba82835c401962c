"""One token bucket as a process knows it: the points that the process has drawn, and those that Redis has left."""

import math

# A process draws the points of about this time at once.
PORTION_SECONDS = 1.0
# A process draws at most this share of what the bucket can hold.
_LARGEST_PORTION = 0.25
# The header RateLimit may be off by this share of what the bucket can hold, so that requests share its text.
_HEADER_PRECISION = 0.001


class Bucket:
    """The bucket of a caller or of a workspace. It gets `rate` points per second, and can hold `burst`.

    name: the name of its policy in HTTP headers. smallest_burst: what a process can hold at least without Redis.
    available: the points that this process may spend without asking Redis. Times are those of the monotonic clock.
    """

    __slots__ = (
        "__weakref__",
        "_item",
        "_left",
        "_left_at",
        "_share",
        "_state",
        "_state_floor",
        "_state_until",
        "available",
        "burst",
        "key",
        "low",
        "name",
        "pending",
        "policy",
        "portion",
        "rate",
        "smallest_burst",
    )

    def __init__(self, name: str, key: bytes, points_per_minute: float, burst: float, smallest_burst: float) -> None:
        self.name = name
        self.key = key
        self.rate = points_per_minute / 60
        self.burst = burst
        self.smallest_burst = smallest_burst
        self._item = f'"{name}";r='
        # The item of the header RateLimit-Policy: what the bucket can hold, and in how many seconds it fills.
        self.policy = f'"{name}";q={int(burst)};w={math.ceil(burst / self.rate)}'
        self.portion = min(self.rate * PORTION_SECONDS, burst * _LARGEST_PORTION)
        # With fewer points, the process draws the next portion.
        self.low = self.portion / 2
        self.available = 0.0
        # The points that draws in flight may bring.
        self.pending = 0.0
        # The text of `state`, until when it is accurate, and down to how many points that the process has.
        self._state, self._state_until, self._state_floor = "", 0.0, math.inf
        # How many points Redis had left after the last draw, and when. Before the first draw, as many as possible.
        self._left, self._left_at = burst, 0.0
        # The share of the points that this process gets: all of them, or some while Redis does not answer.
        self._share = 1.0

    def remaining(self, now: float) -> float:
        """Return how many points can be spent now, unless other processes have drawn some since the last draw."""
        return min(self.burst, self.available + self._undrawn(now))

    def seconds_until(self, points: float, now: float) -> float:
        """Return how long to wait until the bucket can have this many points, in seconds; 0 if it may have them now."""
        return max(0.0, points - self.available - self._undrawn(now)) / (self.rate * self._share)

    def seconds_until_full(self, now: float) -> float:
        """Return after how many seconds without requests the bucket is full."""
        return (self.burst - self.remaining(now)) / self.rate

    def state(self, now: float) -> str:
        """Return the item of the header RateLimit: the remaining points, and in how many seconds the bucket is full.

        Both may be inaccurate by a thousandth of what the bucket can hold.
        """
        if self.available >= self._state_floor and now < self._state_until:
            return self._state
        burst, undrawn = self.burst, self._left + self.rate * self._share * (now - self._left_at)
        points = self.available + (undrawn if undrawn < burst else burst)
        points = points if points < burst else burst
        # One second too many rather than too few, and 0 only for a full bucket.
        self._state = f"{self._item}{int(points)};t={-int((points - burst) // self.rate)}"
        precision = burst * _HEADER_PRECISION
        self._state_floor, self._state_until = self.available - precision, now + precision / self.rate
        return self._state

    def add(self, granted: float, left: float, now: float) -> None:
        """Add the points that Redis granted. `left` is how many it has left."""
        self._state_floor = math.inf
        self.available += granted
        self._left, self._left_at = left, now

    def refill_alone(self, now: float) -> None:
        """Add this process's share of the points that the bucket got since the last call, without Redis."""
        self._state_floor = math.inf
        limit = max(self.burst * self._share, self.smallest_burst)
        self.available = min(limit, self.available + self._undrawn(now))
        self._left, self._left_at = 0.0, now

    def leave_redis(self, share: float, now: float) -> None:
        """Enforce a share of the limit without Redis. A bucket that was never drawn from is full, as in Redis."""
        self._state_floor = math.inf
        self._share = share
        if self._left_at == 0.0:
            self.available = max(self.burst * share, self.smallest_burst)
        self._left, self._left_at = 0.0, now

    def return_to_redis(self) -> None:
        """Keep at most a portion, because the processes share the bucket again."""
        self._state_floor = math.inf
        self._share, self._left = 1.0, self.burst
        self.available = min(self.available, self.portion)

    def _undrawn(self, now: float) -> float:
        return min(self.burst, self._left + self.rate * self._share * max(0.0, now - self._left_at))
