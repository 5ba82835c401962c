"""The lease of one process on the gate: the last known state, and how long the process may rely on it."""

import asyncio
import math
import time
from contextlib import suppress

import structlog

from cache.errors import CacheUnavailable, IndexLost, OtherRedis, RedisFull, StoreUnavailable
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.declared_views import DeclaredViews
from cache.redis.ended_servers import end_index, has_ended, note_end
from cache.redis.protocol import Protocol
from db import gate
from db.errors import ServerEnded, explain
from db.gate import Gate
from db.history import server_start_of
from db.pool import Database
from db.views import DEFAULT_SHAPES, Shapes

log = structlog.get_logger(__name__)

# How long a gate that was read as `on` may be relied on, from the moment the query was sent.
GATE_LEASE_SECONDS = 1.0
# How long PostgreSQL may be silent before this process reports that it is not ready.
READY_TIMEOUT_SECONDS = 5.0
# How long Redis must answer before the log says that reads use it again. A slow Redis answers and fails several times a
# second.
RECOVERY_SECONDS = 5.0
# After so many indexes in another Redis, this is no restart: another service builds them, or a worker of this one.
FOREIGN_INDEXES = 4
# Why an index of another history is not used, for the log.
OTHER_HISTORY = "PostgreSQL was restarted, restored or replaced, and may lack commits that the index has."
# Not every system has a clock that runs while it sleeps.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def clock() -> float:
    """Return seconds on a clock that is never set back and, where the system has one, also runs while it sleeps."""
    return time.clock_gettime(_CLOCK)


