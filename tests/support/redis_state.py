"""Reads the state of the tasks in Redis: entries, index members, marks, and a snapshot of all keys."""

from datetime import datetime
from typing import Any
from uuid import UUID

from cache.redis import keys
from cache.redis.protocol import Protocol
from cache.redis.times import MICROSECOND, MILLISECOND, UNIX_EPOCH
from cache.store import Store
from db.index_source import IndexPosition
from db.task import Status, Task


def protocol(store: Store) -> Protocol:
    """Return the protocol for the index in use. Fail if Redis is not in use."""
    assert store.gate_lease.protocol is not None
    return store.gate_lease.protocol


def index_position(task: Task) -> IndexPosition:
    """Return a task's position in the indexes by creation."""
    return (task.created_at - UNIX_EPOCH) // MICROSECOND, task.id


def expiry_score(expires_at: datetime | None) -> int:
    """Return the score of an expiry in the `expiring` sets, in milliseconds."""
    assert expires_at is not None
    return (expires_at - UNIX_EPOCH) // MILLISECOND


async def read_entry(store: Store, id_: UUID) -> bytes | None:
    """Return the entry of a task, or None if the task has no entry."""
    value: Any = await store.redis.client.get(protocol(store).keys.entry(id_))
    return value if value is None else bytes(value)


async def entry_bytes(store: Store, task: Task) -> bytes:
    """Return the entry of a task, or b"" if the task has no entry."""
    return await read_entry(store, task.id) or b""


async def evict_entries(store: Store, *ids: UUID) -> None:
    """Delete entries, like an eviction by Redis."""
    await store.redis.client.delete(*map(protocol(store).keys.entry, ids))


async def indexed_views(store: Store, id_: UUID) -> set[Status | None]:
    """Return the views whose index holds the id. None is the view of all tasks."""
    indexes = zip(keys.VIEWS, protocol(store).keys.indexes, strict=True)
    return {view for view, key in indexes if await store.redis.client.zscore(key, id_.bytes) is not None}


async def indexed_ids(store: Store, status: Status | None = None) -> list[UUID]:
    """Return the ids in the index of a view, newest first."""
    key = protocol(store).keys.indexes[keys.VIEWS.index(status)]
    members: list[Any] = await store.redis.client.zrange(key, 0, -1, desc=True)
    return [UUID(bytes=member) for member in members if member != keys.BEACON]


async def marked_ids(store: Store) -> list[bytes]:
    """Return the ids with a mark, as bytes."""
    members: list[Any] = await store.redis.client.zrange(protocol(store).keys.marks, 0, -1)
    return members


async def read_rev(store: Store) -> int:
    """Return `rev`, which each change of an index increases, or 0 if the key is missing."""
    return int(await store.redis.client.get(protocol(store).keys.rev) or 0)


async def redis_snapshot(store: Store) -> dict[bytes, Any]:
    """Return every key of the Redis database with its value."""
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
