"""The view that one request has of the tasks: pages, look-ups and writes, through the cache."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from msgspec.structs import replace as replaced

from cache.errors import OrderMoving, Refused
from cache.reads import search
from cache.reads.loader import TaskLoader
from cache.reads.search import Matches, Window
from cache.redis import entry
from cache.redis.index import Cursor, Ids, Range
from cache.redis.keys import VIEWS
from cache.redis.protocol import Protocol
from cache.store import Store
from cache.writes import write
from cache.writes.edits import Edit, EditKind, EditResult, Outcome, apply
from db import pages
from db import task_table as rows
from db.pages import Position, RowPage
from db.pool import Connection
from db.search import RowFilter
from db.task import NewTask, Order, Status, Task

Result = TypeVar("Result")


@dataclass(frozen=True)
class Page:
    """Tasks of a view, in its order, and where they stand in it: `position` is that of the first, from 0. What is none
    would have to be counted."""

    tasks: list[Task]
    total: int | None
    position: int | None
    has_before: bool
    has_after: bool

    def cut(self, front: int, end: int) -> "Page":
        """The same without so many tasks of its front and of its end."""
        kept = self.tasks[front : len(self.tasks) - end]
        position = None if self.position is None else self.position + front
        return Page(kept, self.total, position, self.has_before or front > 0, self.has_after or end > 0)


class Tasks:
    """Made per request, with its own loader: all that the request asks for goes in one batch."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._loader = TaskLoader(store)
        self._degraded = False
        self.wrote = False  # whether a write has begun, which goes on whatever becomes of the request

    @property
    def degraded(self) -> bool:
        """Whether PostgreSQL answered what the cache should have."""
        return self._degraded or self._loader.degraded

    def abandon(self) -> None:
        """Gives up the reads that are under way. Writes go on to their end."""
        self._loader.abandon()

    async def tasks_by_id(self, ids: Sequence[UUID]) -> list[Task | None]:
        """The tasks in the order of the ids; none for one that is not there, deleted or expired."""
        return await self._loader.load_many(ids)

    async def task_page(self, part: Range, *, total: bool = True) -> Page:
        """A part of a view, in its order; without its `total`, if that would have to be counted."""
        if part.count == 0:  # where it would stand, if it had a task
            page = await self.task_page(replace(part, count=1), total=total)
            return page.cut(0, len(page.tasks)) if part.direction == "first" else page.cut(len(page.tasks), 0)

        async def cached(protocol: Protocol) -> Page:
            try:
                return await self._cached_page(protocol, part)
            except OrderMoving:
                return await from_rows()

        async def from_rows() -> Page:
            page = await self._row_page(part)
            count = await self._store.total(part.status, part.order) if total else None
            return Page(page.tasks, count, None, page.has_before, page.has_after)

        return await self._read(cached, from_rows)

    async def total(self, part: Range) -> int:
        """How many tasks the order of a view has; for a page that came without."""
        return await self._store.total(part.status, part.order)

    async def position(self, part: Range, task: Task) -> int:
        """How many tasks stand before one in the order of a view; for a page that came without."""
        at = task.expires_at if part.order == "EXPIRING_SOON" else task.created_at
        assert at is not None
        async with self._store.database.connection() as connection:
            return await pages.task_rank(connection, self._store.workspace, (at, task.id), part.status, part.order)

    async def counts(self) -> dict[Status | None, int]:
        """How many tasks each view has, in one round trip."""
        counts = await self._read(lambda protocol: protocol.counts(), self._store.counts)
        return dict(zip(VIEWS, counts, strict=True))

    async def search(self, terms: list[tuple[str, bool]], window: Window) -> Matches | None:
        """The tasks with all these words, the newest first; none if there is no word in them."""
        return await search.search(self._store, self._loader, terms, window)

    async def filtered(self, asked: RowFilter, window: Window) -> Matches:
        """The tasks that a filter lets through, the newest first; by expiry, the soonest first."""
        return await search.filtered(self._store, self._loader, asked, window)

    async def _read(
        self, cached: Callable[[Protocol], Awaitable[Result]], from_rows: Callable[[], Awaitable[Result]]
    ) -> Result:
        """As the store reads, and remembers when the cache was not in use."""

        async def noted() -> Result:
            self._degraded = True
            return await from_rows()

        return await self._store.read(cached, noted)

    async def _row_page(self, part: Range) -> RowPage:
        """R6: what the page script does, by PostgreSQL's indexes."""
        async with self._store.database.connection() as connection:
            return await pages.task_page(
                connection,
                self._store.workspace,
                count=part.count,
                direction=part.direction,
                after=_position(part.order, part.after),
                before=_position(part.order, part.before),
                offset=part.offset,
                status=part.status,
                order=part.order,
                total=False,
            )

    async def _cached_page(self, protocol: Protocol, part: Range) -> Page:
        """P1. Drops ids whose row says otherwise, and reads on until the page is full."""
        first = ids = await protocol.page(part)
        tasks = await self._fitting(ids, part)
        wanted = part.count
        while len(tasks) < part.count and len(ids.ids) == wanted:
            wanted = part.count - len(tasks)
            if part.direction == "first":
                ids = await protocol.page(replace(part, after=ids.last, offset=0, count=wanted))
                tasks += await self._fitting(ids, part)
            else:
                ids = await protocol.page(replace(part, before=ids.first, count=wanted))
                tasks = await self._fitting(ids, part) + tasks
        front, end = (first, ids) if part.direction == "first" else (ids, first)
        return Page(tasks, first.total, front.position, front.has_before, end.has_after)

    async def _fitting(self, ids: Ids, part: Range) -> list[Task]:
        """Those that are in the view. Raises `OrderMoving` if one does not stand where the index had it: its expiry was
        changed since, or its create was rolled back and done again."""
        place = entry.expires_at if part.order == "EXPIRING_SOON" else entry.created_at
        fitting = []
        for id_, score, task in zip(ids.ids, ids.scores, await self._loader.load_many(ids.ids), strict=True):
            there = task is not None and part.status in (None, task.status)
            if task is not None and there and place(task) == score:
                fitting.append(task)
                continue
            # Not taken out here: it may be that of a create that is about to be committed.
            self._store.suspect(id_)
            if there:
                raise OrderMoving
        return fitting

    async def _finish(self, write: Coroutine[Any, Any, Result]) -> Result:
        self.wrote = True
        return await self._store.finish(write)

    async def create_task(self, new: NewTask) -> Task:
        """Creates a task, or returns the one that its id belongs to. Raises `Refused`."""
        workspace = self._store.workspace

        async def step(connection: Connection) -> list[Outcome]:
            created, token = await rows.create_tasks(connection, workspace, [new])
            if task := created.get(new.id):
                return [EditResult(task, visible=True, before=None, token=token)]
            outcome = (await write.outcomes_of(connection, workspace, [new.id]))[new.id]
            return [outcome if isinstance(outcome, Refused) else EditResult(outcome, visible=True, before=outcome)]

        [outcome] = await self._finish(write.write(self._store, new.id, step))
        self._loader.clear(new.id)
        return _done(outcome)

    async def create_tasks(self, new: Sequence[NewTask], *, all_or_none: bool = False) -> list[Task | Refused]:
        """Creates up to 1,000 tasks with ids of their own; an outcome for each, in order."""
        outcomes = await self._finish(write.create_many(self._store, new, all_or_none=all_or_none))
        for task in new:
            self._loader.clear(task.id)
        return [outcomes[task.id] for task in new]

    async def update_task(self, id_: UUID, changes: dict[str, Any], expected_version: int | None = None) -> Task:
        """Changes fields of a task, by name. Raises `Refused`."""
        return await self.change_task("update", Edit(id_, expected_version, lambda task: replaced(task, **changes)))

    async def delete_task(self, id_: UUID, expected_version: int | None = None) -> Task:
        """Deletes a task; `restore_task` undoes it. Raises `Refused`."""
        return await self.change_task("delete", Edit(id_, expected_version))

    async def restore_task(self, id_: UUID, expected_version: int | None = None) -> Task:
        """Brings a deleted task back; one that is not deleted is returned as it is. Raises `Refused`."""
        return await self.change_task("restore", Edit(id_, expected_version))

    async def change_task(self, verb: EditKind, edit: Edit) -> Task:
        """Changes one task; returns it as it is then. Raises `Refused`."""
        [outcome] = await self._change(edit.id, verb, [edit])
        return _done(outcome)

    async def change_tasks(
        self, verb: EditKind, edits: Sequence[Edit], *, all_or_none: bool = False
    ) -> list[Task | Refused]:
        """Changes up to 1,000 tasks, each once, in one transaction; an outcome for each, in order."""
        outcomes = await self._change(None, verb, edits, all_or_none=all_or_none)
        return [outcome.row if isinstance(outcome, EditResult) else outcome for outcome in outcomes]

    async def _change(
        self, id_: UUID | None, verb: EditKind, edits: Sequence[Edit], *, all_or_none: bool = False
    ) -> list[Outcome]:
        async def step(connection: Connection) -> list[Outcome]:
            return await apply(connection, self._store.workspace, verb, edits, all_or_none=all_or_none)

        outcomes = await self._finish(write.write(self._store, id_, step))
        for edit in edits:
            self._loader.clear(edit.id)
        return outcomes


def _done(outcome: Outcome) -> Task:
    if isinstance(outcome, Refused):
        raise outcome
    return outcome.row


def _position(order: Order, cursor: Cursor | None) -> Position | None:
    unit = entry.MILLISECOND if order == "EXPIRING_SOON" else entry.MICROSECOND
    return None if cursor is None else (entry.EPOCH + cursor[0] * unit, cursor[1])
