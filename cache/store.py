"""The store of one process: PostgreSQL, Redis, and what it knows of the gate between them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar, get_args
from uuid import UUID

import structlog

from cache.coalesce import CoalescedCall
from cache.errors import CacheUnavailable, IndexLost, OtherRedis, RedisFull, StoreUnavailable
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.keys import VIEWS
from cache.redis.protocol import Protocol
from db import gate
from db.gate import Gate
from db.pages import task_count, task_counts
from db.pool import Database
from db.task import Order, Status

Result = TypeVar("Result")
log = structlog.get_logger(__name__)

# Seconds for which a gate that was read as `on` may be trusted, from the moment it was asked for.
LEASE = 1.0
# Seconds without an answer from PostgreSQL after which this process says that it cannot serve.
SILENCE = 5.0
# Ids whose index entry contradicted their row, waiting for the scrub. What does not fit is met again.
MOST_SUSPECTS = 10_000


def clock() -> float:
    """Seconds on a clock that nobody sets, and that goes on while the machine sleeps where there is such a one."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Store:
    """What the requests of one process share. `tasks.Tasks` is the view that a request has of it."""

    def __init__(self, database: Database, redis: Redis, metrics: StoreMetrics, workspace: str = "default") -> None:
        self.database = database
        self.redis = redis
        self.metrics = metrics
        self.workspace = workspace
        self.gate: Gate | None = None
        self.redis_answers = False  # until the watch has heard from it
        self.suspects: set[UUID] = set()
        self.trouble = asyncio.Event()
        self.lost: tuple[int, IndexLost] | None = None
        # The epoch of the last index that did not fit into Redis, until another one does.
        self._full: int | None = None
        self._protocol: Protocol | None = None
        self._heard = self._leased_until = -SILENCE
        self._writes: set[asyncio.Task[Any]] = set()
        self._totals = {
            (view, order): CoalescedCall(partial(self._count, view, order))
            for view in VIEWS
            for order in get_args(Order)
        }
        self.counts = CoalescedCall(self._count_each)

    @property
    def ready(self) -> bool:
        """Whether requests can be answered, be it from PostgreSQL alone."""
        return clock() - self._heard < SILENCE

    @property
    def protocol(self) -> Protocol | None:
        """R1: the protocol on the index, if an operation that begins now may read it; none: PostgreSQL answers."""
        return self._protocol if self.redis_answers and clock() < self._leased_until else None

    def hear(self, heard: Gate, sent: float) -> None:
        """G1: the gate as a question that was sent then found it."""
        self.gate, self._heard = heard, sent
        if heard.state == "on" and heard.epoch != self._full:
            self._full = None
        self._protocol = self.at(heard) if heard.state == "on" else None
        self._leased_until = sent + LEASE if heard.state == "on" else 0.0

    def at(self, there: Gate) -> Protocol:
        """The protocol on the index of a gate."""
        if self._protocol is not None and self._protocol.gate == there:
            return self._protocol
        return Protocol(self.redis, there, self.workspace)

    @property
    def longest_transaction(self) -> timedelta:
        """How long a transaction may take before PostgreSQL ends it."""
        return timedelta(milliseconds=self.database.limits.transaction_timeout_ms)

    async def read(
        self,
        cached: Callable[[Protocol], Awaitable[Result]],
        from_rows: Callable[[], Awaitable[Result]],
    ) -> Result:
        """Runs a read on the cache; R6: on the rows, if the cache may not be used or does not answer."""
        if (protocol := self.protocol) is not None:
            try:
                return await cached(protocol)
            except IndexLost as error:
                self.miss(protocol.gate.epoch, error)
                if isinstance(error, OtherRedis):
                    self.redis_answers = False  # nor will it: not until the watch has found the right one
            except CacheUnavailable:
                self.redis_answers = False
        self.metrics.degraded_reads += 1
        return await from_rows()

    async def total(self, view: Status | None, order: Order = "NEWEST") -> int:
        """R6: how many tasks a view has in an order, by PostgreSQL's index."""
        return await self._totals[view, order]()

    async def _count(self, view: Status | None, order: Order) -> int:
        async with self.database.connection() as connection:
            return await task_count(connection, self.workspace, view, order)

    async def _count_each(self) -> list[int]:
        async with self.database.connection() as connection:
            return await task_counts(connection, self.workspace)

    def miss(self, epoch: int, error: IndexLost) -> None:
        """An index that should be there is not: let the watch close the gate."""
        self.lost = (epoch, error)
        self.trouble.set()

    async def close(self, epoch: int, error: StoreUnavailable) -> bool:
        """G2: asks for the gate of this epoch to be closed; whether this call did it."""
        self.note(epoch, error)
        lost = isinstance(error, IndexLost) and (not isinstance(error, OtherRedis) or self._knew(epoch))
        async with self.database.connection() as connection:
            closed = await gate.close_gate(connection, self.workspace, epoch, lost=lost)
        if closed:
            log.warning("gate closed", epoch=epoch, reason=str(error))
            self.metrics.closings += 1
            self.trouble.set()
            if isinstance(error, OtherRedis):
                self.redis.met = ""  # it may be this process that is led astray, and would close each index in its turn
        return closed

    def _knew(self, epoch: int) -> bool:
        """Whether this process has asked the Redis of that gate: another one in its place is a restart, and no error in
        where this process looks for it."""
        return self.gate is not None and self.gate.epoch == epoch and self.redis.met == self.gate.redis_run_id

    @property
    def full(self) -> bool:
        """Whether Redis is not in use because the index does not fit."""
        return self._full is not None

    def note(self, epoch: int, error: BaseException) -> None:
        """Why an index is not in use; of a Redis that is full its owner has to know, for it does not mend itself."""
        if isinstance(error, RedisFull):
            self._full = epoch
            log.error("Redis is full", reason=str(error))

    async def finish(self, write: Coroutine[Any, Any, Result]) -> Result:
        """Runs a write to its end, also when whoever waits for it goes away."""
        task = asyncio.create_task(write)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return await asyncio.shield(task)

    async def drain(self) -> None:
        """Waits for the writes that are still under way."""
        if self._writes:
            await asyncio.wait(self._writes)

    def suspect(self, id_: UUID) -> None:
        """An index holds an id that its row contradicts: let the scrub look at it."""
        if len(self.suspects) < MOST_SUSPECTS:
            self.suspects.add(id_)
