"""Single steps of the protocol, for tests that run other steps between them."""

from datetime import timedelta
from typing import Any

from cache.redis import entry
from cache.redis.protocol import MarkedWrite
from cache.store import Store
from db.task import Task
from tests.support.redis_state import marked_ids, protocol

TRANSACTION_LIMIT = timedelta(seconds=10)
# With this transaction limit, a mark is past its deadline, including the margin.
PAST_TRANSACTION_LIMIT = timedelta(seconds=-60)
# Fencing tokens for the tests. They are higher than the tokens that PostgreSQL generates.
EARLIER_TOKEN, LATER_TOKEN = 1_000_005, 1_000_007


async def mark_task(store: Store, token: int, task: Task, *, visible: bool = True, overdue: bool = False) -> None:
    """Run step W3 (mark) for one task. With `overdue`, the mark is past its deadline from the start."""
    limit = PAST_TRANSACTION_LIMIT if overdue else TRANSACTION_LIMIT
    await protocol(store).mark([MarkedWrite(token, task, visible=visible)], transaction=limit)


async def index_without_row(store: Store, task: Task) -> None:
    """Add a task without a row to the indexes, as a bulk create of an earlier release may leave it."""
    id_, view, created_at, _ = entry.placement(task)
    for of in (0, view - 1):
        await store.redis.client.zadd(protocol(store).keys.indexes[of], {id_: created_at})


async def make_marks_overdue(store: Store) -> None:
    """Move the deadline of every mark into the past."""
    names, client = protocol(store).keys, store.redis.client
    for id_ in await marked_ids(store):
        entry: Any = await client.get(names.entries + id_)
        if entry is not None and entry.startswith(b"M "):
            await client.set(names.entries + id_, entry.rpartition(b" ")[0] + b" 1")
            await client.zadd(names.marks, {id_: 1})
