"""Reads and writes a store like the resolvers of one request."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from cache.errors import Refused
from cache.reads.pages import read_counts, read_page, read_rank
from cache.reads.session import Session
from cache.redis.encoded_task import EncodedTask, encode
from cache.redis.index import PageRange
from cache.store import Store
from cache.writes.bulk_create import create_tasks
from cache.writes.edits import Edit, EditKind, Existing, create_task, edit_task, edit_tasks
from db.task import NewTask, Status, Task


@dataclass(frozen=True)
class DecodedPage:
    """A page of tasks as records; the other fields are those of `cache.reads.pages.Page`."""

    tasks: list[Task]
    total: int
    rank: int | None
    has_before: bool
    has_after: bool


def decoded(task: EncodedTask | None) -> Task | None:
    """Return the record of a task."""
    return None if task is None else task.task


class StoreClient:
    """One request to a store. A refused write raises its reason, so that tests can use `pytest.raises`."""

    def __init__(self, store: Store) -> None:
        self.session = Session(store)

    @property
    def degraded(self) -> bool:
        return self.session.cache.degraded

    async def tasks_by_id(self, ids: Sequence[UUID]) -> list[Task | None]:
        return [decoded(task) for task in await self.session.loader.load_many(ids)]

    async def page(self, part: PageRange) -> DecodedPage:
        """Return a page with its total. Like for `totalCount`, PostgreSQL counts while Redis is not in use."""
        page = await read_page(self.session, part)
        total = page.total
        if total is None:
            total = await self.session.store.totals.count(part.view, part.order)
        return DecodedPage([task.task for task in page.tasks], total, page.rank, page.has_before, page.has_after)

    async def rank(self, part: PageRange, task: Task) -> int:
        return await read_rank(self.session, part, encode(self.session.store.workspace, task))

    async def counts(self) -> dict[Status | None, int]:
        return await read_counts(self.session)

    async def create_task(self, new: NewTask) -> Task:
        return accepted(await create_task(self.session, new))

    async def create_tasks(
        self, new: Sequence[NewTask], *, all_or_none: bool = False, settled: bool = True
    ) -> list[Task | Refused]:
        """Return the outcomes, with the task of each `Existing`, once Redis has the tasks in its indexes.

        settled: if False, return as early as a response.
        """
        outcomes = await create_tasks(self.session, new, all_or_none=all_or_none)
        if settled and (steps := self.session.store.pending_writes._last_steps):
            await asyncio.wait(steps)
        return [outcome.task if isinstance(outcome, Existing) else outcome for outcome in outcomes]

    async def update_task(self, id_: UUID, changes: dict[str, Any], expected_version: int | None = None) -> Task:
        return await self.edit_task("update", Edit(id_, expected_version, lambda task: replace(task, **changes)))

    async def delete_task(self, id_: UUID, expected_version: int | None = None) -> Task:
        return await self.edit_task("delete", Edit(id_, expected_version))

    async def restore_task(self, id_: UUID, expected_version: int | None = None) -> Task:
        return await self.edit_task("restore", Edit(id_, expected_version))

    async def edit_task(self, kind: EditKind, edit: Edit) -> Task:
        return accepted(await edit_task(self.session, kind, edit))

    async def edit_tasks(
        self, kind: EditKind, edits: Sequence[Edit], *, all_or_none: bool = False
    ) -> list[Task | Refused]:
        return await edit_tasks(self.session, kind, edits, all_or_none=all_or_none)


def accepted(outcome: Task | Existing | Refused) -> Task:
    """Return the task of a write, or raise the reason of its refusal."""
    if isinstance(outcome, Refused):
        raise outcome
    return outcome.task if isinstance(outcome, Existing) else outcome
