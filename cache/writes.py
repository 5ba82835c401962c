"""How a write goes: change the row, mark, commit, publish; and what happens when it breaks off between."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from cache.errors import ExpiryPassed, IdTaken, IndexUnavailable, Refused, StoreUnavailable
from cache.index import IndexLost
from cache.protocol import Protocol
from cache.store import Store
from db import gate
from db.errors import CommitUnknown
from db.pool import Connection
from db.rows import NewTask, Task
from db.tasks import create_tasks, taken_ids, tasks_by_id

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Change:
    """What a write did to its row: the row as it was and as it is, each if a reader may see it.

    A row that was not there before is the same as one that no reader could see.
    """

    row: Task
    visible: bool
    before: Task | None
    changed: bool = True


Step = Callable[[Connection], Awaitable[Change]]


async def write(store: Store, id_: UUID, change: Step) -> Change:
    """Writes one task. Raises `Refused`, `StoreUnavailable` or `DatabaseError`; then nothing changed,
    but for `CommitUnknown`: then the mark stays, and readers ask the row until it is scrubbed."""
    protocol: Protocol | None = None
    token, marked = 0, False
    done: Change | None = None
    try:
        async with store.database.transaction() as connection:
            epoch = await gate.enter_gate(connection, store.workspace, id_)  # W1
            done = await change(connection)  # W2
            if not done.changed:
                return done
            if epoch is None:
                raise IndexUnavailable
            token = await gate.new_token(connection)
            protocol = store.at(epoch)
            await protocol.mark(  # W3
                token, done.row, visible=done.visible, transaction=store.longest_transaction
            )
            marked = True
    except (CommitUnknown, asyncio.CancelledError):  # W4: it may have been committed, so the mark stays
        raise
    except BaseException as error:
        if isinstance(error, IndexLost):
            store.index_missing.set()
        if marked and protocol is not None and done is not None:
            await _abort(protocol, token, done)
        raise
    await _publish(store, protocol, token, done)
    return done


async def _publish(store: Store, protocol: Protocol, token: int, done: Change) -> None:
    """W5. The commit has succeeded, so the write has, whatever becomes of this: the mark stays."""
    try:
        await protocol.publish(token, done.row, visible=done.visible)
    except StoreUnavailable as error:
        store.accounting.publishes_lost += 1
        log.warning("publish lost", task=str(done.row.id), reason=str(error))


async def _abort(protocol: Protocol, token: int, done: Change) -> None:
    """W6. Only if the mark's reply came: one that may still be on its way could land after this, and nobody clears it;
    the scrub does."""
    try:
        await protocol.abort(token, done.before or done.row, visible=done.before is not None)
    except StoreUnavailable as error:
        log.warning("abort lost", task=str(done.row.id), reason=str(error))


async def create_many(store: Store, new: Sequence[NewTask]) -> dict[UUID, Task | Refused]:
    """Creates tasks in one statement, ids into the indexes before the commit; an outcome for each id.

    Raises `StoreUnavailable` or `DatabaseError`; then none was made.
    """
    created: dict[UUID, Task] = {}
    try:
        async with store.database.transaction() as connection:
            epoch = await gate.enter_gate(connection, store.workspace, None)
            created = await create_tasks(connection, store.workspace, new)
            others = [task.id for task in new if task.id not in created]
            outcomes = await outcomes_of(connection, store.workspace, others) if others else {}
            if created and epoch is None:
                raise IndexUnavailable
            if created and epoch is not None:
                token = await gate.new_token(connection)
                await store.at(epoch).add(token, list(created.values()))
    except BaseException as error:
        if isinstance(error, IndexLost):
            store.index_missing.set()
        for id_ in created:
            store.suspect(id_)
        raise
    return {**outcomes, **created}


async def outcomes_of(connection: Connection, workspace: str, ids: Sequence[UUID]) -> dict[UUID, Task | Refused]:
    """Why these ids were not created: the task that is there already, or what forbids it."""
    there = await tasks_by_id(connection, workspace, ids)
    taken = await taken_ids(connection, workspace, ids)
    return {id_: there.get(id_) or (IdTaken() if id_ in taken else ExpiryPassed()) for id_ in ids}
