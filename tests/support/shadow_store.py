"""A store together with a plain list of the rows it should hold, for the property test."""

import asyncio
import itertools
from collections.abc import Awaitable
from typing import Any

from cache.errors import IdTaken, TaskNotFound
from cache.maintenance.scrub import scrub_all
from cache.redis import keys
from cache.redis.index import PageRange
from cache.store import Store
from db.index_source import IndexPosition
from db.orders import declared_order, order_score
from db.task import NewTask, Order, Task
from db.task_table import tasks_by_id
from db.views import View
from tests.support.gate_states import build_index, switch_gate_off
from tests.support.redis_state import evict_entries, expiry_score, index_position, indexed_ids, protocol
from tests.support.shadow_rows import DECLARED, ORDERED, ORDERS, PAST, ShadowRow
from tests.support.store_client import StoreClient
from tests.support.task_factories import new_task
from tests.support.view_state import (
    built_shapes,
    declared_expiring,
    declared_members,
    expected_members,
    holding,
    reordering,
)

# As many deep pages as a process reads at once.
CONCURRENT_READS = 8
DESCENDING = ("NEWEST", "PRIORITY_FIRST")


class ShadowStore:
    """A store, and the list with which the checks compare the store. Each operation changes both."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.rows: list[ShadowRow] = []

    async def create(self, fields: dict[str, Any]) -> None:
        new = new_task(**fields)
        self.rows.append(ShadowRow(await StoreClient(self.store).create_task(new)))

    async def create_many(self, wanted: list[dict[str, Any]]) -> None:
        new = [new_task(**fields) for fields in wanted]
        for created in await StoreClient(self.store).create_tasks(new):
            assert isinstance(created, Task)
            self.rows.append(ShadowRow(created))

    async def create_with_known_id(self, pick: int) -> None:
        if row := self.row_at(pick):
            creating = StoreClient(self.store).create_task(NewTask(row.task.id, "Another", status="DONE"))
            assert await _outcome(creating, IdTaken) == (row.task if row.visible else IdTaken)

    async def update(self, pick: int, changes: dict[str, Any]) -> None:
        if row := self.row_at(pick):
            outcome = await _outcome(StoreClient(self.store).update_task(row.task.id, changes), TaskNotFound)
            self._record(row, outcome, visible=row.visible)
            assert all(getattr(row.task, name) == value for name, value in changes.items()) or not row.visible

    async def delete(self, pick: int) -> None:
        if row := self.row_at(pick):
            outcome = await _outcome(StoreClient(self.store).delete_task(row.task.id), TaskNotFound)
            self._record(row, outcome, visible=row.visible)
            row.deleted = row.deleted or row.visible

    async def restore(self, pick: int) -> None:
        if row := self.row_at(pick):
            outcome = await _outcome(StoreClient(self.store).restore_task(row.task.id), TaskNotFound)
            self._record(row, outcome, visible=not row.expired)
            row.deleted = row.deleted and row.expired

    async def expire(self, pick: int) -> None:
        """Expire one task by moving its expiry into the past in PostgreSQL and in Redis."""
        row = self.row_at(pick)
        if row is None or row.expired or row.task.expires_at is None:
            return
        id_, redis = row.task.id, self.store.redis.client
        async with self.store.database.connection() as connection:
            await connection.raw.execute("UPDATE task SET expires_at = %s WHERE id = %s", (PAST, id_))
        if self.store.gate_lease.protocol is not None:
            for key in self.store.gate_lease.protocol.keys.expiring:
                await redis.zadd(key, {id_.bytes: PAST.timestamp() * 1000}, xx=True)
            for key in await declared_expiring(self.store, row.task):
                await redis.zadd(key, {id_.bytes: PAST.timestamp() * 1000}, xx=True)
            await evict_entries(self.store, id_)
        row.expired = True

    async def evict(self, picks: list[int]) -> None:
        ids = [row.task.id for row in map(self.row_at, picks) if row]
        if ids and self.store.gate_lease.protocol is not None:
            await evict_entries(self.store, *ids)

    async def read(self, count: int, view: View, order: Order) -> None:
        await self.check_range(PageRange(count, view=view, order=order))
        await self.check_range(PageRange(count, "last", view=view, order=order))

    async def read_in_order(self, count: int, ordered: tuple[View, Order]) -> None:
        await self.read(count, *ordered)

    async def build_shapes(self) -> None:
        if self.store.gate_lease.protocol is not None:
            await built_shapes(self.store)

    async def drop_shapes(self) -> None:
        """Drop every shape, like a worker that declares none."""
        if (protocol := self.store.gate_lease.protocol) is not None:
            keys_ = protocol.keys
            await self.store.redis.send([("DEL", keys_.shapes, keys_.holding, keys_.reordering)])

    async def write_as_older_release(self) -> None:
        """Raise `rev` alone, like a script of the release before declared views."""
        if (protocol := self.store.gate_lease.protocol) is not None:
            await self.store.redis.send([("INCR", protocol.keys.rev)])

    async def scrub_all(self) -> None:
        if self.store.gate_lease.protocol is not None:
            await scrub_all(self.store, self.store.gate_lease.protocol)

    async def lose_index(self) -> None:
        """Delete the index and switch the gate off: PostgreSQL answers until the index is rebuilt."""
        if (protocol := self.store.gate_lease.protocol) is None:
            return
        await self.store.redis.client.delete(*protocol.keys.prelude)
        await switch_gate_off(self.store)
        assert self.store.gate_lease.protocol is None

    async def rebuild_index(self) -> None:
        """Rebuild the index if the index was lost."""
        if self.store.gate_lease.protocol is None:
            await build_index(self.store)

    async def cancel_update(self, pick: int, changes: dict[str, Any], milliseconds: float) -> None:
        """Cancel an update and a page after this many milliseconds. The row shows whether the update took effect."""
        if (row := self.row_at(pick)) is None:
            return
        calls = [
            asyncio.create_task(_outcome(StoreClient(self.store).update_task(row.task.id, changes), TaskNotFound)),
            asyncio.create_task(StoreClient(self.store).page(PageRange(5))),
        ]
        await asyncio.sleep(milliseconds / 1000)
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        await self.store.pending_writes.drain()
        await asyncio.sleep(0.02)  # a load for the page may still be running
        async with self.store.database.connection() as connection:
            found = await tasks_by_id(connection, self.store.workspace, [row.task.id])
        self._record(row, found.get(row.task.id, TaskNotFound), visible=row.visible)

    async def check_all(self) -> None:
        """Assert that every page of every view in every order, every task by id, and the counts agree with the list."""
        for view in (*(View(status=status) for status in keys.VIEWS), *DECLARED):
            for order in ORDERS:
                await self.check_pages(view, order)
        for view, declared in ORDERED:
            await self.check_pages(view, declared)
        views = {status: len(self.view(View(status=status))) for status in keys.VIEWS}
        assert await StoreClient(self.store).counts() == views
        found = await StoreClient(self.store).tasks_by_id([row.task.id for row in self.rows])
        assert found == [row.task if row.visible else None for row in self.rows]

    async def check_pages(self, view: View, order: Order) -> None:
        """Check the pages of a view by offset, after and before every position, and between positions.

        Many are read at once, as by concurrent requests: each of them waits for Redis only with the others.
        """
        parts: list[PageRange] = []
        for count in (0, 1, 3, 100):
            parts.append(PageRange(count, "last", view=view, order=order))
            offsets = [number * count for number in range(len(self.rows) // (count or 10) + 2)]
            parts += [PageRange(count, offset=offset, view=view, order=order) for offset in offsets]
        positions = [position for row in self.rows for position in row.positions(order)]
        for position in positions:
            parts.append(PageRange(3, after=position, view=view, order=order))
            parts.append(PageRange(3, "last", before=position, view=view, order=order))
        pairs = zip(positions, positions[::-1], strict=True)
        for after, before in itertools.islice(pairs, 5):
            parts.append(PageRange(2, after=after, before=before, view=view, order=order))
            parts.append(PageRange(2, "last", after=after, before=before, view=view, order=order))
        for first in range(0, len(parts), CONCURRENT_READS):
            await asyncio.gather(*map(self.check_range, parts[first : first + CONCURRENT_READS]))

    async def check_range(self, part: PageRange) -> None:
        """Check the page of a range: its tasks, total, rank, and whether it has tasks before and after."""
        view = self.view(part.view, part.order)
        positions, descending = [_position(task, part.order) for task in view], part.order in DESCENDING
        first, end = 0, len(view)
        if part.after is not None:
            first = sum(at >= part.after if descending else at <= part.after for at in positions)
        if part.before is not None:
            end = sum(at > part.before if descending else at < part.before for at in positions)
        start = min(first + part.offset, len(view))
        if part.direction == "first":
            end = min(end, start + part.count)
        else:
            start = max(start, end - part.count)
        page = await StoreClient(self.store).page(part)
        assert page.tasks == view[start:end]
        assert page.total == len(view)
        if first <= end:
            end = max(start, end)
            assert (page.has_before, page.has_after) == (start > 0, end < len(view))
        if page.tasks:
            # Without their shapes, PostgreSQL answers for the declared views.
            is_base = part.view.is_base and declared_order(part.order) is None
            allowed = (start,) if is_base else (start, None)
            assert page.rank in ((None,) if self.store.gate_lease.protocol is None else allowed)
            assert await StoreClient(self.store).rank(part, page.tasks[0]) == start

    async def check_indexes(self) -> None:
        """Assert invariant I3: without writes in flight, each index holds exactly the rows of its view."""
        await self.rebuild_index()
        await self.scrub_all()
        for status in keys.VIEWS:
            assert await indexed_ids(self.store, status) == [task.id for task in self.view(View(status=status))]
        moving: Any = await self.store.redis.client.smembers(protocol(self.store).keys.moving)
        assert moving == {keys.BEACON}
        await built_shapes(self.store)
        assert await holding(self.store) == set()
        assert await reordering(self.store) == set()
        assert await declared_members(self.store) == expected_members(self.store, self.view(View()))

    def view(self, view: View, order: Order = "NEWEST") -> list[Task]:
        """Return the visible tasks of a view in an order."""
        tasks = [row.task for row in self.rows if row.visible and view.holds(row.task)]
        if order == "EXPIRING_SOON":
            tasks = [task for task in tasks if task.expires_at is not None]
        return sorted(tasks, key=lambda task: _position(task, order), reverse=order in DESCENDING)

    def row_at(self, pick: int) -> ShadowRow | None:
        return self.rows[pick % len(self.rows)] if self.rows else None

    def _record(self, row: ShadowRow, outcome: Task | type[Exception], *, visible: bool) -> None:
        assert isinstance(outcome, Task) == visible
        if isinstance(outcome, Task):
            assert outcome.version in (row.task.version, row.task.version + 1)
            row.update(outcome)


def _position(task: Task, order: Order) -> IndexPosition:
    if (declared := declared_order(order)) is not None:
        return order_score(task, declared), task.id
    return (expiry_score(task.expires_at), task.id) if order == "EXPIRING_SOON" else index_position(task)


async def _outcome(write: Awaitable[Task], refused: type[Exception]) -> Task | type[Exception]:
    try:
        return await write
    except refused:
        return refused