class GateLease:
    """The lease of this process on the gate: the gate as last read, and failures of Redis noticed since then."""

    def __init__(
        self,
        database: Database,
        redis: Redis,
        metrics: StoreMetrics,
        workspace: str,
        shapes: Shapes = DEFAULT_SHAPES,
    ) -> None:
        self._database = database
        self._redis = redis
        self._metrics = metrics
        self.workspace = workspace
        self.views = DeclaredViews(shapes)
        self.gate: Gate | None = None
        self.redis_answers = False  # until the watcher has checked it
        # The epoch of an index that a read found missing, and how; the watcher closes the gate of that epoch.
        self.lost_index: tuple[int, IndexLost] | None = None
        self.ended_epoch: int | None = None
        # The epoch of the last index that this process was allowed to use.
        self._used_epoch: int | None = None
        # When the server started that another one has followed, until Redis has a note of that.
        self._ended_start = ""
        self._too_large_epoch: int | None = None
        self._has_closed = False
        # How many indexes this process has closed because they were in a Redis that it does not use.
        self._foreign_indexes = 0
        # For the log, by `clock`: since when reads bypass Redis, and since when Redis answers.
        self._bypassed_at: float | None = None
        self._answered_at = 0.0
        self._protocol: Protocol | None = None
        self._observed_at = self._valid_until = -READY_TIMEOUT_SECONDS
        # Set by the watcher after its first look at the gate and at Redis.
        self.observed = asyncio.Event()
        # Whether the watcher shall read this gate now. The event is that of the watcher, if one watches the gate.
        self.woken = False
        self.wake_up_event = asyncio.Event()
        # Whether this process has used the workspace since the last round of the watcher, when it did last, and when it
        # last recorded that in PostgreSQL, by `clock`.
        self.touched = True
        self.used_at = clock()
        self.recorded_at = -math.inf
        # The run id of the Redis because of which this process has closed the gate.
        self.closed_run_id = ""

    @property
    def ready(self) -> bool:
        """Whether this process can answer requests, with Redis or from PostgreSQL alone."""
        return clock() - self._observed_at < READY_TIMEOUT_SECONDS

    @property
    def protocol(self) -> Protocol | None:
        """R1: the protocol on the index, for an operation that begins now. None means to fall back to PostgreSQL."""
        return self._protocol if self.redis_answers and clock() < self._valid_until else None

    @property
    def index_too_large(self) -> bool:
        """Whether Redis is not in use because the index does not fit into its memory."""
        return self._too_large_epoch is not None

    def used_within(self, seconds: float) -> bool:
        """Return whether this process has used the workspace in the last `seconds`; 0 means ever."""
        return not seconds or self.touched or clock() - self.used_at < seconds

    def has_used(self, epoch: int) -> bool:
        """Return whether this process was allowed to use the index of an epoch, and no later one."""
        return self._used_epoch == epoch

    def observe_gate(self, observed: Gate, sent_at: float) -> None:
        """G1: record the gate that a query sent at `sent_at` (by `clock`) has read."""
        self.gate, self._observed_at = observed, sent_at
        if not observed.other_history:
            self.ended_epoch = None
        is_on = observed.state == "on"
        if is_on and observed.epoch != self._too_large_epoch:
            self._too_large_epoch = None
        if is_on:
            self._used_epoch = observed.epoch
        self._protocol = self.protocol_for(observed) if is_on else None
        self._valid_until = sent_at + GATE_LEASE_SECONDS if is_on else 0.0

    async def end_index(self, found: Gate, current_start: str | None) -> None:
        """Make an index of another history unreadable, also for processes that still use an earlier server."""
        self.ended_epoch = found.epoch
        self._metrics.closings += 1
        # A process that has just started with PostgreSQL finds the index from before.
        report = log.warning if self.has_used(found.epoch) else log.info
        report("gate closed", workspace=self.workspace, epoch=found.epoch, reason=OTHER_HISTORY)
        start = server_start_of(found.other_history)
        if start != current_start:
            self._ended_start = start
            with suppress(StoreUnavailable):
                await self.note_end()
                await end_index(self._redis, self.workspace, found.epoch, found.redis_run_id)

    async def note_end(self) -> None:
        """Note in Redis that a server has ended, unless the note is there. Raises `CacheUnavailable`."""
        if start := self._ended_start:
            await note_end(self._redis, self.workspace, start)
            if self._ended_start == start:
                self._ended_start = ""

    async def check_server(self) -> None:
        """Raise `ServerEnded` if another server has followed the one in use, which then answers nothing any more."""
        server = self._database.server
        if server.start is not None:
            with suppress(CacheUnavailable):
                if await has_ended(self._redis, self.workspace, server.start):
                    server.end()
                    raise ServerEnded

    def end(self) -> None:
        """End the lease now. The next look at the gate can begin another one."""
        self._valid_until = 0.0

    def protocol_for(self, observed: Gate) -> Protocol:
        """Return the protocol on the index that a gate names."""
        known = self._protocol
        if known is not None and (known.gate is observed or known.gate == observed):
            return known
        return Protocol(self._redis, observed, self.workspace, self.views)

    def wake_up(self) -> None:
        """Let the watcher look at the gate now rather than at its next round."""
        self.woken = True
        self.wake_up_event.set()

    def report_lost_index(self, epoch: int, error: IndexLost) -> None:
        """Report that the index of an epoch is missing. The watcher closes the gate."""
        self.lost_index = (epoch, error)
        self.wake_up()

    def record_read_failure(self, epoch: int, error: IndexLost | CacheUnavailable) -> None:
        """Record that a read of the index of an epoch failed, so that later reads fall back to PostgreSQL."""
        if isinstance(error, IndexLost):
            self.report_lost_index(epoch, error)
        if not isinstance(error, IndexLost) or isinstance(error, OtherRedis):
            self.bypass_redis(epoch, error)

    def bypass_redis(self, epoch: int, error: StoreUnavailable) -> None:
        """Let later reads fall back to PostgreSQL, until the watcher has reached Redis. Logged once."""
        self.redis_answers = False
        if self._bypassed_at is None:
            self._bypassed_at = clock()
            log.warning("reads bypass Redis", workspace=self.workspace, epoch=epoch, reason=explain(error))

    def use_redis(self, epoch: int) -> None:
        """Let later reads use Redis, which has answered the watcher or has not failed since."""
        if self.redis_answers and self._bypassed_at is None:
            return
        now = clock()
        if not self.redis_answers:
            self.redis_answers, self._answered_at = True, now
        if self._bypassed_at is not None and now - self._answered_at >= RECOVERY_SECONDS:
            log.info(
                "reads use Redis again",
                workspace=self.workspace,
                epoch=epoch,
                seconds=round(now - self._bypassed_at, 1),
            )
            self._bypassed_at = None

    def record_failure(self, epoch: int, error: BaseException) -> None:
        """Record why an index is not in use. An operator has to act only if Redis is out of memory."""
        if isinstance(error, RedisFull):
            self._too_large_epoch = epoch
            log.error("Redis is out of memory", reason=explain(error))

    async def close(self, epoch: int, error: StoreUnavailable) -> bool:
        """G2: ask for the gate of an epoch to be closed. Return whether this call closed it."""
        self.record_failure(epoch, error)
        if isinstance(error, IndexLost):
            await self.check_server()
        lost = isinstance(error, IndexLost) and (not isinstance(error, OtherRedis) or self._used_redis_of(epoch))
        async with self._database.connection() as connection:
            closed = await gate.close_gate(connection, self.workspace, epoch, lost=lost)
        if closed:
            if isinstance(error, OtherRedis) and not lost and not self._has_closed:
                # Usual after a restart with an empty Redis.
                log.info("gate closed", workspace=self.workspace, epoch=epoch, reason=explain(error))
            else:
                log.warning("gate closed", workspace=self.workspace, epoch=epoch, reason=explain(error))
            self._has_closed = True
            self._metrics.closings += 1
            self.wake_up()
            if isinstance(error, OtherRedis):
                # This process itself may have the wrong address. It must not close one index after another.
                self.closed_run_id = "" if self.gate is None else self.gate.redis_run_id
                self._foreign_indexes += not lost
                if self._foreign_indexes == FOREIGN_INDEXES:
                    log.error("another service uses another Redis", workspace=self.workspace, reason=explain(error))
        return closed

    def _used_redis_of(self, epoch: int) -> bool:
        """Return whether this process has used the Redis of that gate.

        If so, a server with another run id means that Redis was restarted, rather than a wrong address.
        """
        gate = self.gate
        if gate is None or gate.epoch != epoch or gate.redis_run_id == self.closed_run_id:
            return False
        return gate.redis_run_id in self._redis.used_run_ids
