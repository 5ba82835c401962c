"""Writes of task lists, which only PostgreSQL holds, and the check of the lists that writes of tasks name."""

from collections.abc import Mapping
from uuid import UUID

from cache.errors import ListArchived, ListNotFound, ListVersionConflict, Refused
from cache.reads.session import Session
from db import task_lists as rows
from db.connection import Connection
from db.task_lists import TaskList


async def create_list(session: Session, id_: UUID, name: str) -> tuple[TaskList, bool]:
    """Create a list, unless one has the id already. Return the list, and whether it was created."""
    store = session.store

    async def write() -> tuple[TaskList, bool]:
        async with store.database.shares.writes.permit(store.workspace), store.database.transaction() as connection:
            created = await rows.insert_list(connection, store.workspace, id_, name, session.author)
            # A list is never deleted, so one that has the id still exists.
            found = created or (await rows.lists_by_id(connection, store.workspace, [id_]))[id_]
        return found, created is not None

    return await session.finish_list_write(write(), id_)


async def update_list(
    session: Session, id_: UUID, *, expected_version: int | None, name: str | None, archived: bool | None
) -> TaskList | Refused:
    """Change the name of a list, and whether it is archived; None keeps them. Return it, or why this was refused."""
    store = session.store

    async def write() -> TaskList | Refused:
        async with store.database.shares.writes.permit(store.workspace), store.database.transaction() as connection:
            found = await rows.lock_list(connection, store.workspace, id_)
            if found is None:
                return ListNotFound()
            if expected_version not in (None, found.version):
                return ListVersionConflict(found)
            was_archived = found.archived_at is not None
            new = (found.name if name is None else name, was_archived if archived is None else archived)
            if new == (found.name, was_archived):
                return found
            return await rows.update_list(connection, store.workspace, id_, new[0], session.author, archived=new[1])

    return await session.finish_list_write(write(), id_)


async def refused_lists(connection: Connection, workspace: str, wanted: Mapping[UUID, UUID]) -> dict[UUID, Refused]:
    """Return which tasks cannot be in the lists that they are to enter, given by the ids of the tasks."""
    if not wanted:
        return {}
    unusable = await rows.unusable_lists(connection, workspace, set(wanted.values()))
    refused = {True: ListArchived(), False: ListNotFound()}
    return {task: refused[unusable[list_]] for task, list_ in wanted.items() if list_ in unusable}
