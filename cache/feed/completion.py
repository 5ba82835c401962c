"""What an event of the feed came without: the task, or the values of a task that has expired."""

from contextlib import suppress
from dataclasses import replace

from cache.feed.events import FeedEvent
from cache.reads.session import Session
from cache.redis.view_values import ViewValues
from cache.store import Store
from db.errors import DatabaseError
from db.shape_source import shape_rows


async def with_task(store: Store, event: FeedEvent) -> FeedEvent:
    """Read the task of an event. It was deleted if there is none."""
    assert event.id is not None
    task = await Session(store).loader.load(event.id)
    return replace(event, task=task, kind="DELETED" if task is None else event.kind)


async def with_expired_values(store: Store, event: FeedEvent) -> FeedEvent:
    """Read which values an expired task has had. They stay unknown if PostgreSQL does not answer."""
    assert event.id is not None
    with suppress(DatabaseError):
        async with store.database.connection() as connection:
            rows = await shape_rows(connection, store.workspace, [event.id.bytes])
        return replace(event, before=[ViewValues.of(row) for row in rows.values()] or None)
    return event
