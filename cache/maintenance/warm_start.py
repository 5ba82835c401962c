"""The warm start: loads the most requested tasks and pages into a new index again.

It reads as clients do: a read takes leases, and fills what it missed (R2 to R5). So it adds no step to the protocol.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Literal
from weakref import WeakKeyDictionary

import structlog

from cache.errors import IndexLost, TooMuchRead
from cache.maintenance.warm_plan import (
    FOUND_COMMANDS,
    LOADED_COMMANDS,
    Pace,
    Portion,
    WarmBudget,
    plan,
    size,
    tasks_in,
    with_uncounted,
)
from cache.reads.pages import read_page
from cache.reads.session import Session
from cache.redis.index import PageRange
from cache.redis.memory import used_share
from cache.redis.protocol import Protocol
from cache.store import Store
from db.connection import Connection
from db.errors import ShareBusy
from db.usage import most_requested_pages, most_requested_tasks
from db.warm_list import warm_list
from db.warm_lock import try_to_warm

log = structlog.get_logger(__name__)

# What one warm start loads at most.
MAX_TASKS = 100_000
MAX_PAGES = 1_000
# Another worker loads, or has died: this worker looks again after so long.
RETRY_SECONDS = 1.0
# How long a batch waits for a connection that no reader needs. After that it takes its turn among the readers.
MAX_YIELD_SECONDS = 0.5
YIELD_INTERVAL_SECONDS = 0.005
# A small budget makes long pauses. The lock is used at least so often.
HOLD_SECONDS = 1.0

# Why a warm start ended before it had loaded everything: Redis uses its share of memory, or the index is closed.
Stop = Literal["memory", "index closed"]


class WarmStarts:
    """Warms each new index of an open workspace once. Of all workers of all hosts, one loads at a time."""

    def __init__(self, budget: WarmBudget) -> None:
        self._budget = budget
        self._working = False
        # The epoch of the last index that this process knows to be warm.
        self._warm_epochs: WeakKeyDictionary[Store, int] = WeakKeyDictionary()

    def wanted(self, store: Store) -> bool:
        """Return whether the index in use may not be warm yet."""
        protocol = store.gate_lease.protocol
        if protocol is None or not self._budget.commands_per_second:
            return False
        return self._warm_epochs.get(store) != protocol.gate.epoch

    async def warm(self, store: Store) -> float:
        """Warm the index, unless it is warm or another worker warms one. Return the seconds before the next look."""
        protocol = store.gate_lease.protocol
        if protocol is None or self._working:
            return RETRY_SECONDS
        self._working = True
        try:
            done = await protocol.is_warm() or await self._warm(store, protocol)
        except IndexLost as error:
            store.gate_lease.report_lost_index(protocol.gate.epoch, error)
            raise
        finally:
            self._working = False
        if done:
            self._warm_epochs[store] = protocol.gate.epoch
        return RETRY_SECONDS

    async def _warm(self, store: Store, protocol: Protocol) -> bool:
        """Load under the lock of the warm start. Return whether the index is warm."""
        async with store.database.transaction() as lock_connection:
            if not await try_to_warm(lock_connection):
                return False
            if await protocol.is_warm():  # by the worker that held the lock until now
                return True
            stopped = await WarmStart(store, protocol, self._budget, lock_connection).run()
            if stopped == "index closed":
                return False
            await protocol.set_warm()
        return True


class WarmStart:
    """One warm start of one index. `lock_connection` holds its lock."""

    def __init__(self, store: Store, protocol: Protocol, budget: WarmBudget, lock_connection: Connection) -> None:
        self._store = store
        # Hits and misses are those of clients.
        self._quiet_store = store.with_own_metrics()
        self._protocol = protocol
        self._budget = budget
        self._lock_connection = lock_connection

    async def run(self) -> Stop | None:
        """Load what clients requested most, then what else Redis held. Return why it ended early, or None.

        Raises `StoreUnavailable` or `DatabaseError`; the next attempt starts from the beginning.
        """
        connection, workspace = self._lock_connection, self._store.workspace
        tasks = await most_requested_tasks(connection, workspace, MAX_TASKS)
        pages = await most_requested_pages(connection, workspace, MAX_PAGES)
        tasks = with_uncounted(tasks, await warm_list(connection, workspace), MAX_TASKS)
        portions = plan(tasks, pages)
        if not portions:
            return None
        metrics, began = self._store.metrics, time.monotonic()
        metrics.warm_began_at, metrics.warm_wanted, metrics.warm_done = time.time(), tasks_in(portions), 0
        about = {"workspace": workspace, "epoch": self._protocol.gate.epoch}
        log.info("warm start began", **about, tasks=len(tasks), pages=len(pages))
        stopped = await self._load_all(portions)
        metrics.warm_seconds = time.monotonic() - began
        metrics.warm_starts += 1
        read = self._quiet_store.metrics
        log.info(
            "warm start ended",
            **about,
            loaded=read.misses,
            found=read.hits,
            seconds=round(metrics.warm_seconds, 3),
            stopped=stopped or "",
        )
        return stopped

    async def _load_all(self, portions: Sequence[Portion]) -> Stop | None:
        metrics, read = self._store.metrics, self._quiet_store.metrics
        pace = Pace(self._budget.commands_per_second)
        for portion in portions:
            await self._lock_connection.keep_session()
            if not self._is_in_use:
                return "index closed"
            if await used_share(self._store.redis, self._protocol.gate.redis_run_id) >= self._budget.memory_share:
                return "memory"
            await self._yield_to_readers()
            hits, misses, began = read.hits, read.misses, time.monotonic()
            await self._load(portion)
            if read.degraded_reads:
                return "index closed"
            loaded = read.misses - misses
            metrics.warmed += loaded
            metrics.warm_done += size(portion)
            commands = FOUND_COMMANDS * (read.hits - hits) + LOADED_COMMANDS * loaded
            await self._pause(pace.pause(commands, time.monotonic() - began))
        return None

    async def _pause(self, seconds: float) -> None:
        """Pause, and keep the lock: PostgreSQL ends its session if the session is idle for longer."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > HOLD_SECONDS:
            await asyncio.sleep(min(left, HOLD_SECONDS))
            await self._lock_connection.keep_session()
        await asyncio.sleep(left)

    @property
    def _is_in_use(self) -> bool:
        protocol = self._store.gate_lease.protocol
        return protocol is not None and protocol.gate == self._protocol.gate

    async def _yield_to_readers(self) -> None:
        """Wait for a connection that is free, but not for long: readers of a cold index need the entries."""
        until = time.monotonic() + MAX_YIELD_SECONDS
        while not self._store.database.has_free_connection and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(YIELD_INTERVAL_SECONDS)

    async def _load(self, portion: Portion) -> None:
        """Read a portion as one request of a client does. A page that is too large or too expensive is left out."""
        session = Session(self._quiet_store)
        if isinstance(portion, PageRange):
            with suppress(TooMuchRead, ShareBusy):
                await read_page(session, portion)
        else:
            await session.loader.load_many(portion)
