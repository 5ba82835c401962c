"""Whatever is done to the tasks, every page, cursor and total is that of a plain list."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cache import keys
from cache.accounting import Accounting
from cache.errors import IdTaken, TaskNotFound
from cache.index import Range
from cache.redis import Redis
from cache.scrub import tidy
from cache.store import Store
from cache.tasks import Tasks
from db.pool import Database
from db.rows import NewTask, Status, Task
from db.tasks import tasks_by_id
from tests.cache.gates import build, off
from tests.cache.samples import cursor, evict, in_an_hour, indexed, new_task

PAST = datetime(2001, 1, 1, tzinfo=UTC)

statuses = st.sampled_from(get_args(Status))
picks = st.integers(0, 30)
changes = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["Buy milk", "Buy bread"]),
        "status": statuses,
        "expires_at": st.booleans().map(lambda expires: in_an_hour() if expires else None),
    },
)
operations = st.one_of(
    st.tuples(st.just("create"), statuses, st.booleans()),
    st.tuples(st.just("create_many"), st.lists(st.tuples(statuses, st.booleans()), min_size=1, max_size=7)),
    st.tuples(st.just("create_again"), picks),
    st.tuples(st.just("update"), picks, changes),
    st.tuples(st.just("delete"), picks),
    st.tuples(st.just("restore"), picks),
    st.tuples(st.just("expire"), picks),
    st.tuples(st.just("evict"), st.lists(picks, max_size=5)),
    st.tuples(st.just("read"), st.integers(1, 9), statuses | st.none()),
    st.tuples(st.just("tidy")),
    st.tuples(st.just("restart")),
    st.tuples(st.just("come_back")),
    st.tuples(st.just("cancel"), picks, changes, st.floats(0, 4)),
)


@dataclass
class Known:
    """A row as the list has it."""

    task: Task
    deleted: bool = False
    expired: bool = False

    @property
    def visible(self) -> bool:
        return not self.deleted and not self.expired


class World:
    """A store, and the list that it is held against."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.rows: list[Known] = []

    async def create(self, status: Status, expires: bool) -> None:
        new = new_task(status=status, expires_at=in_an_hour() if expires else None)
        self.rows.append(Known(await Tasks(self.store).create_task(new)))

    async def create_many(self, wanted: list[tuple[Status, bool]]) -> None:
        new = [new_task(status=status, expires_at=in_an_hour() if expires else None) for status, expires in wanted]
        for made in await Tasks(self.store).create_tasks(new):
            assert isinstance(made, Task)
            self.rows.append(Known(made))

    async def create_again(self, pick: int) -> None:
        if known := self.pick(pick):
            creating = Tasks(self.store).create_task(NewTask(known.task.id, "Another", status="DONE"))
            assert await _outcome(creating, IdTaken) == (known.task if known.visible else IdTaken)

    async def update(self, pick: int, changes: dict[str, Any]) -> None:
        if known := self.pick(pick):
            outcome = await _outcome(Tasks(self.store).update_task(known.task.id, changes), TaskNotFound)
            self._follow(known, outcome, visible=known.visible)
            assert all(getattr(known.task, name) == value for name, value in changes.items()) or not known.visible

    async def delete(self, pick: int) -> None:
        if known := self.pick(pick):
            outcome = await _outcome(Tasks(self.store).delete_task(known.task.id), TaskNotFound)
            self._follow(known, outcome, visible=known.visible)
            known.deleted = known.deleted or known.visible

    async def restore(self, pick: int) -> None:
        if known := self.pick(pick):
            outcome = await _outcome(Tasks(self.store).restore_task(known.task.id), TaskNotFound)
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
        if self.store.protocol is not None:
            for key in self.store.protocol.keys.expiring:
                await redis.zadd(key, {id_.bytes: PAST.timestamp() * 1000}, xx=True)
            await evict(self.store, id_)
        known.expired = True

    async def evict(self, picks: list[int]) -> None:
        ids = [known.task.id for known in map(self.pick, picks) if known]
        if ids and self.store.protocol is not None:
            await evict(self.store, *ids)

    async def read(self, count: int, status: Status | None) -> None:
        await self.check_range(Range(count, status=status))
        await self.check_range(Range(count, "last", status=status))

    async def tidy(self) -> None:
        if self.store.protocol is not None:
            await tidy(self.store, self.store.protocol)

    async def restart(self) -> None:
        """Redis comes back empty, and the gate goes off: PostgreSQL answers from here on."""
        if (protocol := self.store.protocol) is None:
            return
        await self.store.redis.client.delete(*protocol.keys.prelude)
        await off(self.store)
        assert self.store.protocol is None

    async def come_back(self) -> None:
        """The index is built anew."""
        if self.store.protocol is None:
            await build(self.store)

    async def cancel(self, pick: int, changes: dict[str, Any], milliseconds: float) -> None:
        """Whoever asked for a change, and for a page, goes away; the change is made or not, as the row says."""
        if (known := self.pick(pick)) is None:
            return
        under_way = [
            asyncio.create_task(_outcome(Tasks(self.store).update_task(known.task.id, changes), TaskNotFound)),
            asyncio.create_task(Tasks(self.store).task_page(Range(5))),
        ]
        await asyncio.sleep(milliseconds / 1000)
        for task in under_way:
            task.cancel()
        await asyncio.wait(under_way)
        await self.store.drain()
        async with self.store.database.connection() as connection:
            found = await tasks_by_id(connection, self.store.workspace, [known.task.id])
        self._follow(known, found.get(known.task.id, TaskNotFound), visible=known.visible)

    async def check_all(self) -> None:
        """Every page there is, of every view, and every look-up."""
        for status in keys.VIEWS:
            for count in (1, 3, 100):
                await self.check_range(Range(count, "last", status=status))
                for number in range(len(self.rows) // count + 2):
                    await self.check_range(Range(count, offset=number * count, status=status))
            for known in self.rows:
                place = cursor(known.task)
                await self.check_range(Range(3, after=place, status=status))
                await self.check_range(Range(3, "last", before=place, status=status))
        both = zip(self.rows, self.rows[::-1], strict=True)
        for one, other in itertools.islice(both, 5):
            after, before = cursor(one.task), cursor(other.task)
            await self.check_range(Range(2, after=after, before=before))
            await self.check_range(Range(2, "last", after=after, before=before))
        found = await Tasks(self.store).tasks_by_id([known.task.id for known in self.rows])
        assert found == [known.task if known.visible else None for known in self.rows]

    async def check_range(self, part: Range) -> None:
        view = self.view(part.status)
        places = [cursor(task) for task in view]
        start = part.offset
        if part.after is not None:
            start += sum(place >= part.after for place in places)
        end = len(view) if part.before is None else sum(place > part.before for place in places)
        if part.direction == "first":
            end = min(end, start + part.count)
        else:
            start = max(start, end - part.count)
        page = await Tasks(self.store).task_page(part)
        assert page.tasks == view[start:end]
        assert page.total == len(view)
        if page.tasks:
            assert (page.has_before, page.has_after) == (start > 0, end < len(view))

    async def check_indexes(self) -> None:
        """I3: at rest, the indexes are the rows."""
        await self.come_back()
        await self.tidy()
        for status in keys.VIEWS:
            assert await indexed(self.store, status) == [task.id for task in self.view(status)]

    def view(self, status: Status | None) -> list[Task]:
        tasks = [known.task for known in self.rows if known.visible and status in (None, known.task.status)]
        return sorted(tasks, key=lambda task: (task.created_at, task.id.bytes), reverse=True)

    def pick(self, number: int) -> Known | None:
        return self.rows[number % len(self.rows)] if self.rows else None

    def _follow(self, known: Known, outcome: Task | type[Exception], *, visible: bool) -> None:
        assert isinstance(outcome, Task) == visible
        if isinstance(outcome, Task):
            assert outcome.version in (known.task.version, known.task.version + 1)
            known.task = outcome


async def _outcome(write: Awaitable[Task], refused: type[Exception]) -> Task | type[Exception]:
    try:
        return await write
    except refused:
        return refused


class Opened:
    """Both stores, opened once for all examples; a workspace of its own for each."""

    numbers: ClassVar = itertools.count(1)

    def __init__(self, database_url: str, redis_url: str) -> None:
        self._accounting = Accounting()
        self._database = Database(database_url)
        self._redis = Redis(redis_url)
        self._stack = AsyncExitStack()

    async def open(self) -> None:
        await self._stack.enter_async_context(self._database)
        await self._stack.enter_async_context(self._redis)

    async def close(self) -> None:
        await self._stack.aclose()

    async def play(self, steps: list[tuple[Any, ...]]) -> None:
        store = Store(self._database, self._redis, self._accounting, f"w{next(self.numbers)}")
        await build(store)
        world = World(store)
        for name, *arguments in steps:
            step: Callable[..., Awaitable[None]] = getattr(world, name)
            await step(*arguments)
        await world.check_all()
        await world.check_indexes()


def test_pages_are_those_of_a_list(database_url: str, redis_url: str) -> None:
    with asyncio.Runner() as runner:
        opened = Opened(database_url, redis_url)
        runner.run(opened.open())

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(st.lists(operations, min_size=1, max_size=25))
        def play(steps: list[tuple[Any, ...]]) -> None:
            runner.run(opened.play(steps))

        try:
            play()
        finally:
            runner.run(opened.close())
