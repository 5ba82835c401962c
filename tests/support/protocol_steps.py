"""Single steps of the protocol, for tests that put something else in between."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import structs

from cache.redis.protocol import MarkedWrite
from cache.store import Store
from db.task import Status, Task
from tests.support.factories import create, entry, marks, new_task, protocol

TRANSACTION = timedelta(seconds=10)
# Long enough ago that the margin is over as well: such a mark is dead from the start.
LONG_AGO = timedelta(seconds=-60)
# Tokens of writers that only these tests know; real ones are lower.
EARLIER, LATER = 1_000_005, 1_000_007


async def mark(store: Store, token: int, task: Task, *, visible: bool = True, dead: bool = False) -> None:
    await protocol(store).mark(
        [MarkedWrite(token, task, visible=visible)], transaction=LONG_AGO if dead else TRANSACTION
    )


async def kill_marks(store: Store) -> None:
    """As if the deadline of every mark had passed."""
    names, client = protocol(store).keys, store.redis.client
    for id_ in await marks(store):
        held: Any = await client.get(names.entries + id_)
        if held is not None and held.startswith(b"M "):
            await client.set(names.entries + id_, held.rpartition(b" ")[0] + b" 1")
            await client.zadd(names.marks, {id_: 1})


async def one(store: Store, **fields: Any) -> Task:
    """A task that is there, without an entry."""
    return (await create(store, **fields))[0]


def moved(task: Task, status: Status, version: int = 2) -> Task:
    return structs.replace(task, status=status, version=version)


def unborn(**fields: Any) -> Task:
    """A task that its writer has not committed yet, and perhaps never will."""
    now, new = datetime.now(UTC), new_task(**fields)
    return Task(new.id, new.title, "", new.status, "NONE", now, now, new.expires_at, 1)


async def held(store: Store, task: Task) -> bytes:
    return await entry(store, task.id) or b""
