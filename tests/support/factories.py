"""What the tests of the cache make and look at: tasks, and what Redis holds of them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from cache.gate.lease import clock
from cache.redis import keys
from cache.redis.protocol import Protocol
from cache.store import Store
from db.gate import read_gate
from db.index_source import IndexPosition
from db.task import Status, Task
from tests.support.store_client import StoreClient
from tests.support.task_factories import in_an_hour as in_an_hour
from tests.support.task_factories import new_id as new_id
from tests.support.task_factories import new_task as new_task


async def look(store: Store) -> None:
    """Reads the gate, as the watch does. The lease that it gives is long enough for any test."""
    async with store.database.connection() as connection:
        store.gate_lease.observe_gate(await read_gate(connection, store.workspace), clock() + 3600)
    store.gate_lease.redis_answers = True


def protocol(store: Store) -> Protocol:
    """The protocol on the index in use."""
    assert store.gate_lease.protocol is not None
    return store.gate_lease.protocol


async def create(store: Store, count: int = 1, **fields: Any) -> list[Task]:
    """That many tasks in one statement, newest first: as a page has them. None has an entry."""
    made = await StoreClient(store).create_tasks([new_task(f"Task {n}", **fields) for n in range(count)])
    return newest_first(task for task in made if isinstance(task, Task))


def newest_first(tasks: Iterable[Task]) -> list[Task]:
    return sorted(tasks, key=cursor, reverse=True)


def cursor(task: Task) -> IndexPosition:
    return (task.created_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1), task.id


def expiry(expires_at: datetime | None) -> int:
    """What `expiring` scores it by: milliseconds."""
    assert expires_at is not None
    return (expires_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


async def entry(store: Store, id_: UUID) -> bytes | None:
    """What Redis holds under a task's key."""
    value: Any = await store.redis.client.get(protocol(store).keys.entry(id_))
    return value if value is None else bytes(value)


async def views(store: Store, id_: UUID) -> set[Status | None]:
    """The views whose index holds the id; None is that of all tasks."""
    indexes = zip(keys.VIEWS, protocol(store).keys.indexes, strict=True)
    return {view for view, key in indexes if await store.redis.client.zscore(key, id_.bytes) is not None}


async def indexed(store: Store, status: Status | None = None) -> list[UUID]:
    """Every id of a view's index, newest first."""
    key = protocol(store).keys.indexes[keys.VIEWS.index(status)]
    members: list[Any] = await store.redis.client.zrange(key, 0, -1, desc=True)
    return [UUID(bytes=member) for member in members if member != keys.BEACON]


async def evict(store: Store, *ids: UUID) -> None:
    """As Redis does to an entry when it needs the memory."""
    await store.redis.client.delete(*map(protocol(store).keys.entry, ids))


async def marks(store: Store) -> list[bytes]:
    members: list[Any] = await store.redis.client.zrange(protocol(store).keys.marks, 0, -1)
    return members


async def rev(store: Store) -> int:
    return int(await store.redis.client.get(protocol(store).keys.rev) or 0)


async def snapshot(store: Store) -> dict[bytes, Any]:
    """Everything that Redis holds."""
    client: Any = store.redis.client
    found: dict[bytes, Any] = {}
    async for key in client.scan_iter():
        match await client.type(key):
            case b"string":
                found[key] = await client.get(key)
            case b"set":
                found[key] = await client.smembers(key)
            case _:
                found[key] = await client.zrange(key, 0, -1, withscores=True)
    return found
