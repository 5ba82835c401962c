from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cache.accounting import Accounting
from cache.errors import RedisFull
from cache.rebuild import rebuild
from cache.redis import Redis
from cache.store import Store
from cache.tasks import Tasks
from cache.verify import verify
from db.pool import Database
from tests.cache.gates import build, gate_of, watched
from tests.cache.samples import new_task
from tests.redis_server import redis_server


@pytest.fixture
async def store(tmp_path: Path, database: Database, accounting: Accounting) -> AsyncIterator[Store]:
    """On a Redis of its own, whose memory is limited without harm to anybody."""
    with redis_server(tmp_path) as url:
        async with Redis(url) as redis:
            store = Store(database, redis, accounting)
            await build(store)
            yield store


async def limit(store: Store, maxmemory: str) -> None:
    await store.redis.client.config_set("maxmemory", maxmemory)


async def test_a_write_goes_on_without_a_redis_that_is_full(store: Store) -> None:
    before = await Tasks(store).create_task(new_task())
    await limit(store, "1")
    async with watched(store):
        made = await Tasks(store).create_task(new_task())
        changed = await Tasks(store).update_task(before.id, {"title": "Another"})
    assert (await gate_of(store)).state == "off"
    assert store.full
    assert await Tasks(store).tasks_by_id([made.id, before.id]) == [made, changed]


async def test_what_a_full_redis_refused_in_the_middle_is_mended(store: Store) -> None:
    """A commit that it came before cannot be shown; nothing of it is done by half."""
    task = await Tasks(store).create_task(new_task())
    await limit(store, "1")
    async with watched(store):
        await Tasks(store).delete_task(task.id)
    await limit(store, "64mb")
    assert await build(store) == 0
    wrong: list[str] = []
    await verify(store, lambda _id, problem: wrong.append(problem))
    assert not wrong


async def test_an_index_that_does_not_fit_is_given_up_and_said_so_until_it_does(store: Store) -> None:
    await Tasks(store).create_tasks([new_task() for _ in range(100)])
    async with store.database.connection() as connection:
        await connection.raw.execute("UPDATE gate SET state = 'off'")
    await limit(store, "1")
    with pytest.raises(RedisFull, match="maxmemory"):
        await rebuild(store)
    assert store.full
    assert (await gate_of(store)).state in ("off", "building")
    await limit(store, "64mb")
    assert await build(store) == 100
    assert not store.full
