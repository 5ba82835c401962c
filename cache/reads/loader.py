"""The DataLoader: one MGET for all ids of a request, and one query for those that are not cached."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from aiodataloader import DataLoader

from cache.errors import StoreUnavailable
from cache.reads.access import CacheAccess
from cache.redis import entry
from cache.redis.protocol import Protocol
from cache.store import Store
from db.task import Task
from db.task_table import tasks_by_id

log = structlog.get_logger(__name__)

# Pauses before each look at an entry that another reader is filling: a quarter of a second in all.
FILL_WAIT_SECONDS = (0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.124)

TasksById = dict[UUID, Task]


class TaskLoader(DataLoader[UUID, Task | None]):
    """Loads tasks by id for one request. A task that was loaded once stays the same for the request."""

    def __init__(self, store: Store, access: CacheAccess) -> None:
        super().__init__(cache=True)
        self._store = store
        self._access = access
        self._loading: set[asyncio.Task[Any]] = set()
        self._abandoned = False

    def abandon(self) -> None:
        """Cancel the loads in flight, also in PostgreSQL, when the request has timed out.

        Leases of an abandoned load stay until they end, and other readers wait a little for them.
        """
        self._abandoned = True
        for task in self._loading:
            task.cancel()

    async def batch_load_fn(self, keys: list[UUID]) -> list[Task | None]:
        """Return the tasks in the order of `keys`, with None for each task that is missing, deleted or expired."""
        # The library loads in an asyncio task of its own, which outlives the request unless it is cancelled.
        task = asyncio.current_task()
        assert task is not None
        if self._abandoned:
            raise asyncio.CancelledError
        self._loading.add(task)
        task.add_done_callback(self._loading.discard)
        with self._access.reading() as protocol:
            if protocol is not None:
                found = await self._cached(protocol, keys)
                missing = [id_ for id_ in keys if id_ not in found]
                self._store.metrics.count_entries(len(found), len(missing))
                if missing:
                    found |= await self._fill(protocol, missing)
                return [found.get(id_) for id_ in keys]
        found = await self._rows(keys)
        return [found.get(id_) for id_ in keys]

    async def _rows(self, ids: Sequence[UUID], now: datetime | None = None) -> TasksById:
        """R4, R6: read the rows. `now` is the time of Redis to compare expiries with; None uses PostgreSQL's clock."""
        self._store.metrics.row_queries += 1
        async with self._store.database.connection() as connection:
            return await tasks_by_id(connection, self._store.workspace, ids, now)

    async def _cached(self, protocol: Protocol, ids: Sequence[UUID]) -> TasksById:
        """R2: read the entries and return those that hold a task."""
        found = {}
        for id_, value in zip(ids, await protocol.read(ids), strict=True):
            if (task := entry.decode(self._store.workspace, id_, value)) is not None:
                found[id_] = task
        return found

    async def _fill(self, protocol: Protocol, ids: list[UUID]) -> TasksById:
        """Take leases (R3), read the rows (R4), fill what is still leased (R5), and wait for other readers' fills."""
        token = secrets.token_hex(8)
        grant = await protocol.lease(token, ids)

        others = set(grant.others)
        wanted = [id_ for id_ in ids if id_ not in others]
        found = await self._rows(wanted, grant.now) if wanted else {}
        if grant.mine:
            try:
                await protocol.fill(token, {id_: found.get(id_) for id_ in grant.mine})
            except StoreUnavailable:  # the answer needs only the rows
                log.warning("fill failed", ids=len(grant.mine))
        if others:
            filled = await self._filled_by_others(protocol, grant.others)
            left = [id_ for id_ in grant.others if id_ not in filled]
            found |= filled | (await self._rows(left, grant.now) if left else {})
        return found

    async def _filled_by_others(self, protocol: Protocol, ids: Sequence[UUID]) -> TasksById:
        """Wait up to a quarter of a second for entries that other readers are filling (single flight).

        This reader takes the entry, never the answer of the other reader: the other may have read the row before this
        reader began, so its row may be older than what this reader must see. An entry is correct whenever it is read.
        """
        found: TasksById = {}
        for pause in FILL_WAIT_SECONDS:
            await asyncio.sleep(pause)
            found |= await self._cached(protocol, [id_ for id_ in ids if id_ not in found])
            if len(found) == len(ids):
                break
        return found
