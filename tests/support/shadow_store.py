"""A store, and the plain list that everything done to it is held against."""

import asyncio
import itertools
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from cache.errors import IdTaken, TaskNotFound
from cache.maintenance.scrub import scrub_all
from cache.redis import keys
from cache.redis.index import PageRange
from cache.store import Store
from db.index_source import IndexPosition
from db.task import NewTask, Order, Status, Task
from db.task_table import tasks_by_id
from tests.support.gate_states import build_index, switch_gate_off
from tests.support.redis_state import evict_entries, expiry_score, index_position, indexed_ids, protocol
from tests.support.store_client import StoreClient
from tests.support.task_factories import in_an_hour, new_task

PAST = datetime(2001, 1, 1, tzinfo=UTC)
# Few, so that tasks share theirs.
EXPIRIES = (None, in_an_hour(), in_an_hour() + timedelta(minutes=1), in_an_hour() + timedelta(minutes=2))
ORDERS: tuple[Order, ...] = get_args(Order)


@dataclass
class Known:
    """A row as the list has it."""

    task: Task
    expiries: set[datetime] = field(default_factory=set)  # all that it has had, for cursors that were given out
    deleted: bool = False
    expired: bool = False

    def __post_init__(self) -> None:
        self.follow(self.task)

    @property
    def visible(self) -> bool:
        return not self.deleted and not self.expired

    def follow(self, task: Task) -> None:
        self.task = task
        if task.expires_at is not None:
            self.expiries.add(task.expires_at)

    def cursors(self, order: Order) -> list[IndexPosition]:
        if order == "EXPIRING_SOON":
            return [(expiry_score(expires_at), self.task.id) for expires_at in self.expiries]
        return [index_position(self.task)]


