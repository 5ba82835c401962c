"""Bulk creates: one statement for up to 1,000 rows, and a record in Redis from before the commit until it is known."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from uuid import UUID

from cache.errors import NotDone, Refused, StoreUnavailable
from cache.reads.session import Session
from cache.redis.protocol import Protocol
from cache.writes.edits import CreateOutcome, existing_tasks, wrong_lists
from cache.writes.transaction import mark, protocol_for_write, retry_at_gate, write_step
from db import gate, task_table
from db.outcomes import queue_transaction
from db.task import NewTask


async def create_tasks(session: Session, new: Sequence[NewTask], *, all_or_none: bool = False) -> list[CreateOutcome]:
    """Create up to 1,000 tasks with different ids in one transaction. Return an outcome for each, in order.

    Of several tasks with the same external id, the first is created.

    Raises `StoreUnavailable` or `DatabaseError` if nothing was created. After `CommitUnknown`, all or none may exist.
    """
    ids = [task.id for task in new]
    write = retry_at_gate(session.store, lambda: _attempt(session, new, all_or_none))
    return await session.finish_write(write, ids)


class _RejectAll(Exception):
    """Rolls the transaction back: an item was refused, and the client wants all or none."""

    def __init__(self, refused: dict[UUID, Refused]) -> None:
        self.refused = refused


async def _attempt(session: Session, new: Sequence[NewTask], all_or_none: bool) -> list[CreateOutcome]:
    store = session.store
    try:
        async with store.database.shares.writes.permit(store.workspace), store.database.transaction() as connection:
            protocol = protocol_for_write(store, await gate.enter_gate(connection, store.workspace, None))  # W1
            number = queue_transaction(connection)
            with write_step("W2", "rows"):
                wrong = await wrong_lists(connection, store.workspace, new)
                placed = [task for task in new if task.id not in wrong] if wrong else new
                created, token = await task_table.insert_tasks(connection, store.workspace, placed, session.author)
            others = [task for task in new if task.id not in created] if len(created) < len(new) else []
            found = await existing_tasks(connection, store.workspace, others, wrong) if others else {}
            refused = {id_: outcome for id_, outcome in found.items() if isinstance(outcome, Refused)}
            if all_or_none and refused:
                raise _RejectAll(refused)
            if created and protocol is not None:
                transaction, rows = number.rows[0].encode(), list(created.values())
                with write_step("W7", "record"):
                    await mark(protocol, lambda: protocol.record(transaction, token, rows))
    except _RejectAll as rejected:
        return [rejected.refused.get(task.id) or NotDone() for task in new]
    if created and protocol is not None:
        # The span starts now, because the request may have ended when Redis is reached.
        await store.pending_writes.finish_later(_settle(protocol, transaction, write_step("W8", "settle")))
    if len(created) == len(new):
        return list(created.values())
    return [created.get(task.id) or found[task.id] for task in new]


async def _settle(protocol: Protocol, transaction: bytes, recording: AbstractContextManager[object]) -> None:
    """W8. The response does not wait: a read that finds the create unsettled settles it first."""
    with suppress(StoreUnavailable), recording:  # a reader or the scrub settles it later
        await protocol.settle(transaction)
