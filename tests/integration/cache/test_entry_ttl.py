"""Tests the TTL of an entry."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cache.maintenance.scrub import scrub
from cache.redis.encoded_task import decode
from cache.redis.index import PageRange
from cache.store import Store
from db.task import Task
from tests.support.redis_state import protocol, read_entry
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task, create_uncached_tasks


@pytest.mark.parametrize("step", ["publish", "fill", "scrub"])
@pytest.mark.parametrize("lifetime", [timedelta(minutes=5), timedelta(days=5), None])
async def test_ttl_is_at_most_an_hour_and_ends_before_the_expiry(
    store: Store, step: str, lifetime: timedelta | None
) -> None:
    task = await create_uncached_task(store, expires_at=None if lifetime is None else datetime.now(UTC) + lifetime)
    if step == "publish":
        task = await StoreClient(store).update_task(task.id, {"title": "Published"})
    elif step == "fill":
        await StoreClient(store).tasks_by_id([task.id])
        await store.fills.drain()
    else:
        await scrub(store, protocol(store), [task.id])
    key = protocol(store).keys.entry(task.id)
    assert decode(store.workspace, task.id.bytes, await read_entry(store, task.id)) == task
    assert 0 < await store.redis.client.pttl(key) <= 3_600_000
    if task.expires_at is not None:
        assert await _ends_at_ms(store, task) <= task.expires_at.timestamp() * 1000


async def _ends_at_ms(store: Store, task: Task) -> int:
    client: Any = store.redis.client
    return int(await client.pexpiretime(protocol(store).keys.entry(task.id)))


async def test_ttls_are_spread(store: Store) -> None:
    created = await create_uncached_tasks(store, 50)
    await StoreClient(store).page(PageRange(50))
    ends_ms = {await _ends_at_ms(store, task) for task in created}
    assert len(ends_ms) > 10