class World:
    """A store, and the list that it is held against."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.rows: list[Known] = []

    async def create(self, status: Status, expires_at: datetime | None) -> None:
        new = new_task(status=status, expires_at=expires_at)
        self.rows.append(Known(await StoreClient(self.store).create_task(new)))

    async def create_many(self, wanted: list[tuple[Status, datetime | None]]) -> None:
        new = [new_task(status=status, expires_at=expires_at) for status, expires_at in wanted]
        for made in await StoreClient(self.store).create_tasks(new):
            assert isinstance(made, Task)
            self.rows.append(Known(made))

    async def create_again(self, pick: int) -> None:
        if known := self.pick(pick):
            creating = StoreClient(self.store).create_task(NewTask(known.task.id, "Another", status="DONE"))
            assert await _outcome(creating, IdTaken) == (known.task if known.visible else IdTaken)

    async def update(self, pick: int, changes: dict[str, Any]) -> None:
        if known := self.pick(pick):
            outcome = await _outcome(StoreClient(self.store).update_task(known.task.id, changes), TaskNotFound)
            self._follow(known, outcome, visible=known.visible)
            assert all(getattr(known.task, name) == value for name, value in changes.items()) or not known.visible

    async def delete(self, pick: int) -> None:
        if known := self.pick(pick):
            outcome = await _outcome(StoreClient(self.store).delete_task(known.task.id), TaskNotFound)
            self._follow(known, outcome, visible=known.visible)
            known.deleted = known.deleted or known.visible

    async def restore(self, pick: int) -> None:
        if known := self.pick(pick):
            outcome = await _outcome(StoreClient(self.store).restore_task(known.task.id), TaskNotFound)
            self._follow(known, outcome, visible=not known.expired)
            known.deleted = known.deleted and known.expired

    async def expire(self, pick: int) -> None:
        """Lets the hour pass for one task: what Redis and PostgreSQL hold is as if it had."""
        known = self.pick(pick)
        if known is None or known.expired or known.task.expires_at is None:
            return
        id_, redis = known.task.id, self.store.redis.client
        async with self.store.database.connection() as connection:
            await connection.raw.execute("UPDATE task SET expires_at = %s WHERE id = %s", (PAST, id_))
        if self.store.gate_lease.protocol is not None:
            for key in self.store.gate_lease.protocol.keys.expiring:
                await redis.zadd(key, {id_.bytes: PAST.timestamp() * 1000}, xx=True)
            await evict_entries(self.store, id_)
        known.expired = True

    async def evict(self, picks: list[int]) -> None:
        ids = [known.task.id for known in map(self.pick, picks) if known]
        if ids and self.store.gate_lease.protocol is not None:
            await evict_entries(self.store, *ids)

    async def read(self, count: int, status: Status | None, order: Order) -> None:
        await self.check_range(PageRange(count, status=status, order=order))
        await self.check_range(PageRange(count, "last", status=status, order=order))

    async def scrub_all(self) -> None:
        if self.store.gate_lease.protocol is not None:
            await scrub_all(self.store, self.store.gate_lease.protocol)

    async def restart(self) -> None:
        """Redis comes back empty, and the gate goes off: PostgreSQL answers from here on."""
        if (protocol := self.store.gate_lease.protocol) is None:
            return
        await self.store.redis.client.delete(*protocol.keys.prelude)
        await switch_gate_off(self.store)
        assert self.store.gate_lease.protocol is None

    async def come_back(self) -> None:
        """The index is built anew."""
        if self.store.gate_lease.protocol is None:
            await build_index(self.store)

    async def cancel(self, pick: int, changes: dict[str, Any], milliseconds: float) -> None:
        """Whoever asked for a change, and for a page, goes away; the change is made or not, as the row says."""
        if (known := self.pick(pick)) is None:
            return
        under_way = [
            asyncio.create_task(_outcome(StoreClient(self.store).update_task(known.task.id, changes), TaskNotFound)),
            asyncio.create_task(StoreClient(self.store).page(PageRange(5))),
        ]
        await asyncio.sleep(milliseconds / 1000)
        for task in under_way:
            task.cancel()
        await asyncio.wait(under_way)
        await self.store.pending_writes.drain()
        await asyncio.sleep(0.02)  # what was being loaded for the page goes on
        async with self.store.database.connection() as connection:
            found = await tasks_by_id(connection, self.store.workspace, [known.task.id])
        self._follow(known, found.get(known.task.id, TaskNotFound), visible=known.visible)

    async def check_all(self) -> None:
        """Every page there is, of every view in every order, every look-up, and the counts."""
        for status in keys.VIEWS:
            for order in ORDERS:
                await self.check_pages(status, order)
        views = {status: len(self.view(status)) for status in keys.VIEWS}
        assert await StoreClient(self.store).counts() == views
        found = await StoreClient(self.store).tasks_by_id([known.task.id for known in self.rows])
        assert found == [known.task if known.visible else None for known in self.rows]

    async def check_pages(self, status: Status | None, order: Order) -> None:
        for count in (0, 1, 3, 100):
            await self.check_range(PageRange(count, "last", status=status, order=order))
            for number in range(len(self.rows) // (count or 10) + 2):
                await self.check_range(PageRange(count, offset=number * count, status=status, order=order))
        places = [place for known in self.rows for place in known.cursors(order)]
        for place in places:
            await self.check_range(PageRange(3, after=place, status=status, order=order))
            await self.check_range(PageRange(3, "last", before=place, status=status, order=order))
        both = zip(places, places[::-1], strict=True)
        for after, before in itertools.islice(both, 5):
            await self.check_range(PageRange(2, after=after, before=before, status=status, order=order))
            await self.check_range(PageRange(2, "last", after=after, before=before, status=status, order=order))

    async def check_range(self, part: PageRange) -> None:
        view = self.view(part.status, part.order)
        soon = part.order == "EXPIRING_SOON"
        places = [(expiry_score(task.expires_at) if soon else index_position(task)[0], task.id) for task in view]
        first, end = 0, len(view)
        if part.after is not None:
            first = sum(place >= part.after if part.order == "NEWEST" else place <= part.after for place in places)
        if part.before is not None:
            end = sum(place > part.before if part.order == "NEWEST" else place < part.before for place in places)
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
            assert page.rank == (None if self.store.gate_lease.protocol is None else start)
            assert await StoreClient(self.store).rank(part, page.tasks[0]) == start

    async def check_indexes(self) -> None:
        """I3: at rest, the indexes are the rows."""
        await self.come_back()
        await self.scrub_all()
        for status in keys.VIEWS:
            assert await indexed_ids(self.store, status) == [task.id for task in self.view(status)]
        moving: Any = await self.store.redis.client.smembers(protocol(self.store).keys.moving)
        assert moving == {keys.BEACON}

    def view(self, status: Status | None, order: Order = "NEWEST") -> list[Task]:
        tasks = [known.task for known in self.rows if known.visible and status in (None, known.task.status)]
        if order == "EXPIRING_SOON":
            expiring = [(task.expires_at, task.id.bytes, task) for task in tasks if task.expires_at is not None]
            return [task for *_, task in sorted(expiring)]
        return sorted(tasks, key=lambda task: (task.created_at, task.id.bytes), reverse=order == "NEWEST")

    def pick(self, number: int) -> Known | None:
        return self.rows[number % len(self.rows)] if self.rows else None

    def _follow(self, known: Known, outcome: Task | type[Exception], *, visible: bool) -> None:
        assert isinstance(outcome, Task) == visible
        if isinstance(outcome, Task):
            assert outcome.version in (known.task.version, known.task.version + 1)
            known.follow(outcome)


async def _outcome(write: Awaitable[Task], refused: type[Exception]) -> Task | type[Exception]:
    try:
        return await write
    except refused:
        return refused
