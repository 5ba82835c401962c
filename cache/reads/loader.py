"""The DataLoader: one MGET for all ids that a request gathers, and one query for those that are not cached."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from cache.errors import TooMuchRead
from cache.reads.access import CacheAccess
from cache.reads.batching import DataLoader
from cache.redis.encoded_task import EncodedTask, decode_many, encode_many
from cache.redis.entry import MARK_PREFIX, Leases
from cache.redis.index import IndexPage
from cache.redis.protocol import Protocol
from cache.store import Store
from db.task_table import visible_tasks

# Pauses before each look at an entry that another reader is filling: a quarter of a second in all.
FILL_WAIT_SECONDS = (0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.124)

# A request may read one page of the largest tasks, whatever its size. The entries of more tasks are counted.
_UNCOUNTED_TASKS = 100

# A batch of more ids is read in parts, and ends when the request has read too much.
_BATCH_IDS = 500

# A task in the form of its entry by the 16 bytes of its id.
TasksById = dict[bytes, EncodedTask]


class TaskLoader:
    """Loads tasks by id for one request. A task that was loaded once stays the same for the request."""

    def __init__(self, store: Store, access: CacheAccess) -> None:
        self._store = store
        self._access = access
        self._reader = TaskReader(store, access)
        self._tasks_read = self._bytes_read = 0
        # The loader has no reference to this object: a cycle would keep the tasks in memory after the request.
        self._loader: DataLoader[bytes, EncodedTask | None] = DataLoader(self._reader.read_batch)

    async def load(self, id_: UUID) -> EncodedTask | None:
        """Return a task, or None if it is missing, deleted or expired."""
        [task] = await self.load_many([id_])
        return task

    async def load_many(self, ids: Sequence[UUID]) -> list[EncodedTask | None]:
        """Return the tasks in the order of the ids, with None for each that is missing, deleted or expired."""
        self._access.forbid_caching()
        wanted = [id_.bytes for id_ in ids]
        tasks = await self._loader.load_many(wanted)
        self.count(tasks)
        self._store.usage.count_tasks(wanted if all(tasks) else [task.id_bytes for task in tasks if task is not None])
        return tasks

    async def load_page(self, page: IndexPage) -> list[EncodedTask | None]:
        """Return the tasks of a page, as `load_many` does. The page script has read their entries (R2, R3)."""
        ids, usage = page.ids, self._store.usage
        self._access.requested.ids += ids
        tasks = decode_many(self._store.workspace, ids, page.entries)
        if all(tasks) and self._loader.prime_many(ids, tasks):
            self._store.metrics.count_entries(len(ids), 0)
            usage.count_page_of_hits(ids)
            self.count(tasks)
            return tasks
        usage.count_reads(ids)
        usage.count_tasks(ids)
        read = {id_: task for id_, task in zip(ids, tasks, strict=True) if task is not None}
        self._store.metrics.count_entries(len(read), 0)
        usage.count_hits(len(read))
        self._reader.note_marks(ids, page.entries)
        self._loader.prime_many(list(read), list(read.values()))
        self._reader.absent.update(id_ for id_ in ids if id_ not in read)
        leases = page.leases
        self._reader.leases |= leases
        try:
            tasks = await self._loader.load_many(ids)
        finally:
            self._reader.release_unused(leases)
        self.count(tasks)
        return tasks

    def count(self, tasks: Sequence[EncodedTask | None]) -> None:
        """Count what the request holds in memory. Raises `TooMuchRead`, so that one request cannot take all of it."""
        self._tasks_read += len(tasks)
        if self._tasks_read <= _UNCOUNTED_TASKS:
            return
        self._bytes_read += _size(tasks)
        self.check()

    def check(self) -> None:
        """Raise `TooMuchRead` if the request has read too much."""
        if self._bytes_read > self._store.max_read_bytes:
            raise TooMuchRead(self._store.max_read_bytes)

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
        # The ids whose entries held no task when a page script read them, and the leases that it took on some of them.
        self.absent: set[bytes] = set()
        self.leases: Leases = {}
        self._marked: set[bytes] = set()  # by a write, when their entries were read

    def note_marks(self, ids: Sequence[bytes], entries: Sequence[bytes | None]) -> None:
        """Record which entries a write has marked, for the cause of a miss."""
        pairs = zip(ids, entries, strict=True)
        self._marked |= {id_ for id_, entry in pairs if entry is not None and entry.startswith(MARK_PREFIX)}

    async def read_batch(self, ids: list[bytes]) -> list[EncodedTask | None]:
        """Return the tasks of different ids, in their order: from their entries (R2), else from PostgreSQL.

        Raises `TooMuchRead`.
        """
        if len(ids) <= _BATCH_IDS:
            return await self._read(ids)
        tasks: list[EncodedTask | None] = []
        bytes_read = 0
        for start in range(0, len(ids), _BATCH_IDS):
            part = await self._read(ids[start : start + _BATCH_IDS])
            bytes_read += _size(part)
            if bytes_read > self._store.max_read_bytes:
                raise TooMuchRead(self._store.max_read_bytes)
            tasks += part
        return tasks

    async def _read(self, ids: list[bytes]) -> list[EncodedTask | None]:
        usage = self._store.usage
        with self._access.reading() as protocol:
            if protocol is not None:
                found = await self._cached(protocol, [id_ for id_ in ids if id_ not in self.absent])
                missing = [id_ for id_ in ids if id_ not in found]
                self._store.metrics.count_entries(len(found), len(missing))
                usage.count_hits(len(found))
                usage.count_misses(missing, self._marked, protocol.gate.epoch)
                if missing:
                    found |= await self._uncached(protocol, missing)
                else:
                    usage.count_saved()
                return [found.get(id_) for id_ in ids]
        found = await self._rows(ids)
        usage.count_degraded(len(ids))
        return [found.get(id_) for id_ in ids]

    def release_unused(self, leases: Leases) -> None:
        """End those of the leases that no batch has taken: the request had the tasks already, or the load failed."""
        unused = {id_: lease for id_, lease in leases.items() if self.leases.get(id_) is lease}
        if unused:
            for id_ in unused:
                del self.leases[id_]
            self._release(unused)

    def _release(self, leases: Leases) -> None:
        protocol = self._store.gate_lease.protocol
        if protocol is not None:
            self._store.fills.release(protocol, leases)

    async def _rows(self, ids: Sequence[bytes], now: datetime | None = None) -> TasksById:
        """R4, R6: read the rows. `now` is the time of Redis to compare expiries with; None uses PostgreSQL's clock.

        Without a row for an id, the answer must not be cached: a bulk create, which sets no mark, may be under way.
        """
        self._store.metrics.row_queries += 1
        workspace = self._store.workspace
        async with self._store.database.connection() as connection:
            rows = await visible_tasks(connection, workspace, ids, now)
        if len(rows) < len(ids):
            self._access.forbid_caching()
        return {task.id_bytes: task for task in encode_many(workspace, rows)}

    async def _cached(self, protocol: Protocol, ids: Sequence[bytes]) -> TasksById:
        """R2: read the entries and return the tasks that they hold."""
        if not ids:
            return {}
        entries = await protocol.read(ids)
        self._store.usage.count_reads(ids)
        tasks = decode_many(self._store.workspace, ids, entries)
        if not all(tasks):
            self.note_marks(ids, entries)
        return {id_: task for id_, task in zip(ids, tasks, strict=True) if task is not None}

    async def _uncached(self, protocol: Protocol, ids: Sequence[bytes]) -> TasksById:
        """Lease the entries that the page script has not leased (R3), read the rows (R4), and start the fill (R5).

        Tasks that other readers are filling are awaited.
        """
        leases = {id_: lease for id_ in ids if (lease := self.leases.pop(id_, None)) is not None}
        times = {lease.now for lease in leases.values()}
        others: list[bytes] = []
        try:
            if unleased := [id_ for id_ in ids if id_ not in leases]:
                grant = await protocol.lease(protocol.new_token(), unleased)
                if len(grant.leases) + len(grant.others) < len(unleased):  # writers hold the rest
                    self._access.forbid_caching()
                leases |= grant.leases
                times.add(grant.now)
                others = grant.others
            wanted = [id_ for id_ in ids if id_ not in others] if others else ids
            found = await self._rows(wanted, min(times)) if wanted else {}
        except BaseException:
            self._release(leases)
            raise
        if leases:
            await self._store.fills.fill(protocol, leases, found)
        if others:
            filled = await self._filled_by_others(protocol, others)
            left = [id_ for id_ in others if id_ not in filled]
            if left:  # a writer may have marked them
                self._access.forbid_caching()
                found |= await self._rows(left, min(times))
            found |= filled
        return found

    async def _filled_by_others(self, protocol: Protocol, ids: Sequence[bytes]) -> TasksById:
        """Wait up to a quarter of a second for entries that other readers are filling (single flight).

        This reader takes the entry, never the answer of the other reader: the other may have read the row before this
        reader began, so its row may be older than what this reader must see. An entry is correct whenever it is read.
        An entry that is gone will not be filled: the other reader has found no row, or failed.
        """
        found: TasksById = {}
        for pause in FILL_WAIT_SECONDS:
            await asyncio.sleep(pause)
            entries = await protocol.read(ids)
            tasks = decode_many(self._store.workspace, ids, entries)
            found |= {id_: task for id_, task in zip(ids, tasks, strict=True) if task is not None}
            ids = [id_ for id_, entry in zip(ids, entries, strict=True) if entry is not None and id_ not in found]
            if not ids:
                break
        return found


def _size(tasks: Iterable[EncodedTask | None]) -> int:
    return sum(len(task.json) for task in tasks if task is not None)
