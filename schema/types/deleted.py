"""The connection of deleted tasks."""

from datetime import datetime
from typing import cast

import strawberry
from msgspec import Struct

from cache.reads import deleted
from schema.cursor import encode_cursor
from schema.types.connection import PageInfo, page_info_of
from schema.types.task import Task


@strawberry.type(description="A deleted task. `restoreTask` and `restoreTasks` restore it.")
class DeletedTask:
    task: Task = strawberry.field(
        description="The task as it was when it was deleted. It cannot be restored once its `expiresAt` has passed."
    )
    deleted_at: datetime = strawberry.field(description="When the task was deleted.")
    purge_at: datetime = strawberry.field(
        description="When the task leaves this list and the service removes it for good: `MILLITASK_RETENTION_DAYS` "
        "after its deletion."
    )


@strawberry.type(description="A deleted task and its cursor.")
class DeletedTaskEdge:
    node: DeletedTask = strawberry.field(description="The deleted task.")

    @strawberry.field(
        description="An opaque cursor for `after` and `before` of `deletedTasks`. It stays valid after the task is "
        "restored or purged."
    )
    def cursor(self) -> str:
        return encode_cursor(cast("deleted.DeletedTask", self.node), "DELETED")


@strawberry.type(
    description="A page of deleted tasks. It has no total and no page numbers, because these would require counting "
    "all deleted tasks."
)
class DeletedTaskConnection:
    edges: list[DeletedTaskEdge] = strawberry.field(description="The deleted tasks of the page, each with its cursor.")
    nodes: list[DeletedTask] = strawberry.field(description="The deleted tasks of the page, without cursors.")
    page_info: PageInfo = strawberry.field(description="Information about the page.")


class _EdgeRecord(Struct, gc=False):
    """The attributes of a `DeletedTaskEdge`."""

    node: deleted.DeletedTask


def deleted_connection(page: deleted.DeletedPage) -> DeletedTaskConnection:
    """Return the connection for a page of deleted tasks."""
    return DeletedTaskConnection(
        edges=cast("list[DeletedTaskEdge]", list(map(_EdgeRecord, page.tasks))),
        nodes=cast("list[DeletedTask]", page.tasks),
        page_info=page_info_of(page.tasks, "DELETED", has_before=page.has_before, has_after=page.has_after),
    )
