"""The DataLoader: every id that a request asks for in one MGET, and only what is missing in one query."""

import secrets
from collections.abc import Sequence
from uuid import UUID

import structlog
from aiodataloader import DataLoader

from cache import entry
from cache.errors import StoreUnavailable
from cache.index import IndexLost
from cache.protocol import Protocol
from cache.store import Store
from db.rows import Task
from db.tasks import tasks_by_id

log = structlog.get_logger(__name__)


class TaskLoader(DataLoader[UUID, Task | None]):
    """Made for one request, so that what it was told of a task stays with it."""

    def __init__(self, store: Store) -> None:
        super().__init__(cache=True)
        self._store = store

    async def batch_load_fn(self, keys: list[UUID]) -> list[Task | None]:
        """The tasks of the ids in their order; none for one that no reader may see."""
        found = await self._store.retry_if_rebuilt(lambda protocol: self._read(protocol, keys))
        return [found.get(id_) for id_ in keys]

    async def _read(self, protocol: Protocol, ids: Sequence[UUID]) -> dict[UUID, Task]:
        """R2: one MGET. R3 to R5 for what it has not."""
        keys = protocol.keys
        rev, *entries = await self._store.redis.mget([keys.rev, *map(keys.entry, ids)])
        if rev is None:
            raise IndexLost
        found: dict[UUID, Task] = {}
        missing: list[UUID] = []
        for id_, value in zip(ids, entries, strict=True):
            task = entry.decode(self._store.workspace, id_, value)
            if task is None:
                missing.append(id_)
            else:
                found[id_] = task
        self._store.accounting.hits += len(found)
        self._store.accounting.misses += len(missing)
        return found | await self._fill(protocol, missing) if missing else found

    async def _fill(self, protocol: Protocol, ids: list[UUID]) -> dict[UUID, Task]:
        """R3: leases what is free. R4: reads all rows. R5: fills what is still leased."""
        token = secrets.token_hex(8)
        leased = await protocol.lease(token, ids)
        async with self._store.database.connection() as connection:
            rows = await tasks_by_id(connection, self._store.workspace, ids)
        if leased:
            try:
                await protocol.fill(token, {id_: rows.get(id_) for id_ in leased})
            except StoreUnavailable:  # the answer is right without it
                log.warning("fill lost", ids=len(leased))
        return rows
