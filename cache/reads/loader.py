"""The DataLoader: one MGET for all ids that a request gathers, and one query for those that are not cached."""

import asyncio
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import structlog

from cache.errors import StoreUnavailable
from cache.reads.access import CacheAccess
from cache.reads.batching import DataLoader
from cache.redis.encoded_task import EncodedTask, decode_many, encode
from cache.redis.protocol import Protocol
from cache.store import Store
from db.task_table import tasks_by_id

log = structlog.get_logger(__name__)

# Pauses before each look at an entry that another reader is filling: a quarter of a second in all.
FILL_WAIT_SECONDS = (0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.124)

# A task in the form of its entry by the 16 bytes of its id.
TasksById = dict[bytes, EncodedTask]


class TaskLoader:
    """Loads tasks by id for one request. A task that was loaded once stays the same for the request."""

    def __init__(self, store: Store, access: CacheAccess) -> None:
        self._store = store
        self._access = access
        self._reader = TaskReader(store, access)
        # The loader has no reference to this object: a cycle would keep the tasks in memory after the request.
        self._loader: DataLoader[bytes, EncodedTask | None] = DataLoader(self._reader.read_batch)

    async def load(self, id_: UUID) -> EncodedTask | None:
        """Return a task, or None if it is missing, deleted or expired."""
        [task] = await self.load_many([id_])
        return task

    async def load_many(self, ids: Sequence[UUID]) -> list[EncodedTask | None]:
        """Return the tasks in the order of the ids, with None for each that is missing, deleted or expired."""
        self._access.forbid_caching()
        return await self._loader.load_many([id_.bytes for id_ in ids])

    async def load_page(self, ids: Sequence[bytes], entries: Sequence[bytes | None]) -> list[EncodedTask | None]:
        """Return the tasks of a page, as `load_many` does. `entries` were read by the page script (R2)."""
        tasks = decode_many(self._store.workspace, ids, entries)
        if all(tasks) and self._loader.prime_many(ids, tasks):
            self._store.metrics.count_entries(len(ids), 0)
            return tasks
        read = {id_: task for id_, task in zip(ids, tasks, strict=True) if task is not None}
        self._store.metrics.count_entries(len(read), 0)
        self._loader.prime_many(list(read), list(read.values()))
        self._reader.absent.update(id_ for id_ in ids if id_ not in read)
        return await self._loader.load_many(ids)

    def clear(self, ids: Iterable[UUID]) -> None:
        """Forget what this request has read of tasks."""
        cleared = [id_.bytes for id_ in ids]
        self._loader.clear_many(cleared)
        self._reader.absent.difference_update(cleared)

    def abandon(self) -> None:
        """Cancel the loads in flight, also in PostgreSQL, when the request has timed out.

        Leases of an abandoned load stay until they end, and other readers wait a little for them.
        """
        self._loader.abandon()


class TaskReader:
    """Reads batches of tasks for the loader of one request."""

    def __init__(self, store: Store, access: CacheAccess) -> None:
        self._store = store
        self._access = access
        # The ids whose entries held no task when a page script read them.
        self.absent: set[bytes] = set()

    async def read_batch(self, ids: list[bytes]) -> list[EncodedTask | None]:
        """Return the tasks of different ids, in their order: from their entries (R2), else from PostgreSQL."""
        with self._access.reading() as protocol:
            if protocol is not None:
                found = await self._cached(protocol, [id_ for id_ in ids if id_ not in self.absent])
                missing = [UUID(bytes=id_) for id_ in ids if id_ not in found]
                self._store.metrics.count_entries(len(found), len(missing))
                if missing:
                    found |= await self._fill(protocol, missing)
                return [found.get(id_) for id_ in ids]
        found = await self._rows([UUID(bytes=id_) for id_ in ids])
        return [found.get(id_) for id_ in ids]

    async def _rows(self, ids: Sequence[UUID], now: datetime | None = None) -> TasksById:
        """R4, R6: read the rows. `now` is the time of Redis to compare expiries with; None uses PostgreSQL's clock.

        Without a row for an id, the answer must not be cached: a bulk create, which sets no mark, may be under way.
        """
        self._store.metrics.row_queries += 1
        workspace = self._store.workspace
        async with self._store.database.connection() as connection:
            rows = await tasks_by_id(connection, workspace, ids, now)
        if len(rows) < len(ids):
            self._access.forbid_caching()
        return {id_.bytes: encode(workspace, task) for id_, task in rows.items()}

    async def _cached(self, protocol: Protocol, ids: Sequence[bytes]) -> TasksById:
        """R2: read the entries and return the tasks that they hold."""
        if not ids:
            return {}
        tasks = decode_many(self._store.workspace, ids, await protocol.read(ids))
        return {id_: task for id_, task in zip(ids, tasks, strict=True) if task is not None}

    async def _fill(self, protocol: Protocol, ids: list[UUID]) -> TasksById:
        """Take leases (R3), read the rows (R4), fill what is still leased (R5), and wait for other readers' fills."""
        token = secrets.token_hex(8)
        grant = await protocol.lease(token, ids)
        if len(grant.mine) + len(grant.others) < len(ids):  # writers hold the rest
            self._access.forbid_caching()
        others = set(grant.others)
        wanted = [id_ for id_ in ids if id_ not in others]
        found = await self._rows(wanted, grant.now) if wanted else {}
        if grant.mine:
            try:
                await protocol.fill(token, {id_: found.get(id_.bytes) for id_ in grant.mine})
            except StoreUnavailable:  # the answer needs only the rows
                log.warning("fill failed", ids=len(grant.mine))
        if others:
            filled = await self._filled_by_others(protocol, grant.others)
            left = [id_ for id_ in grant.others if id_.bytes not in filled]
            if left:  # a writer may have marked them
                self._access.forbid_caching()
                found |= await self._rows(left, grant.now)
            found |= filled
        return found

    async def _filled_by_others(self, protocol: Protocol, ids: Sequence[UUID]) -> TasksById:
        """Wait up to a quarter of a second for entries that other readers are filling (single flight).

        This reader takes the entry, never the answer of the other reader: the other may have read the row before this
        reader began, so its row may be older than what this reader must see. An entry is correct whenever it is read.
        """
        found: TasksById = {}
        for pause in FILL_WAIT_SECONDS:
            await asyncio.sleep(pause)
            found |= await self._cached(protocol, [id_.bytes for id_ in ids if id_.bytes not in found])
            if len(found) == len(ids):
                break
        return found
