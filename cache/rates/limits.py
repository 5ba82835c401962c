"""The rate limits of a process. Redis holds the buckets, from which the process draws portions."""

import asyncio
import time
from contextvars import Context
from hashlib import sha256
from typing import NamedTuple
from weakref import WeakValueDictionary

from cache.errors import CacheUnavailable
from cache.metrics import StoreMetrics
from cache.rates.allowance import UNLIMITED, Allowance
from cache.rates.bucket import Bucket
from cache.redis.client import Redis
from cache.redis.keys import points_key
from db.caller import Caller

# A process forgets a caller that has sent nothing for one to two of these intervals.
IDLE_SECONDS = 10.0
MAX_CALLERS = 10_000
# How long the process waits after a draw that got too few points, or none because Redis did not answer.
SHORT_SECONDS, RETRY_SECONDS = 0.1, 1.0


class RatePolicy(NamedTuple):
    """The limits of the service. 0 is no limit.

    points_per_minute: of each caller that has no limit of its own. workspace_points_per_minute: of each workspace; 0 is
    as many as a caller. burst: what a bucket of `points_per_minute` can hold, and others in proportion; 0 is the points
    of a minute. max_cost: what one operation may cost; every bucket can hold as much. processes: how many share the
    limits.
    """

    points_per_minute: int = 0
    workspace_points_per_minute: int = 0
    burst: int = 0
    max_cost: int = 1
    processes: int = 1

    def bucket(self, name: str, key: bytes, points_per_minute: int) -> Bucket:
        """Return a bucket that gets so many points."""
        ratio = self.burst / self.points_per_minute if self.burst and self.points_per_minute else 1.0
        return Bucket(name, key, points_per_minute, max(points_per_minute * ratio, self.max_cost), self.max_cost)


class RateLimits:
    """Finds the allowance of each caller, and draws portions from the buckets in Redis.

    While Redis does not answer, the process gives each bucket its share of the limit: one of `processes` parts.
    """

    def __init__(self, redis: Redis, policy: RatePolicy, metrics: StoreMetrics) -> None:
        self._redis = redis
        self._metrics = metrics
        self._policy = policy
        self._workspace_rate = policy.workspace_points_per_minute or policy.points_per_minute
        self._share = 1 / policy.processes
        self._allowances: dict[tuple[str, str, int], Allowance] = {}
        self._workspaces: WeakValueDictionary[str, Bucket] = WeakValueDictionary()
        self._running: set[asyncio.Task[None]] = set()
        self._sweep_at = 0.0
        # When to ask the server of some workspaces again, by their scope. Empty while all servers answer.
        self._retry_at: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._allowances)

    def allowance(self, caller: Caller) -> Allowance:
        """Return the allowance of a caller."""
        rate = caller.points_per_minute
        if rate is None:
            rate = self._policy.points_per_minute
        if not rate and not self._workspace_rate:
            return UNLIMITED
        key = (caller.workspace, caller.actor, rate)
        return self._allowances.get(key) or self._create(key)

    def _create(self, key: tuple[str, str, int]) -> Allowance:
        workspace, actor, rate = key
        now = time.monotonic()
        self._sweep(now)
        buckets = []
        if rate:
            digest = sha256(actor.encode()).hexdigest()[:32]
            buckets.append(self._policy.bucket("token", points_key(workspace, digest), rate))
        if self._workspace_rate:
            shared = self._workspaces.get(workspace)
            if shared is None:
                shared = self._policy.bucket("workspace", points_key(workspace), self._workspace_rate)
                self._workspaces[workspace] = shared
            buckets.append(shared)
        redis = self._redis.bound_to(workspace)
        self._allowances[key] = created = Allowance(self, tuple(buckets), redis.scope)
        if redis.scope in self._retry_at:
            for bucket in buckets:
                bucket.leave_redis(self._share, now)
            self.refill(created)
        return created

    def _sweep(self, now: float) -> None:
        """Forget callers that were idle, so that their number is bounded. Their portions are lost."""
        if now >= self._sweep_at:
            self._sweep_at = now + IDLE_SECONDS
            for key, allowance in list(self._allowances.items()):
                if not allowance.used:
                    del self._allowances[key]
                allowance.used = False
        while len(self._allowances) >= MAX_CALLERS:
            del self._allowances[next(iter(self._allowances))]

    async def draw(self, allowance: Allowance, points: int) -> None:
        """Draw the points of an operation and the next portion. Concurrent operations of a caller share a draw."""
        if allowance.scope in self._retry_at:
            now = time.monotonic()
            for bucket in allowance.buckets:
                bucket.refill_alone(now)
            self.refill(allowance)
            return
        # Shielded: the points of a request that is cancelled are for the next one.
        await asyncio.shield(allowance.drawing or self._start(allowance, points))

    def refill(self, allowance: Allowance) -> None:
        """Draw the next portion in the background, unless Redis had too few points or did not answer just now."""
        if allowance.drawing is None:
            now = time.monotonic()
            retry_at = self._retry_at.get(allowance.scope)
            if now >= (allowance.refill_at if retry_at is None else retry_at):
                if retry_at is not None:
                    self._retry_at[allowance.scope] = now + RETRY_SECONDS
                self._start(allowance, 0)

    def count_refusal(self) -> None:
        """Count an operation that is refused."""
        self._metrics.rate_limited += 1

    def _start(self, allowance: Allowance, points: int) -> asyncio.Task[None]:
        # Without the context of the request, whose trace would count this round trip.
        task = asyncio.create_task(self._run(allowance, points), context=Context())
        allowance.drawing = task
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _run(self, allowance: Allowance, points: int) -> None:
        buckets, wanted, arguments = allowance.buckets, list[float](), list[str]()
        for bucket in buckets:
            needed = max(0.0, points - bucket.available)
            wanted.append(max(needed, points + bucket.portion - bucket.available - bucket.pending))
            arguments += map(repr, (bucket.rate * 60, float(bucket.burst), needed, wanted[-1]))
            bucket.pending += wanted[-1]
        try:
            redis = self._redis.bound_to(allowance.scope)
            reply = await redis.read_script("draw", [bucket.key for bucket in buckets], *arguments)
        except CacheUnavailable:
            self._leave_redis(allowance.scope)
            return
        finally:
            allowance.drawing = None
            for bucket, most in zip(buckets, wanted, strict=True):
                bucket.pending -= most
        self._return_to_redis(allowance.scope)
        now = time.monotonic()
        granted, left = [*map(float, reply[::2])], [*map(float, reply[1::2])]
        for number, bucket in enumerate(buckets):
            bucket.add(granted[number], left[number], now)
        if any(got < most for got, most in zip(granted, wanted, strict=True)):
            allowance.refill_at = now + SHORT_SECONDS

    def _buckets(self, scope: str) -> set[Bucket]:
        allowances = (allowance for allowance in self._allowances.values() if allowance.scope == scope)
        return {bucket for allowance in allowances for bucket in allowance.buckets}

    def _leave_redis(self, scope: str) -> None:
        now = time.monotonic()
        if scope not in self._retry_at:
            for bucket in self._buckets(scope):
                bucket.leave_redis(self._share, now)
        self._retry_at[scope] = now + RETRY_SECONDS

    def _return_to_redis(self, scope: str) -> None:
        if self._retry_at.pop(scope, None) is not None:
            for bucket in self._buckets(scope):
                bucket.return_to_redis()

    async def aclose(self) -> None:
        """Wait until no draw runs."""
        await asyncio.gather(*self._running, return_exceptions=True)
