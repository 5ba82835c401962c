"""The DataLoader: every id that a request asks for in one MGET, and only what is missing in one query."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from aiodataloader import DataLoader

from cache.errors import StoreUnavailable
from cache.redis import entry
from cache.redis.protocol import Protocol
from cache.store import Store
from db.task import Task
from db.task_table import tasks_by_id

log = structlog.get_logger(__name__)

# Seconds between two looks at an entry that another reader is filling: a quarter of a second in all.
LOOKS = (0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.124)

Found = dict[UUID, Task]


class TaskLoader(DataLoader[UUID, Task | None]):
    """Made for one request, so that what it was told of a task stays with it."""

    def __init__(self, store: Store) -> None:
        super().__init__(cache=True)
        self._store = store
        self.degraded = False
        self._loading: set[asyncio.Task[Any]] = set()
        self._abandoned = False

    def abandon(self) -> None:
        """Gives up what is being loaded, in the database too. Its leases stand until they end, and other readers wait a
        little for them: this is for a request that is past its time, not for each that goes away."""
        self._abandoned = True
        for task in self._loading:
            task.cancel()

    async def batch_load_fn(self, keys: list[UUID]) -> list[Task | None]:
        """The tasks of the ids in their order; none for one that no reader may see."""

        async def cached(protocol: Protocol) -> Found:
            found = await self._cached(protocol, keys)
            missing = [id_ for id_ in keys if id_ not in found]
            self._store.metrics.count_entries(len(found), len(missing))
            return found | await self._fill(protocol, missing) if missing else found

        async def from_rows() -> Found:
            self.degraded = True
            return await self._rows(keys)

        # The library loads in a task of its own, which would go on when nobody waits for it any more.
        task = asyncio.current_task()
        assert task is not None
        if self._abandoned:
            raise asyncio.CancelledError
        self._loading.add(task)
        task.add_done_callback(self._loading.discard)
        found = await self._store.read(cached, from_rows)
        return [found.get(id_) for id_ in keys]

    async def _rows(self, ids: Sequence[UUID], now: datetime | None = None) -> Found:
        """R4, R6: the rows. `now` is the time by Redis's clock, if that is the one that the read goes by."""
        self._store.metrics.row_queries += 1
        async with self._store.database.connection() as connection:
            return await tasks_by_id(connection, self._store.workspace, ids, now)

    async def _cached(self, protocol: Protocol, ids: Sequence[UUID]) -> Found:
        """R2: the values that are there."""
        found = {}
        for id_, value in zip(ids, await protocol.read(ids), strict=True):
            if (task := entry.decode(self._store.workspace, id_, value)) is not None:
                found[id_] = task
        return found

    async def _fill(self, protocol: Protocol, ids: list[UUID]) -> Found:
        """R3: leases what is free. R4: reads the rows. R5: fills what is still leased; waits for what others fill."""
        token = secrets.token_hex(8)
        leased = await protocol.lease(token, ids)

        others = set(leased.others)
        wanted = [id_ for id_ in ids if id_ not in others]
        found = await self._rows(wanted, leased.now) if wanted else {}
        if leased.mine:
            try:
                await protocol.fill(token, {id_: found.get(id_) for id_ in leased.mine})
            except StoreUnavailable:  # the answer is right without it
                log.warning("fill lost", ids=len(leased.mine))
        if others:
            filled = await self._filled_by_others(protocol, leased.others)
            left = [id_ for id_ in leased.others if id_ not in filled]
            found |= filled | (await self._rows(left, leased.now) if left else {})
        return found

    async def _filled_by_others(self, protocol: Protocol, ids: Sequence[UUID]) -> Found:
        """Single flight: waits a little for the readers who are filling these entries, and takes what comes.

        It waits for the entry, and never for the other's answer: the row may have been read before this
        reader began, and then be older than what it must see. The entry is right at each look.
        """
        found: Found = {}
        for pause in LOOKS:
            await asyncio.sleep(pause)
            found |= await self._cached(protocol, [id_ for id_ in ids if id_ not in found])
            if len(found) == len(ids):
                break
        return found
