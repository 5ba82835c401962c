"""Pages of deleted tasks, always from PostgreSQL: Redis holds nothing of them."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from cache.reads.search import SearchRange
from cache.reads.session import Session
from cache.redis.encoded_task import EncodedTask, encode_many
from db import deleted as rows


class DeletedTask(Struct, frozen=True):
    """A deleted task, when it was deleted, and from when on its row is purged."""

    task: EncodedTask
    deleted_at: datetime
    purge_at: datetime


class DeletedPage(Struct, frozen=True):
    """Deleted tasks, newest deletion first, and whether there are more before and after them."""

    tasks: list[DeletedTask]
    has_before: bool
    has_after: bool

    def last(self, count: int) -> "DeletedPage":
        """Return the last `count` of these tasks."""
        front = max(0, len(self.tasks) - count)
        return DeletedPage(self.tasks[front:], self.has_before or front > 0, self.has_after)


async def deleted_tasks(session: Session, part: SearchRange) -> DeletedPage:
    """Return a page of the deleted tasks that can be restored. Raises `TooMuchRead`."""
    store = session.store
    session.cache.forbid_caching()
    async with session.page_slots:
        session.loader.check()
        async with store.database.connection() as connection:
            page = await rows.deleted_page(
                connection,
                store.workspace,
                store.retention,
                count=part.count,
                direction=part.direction,
                after=part.after,
                before=part.before,
            )
    return DeletedPage(_encoded(session, page.tasks), page.has_before, page.has_after)


async def deleted_task(session: Session, id_: UUID) -> DeletedTask | None:
    """Return a deleted task that can be restored, or None. Raises `TooMuchRead`."""
    store = session.store
    session.cache.forbid_caching()
    async with session.page_slots, store.database.connection() as connection:
        found = await rows.deleted_task(connection, store.workspace, store.retention, id_)
    return None if found is None else _encoded(session, [found])[0]


def _encoded(session: Session, deleted: list[rows.DeletedTask]) -> list[DeletedTask]:
    """Return the tasks in the form from which responses are cut. They never become entries. Raises `TooMuchRead`."""
    tasks = encode_many(session.store.workspace, [each.task for each in deleted])
    session.loader.count(tasks)
    return [DeletedTask(task, each.deleted_at, each.purge_at) for task, each in zip(tasks, deleted, strict=True)]
