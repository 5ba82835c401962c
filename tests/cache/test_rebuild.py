"""The index is built when it is missing or not ours, once, and from the rows alone."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.embedded import EmbeddedStores
from api.settings import Settings
from cache import keys
from cache import rebuild as rebuilding
from cache.accounting import Accounting
from cache.errors import CacheUnavailable, IndexLost
from cache.index import Range
from cache.keeper import keeper
from cache.keys import Keys
from cache.rebuild import rebuild, reindex
from cache.redis import Redis
from cache.store import Store
from cache.tasks import Tasks
from db import gate
from db.pool import Database
from db.rows import Task
from tests.cache.gates import build, gate_of, off
from tests.cache.samples import create, in_an_hour, indexed, look, new_task, protocol

NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
def own_redis(database_url: str, tmp_path: Path) -> Iterator[EmbeddedStores]:
    """A Redis that the test may kill, on the test's own database."""
    settings = Settings(database_url=database_url, redis_url=None, data_dir=tmp_path)
    embedded = EmbeddedStores(settings, durable=False)
    try:
        yield embedded
    finally:
        embedded.stop()


async def epochs(store: Store) -> set[int]:
    """The epochs of which Redis holds an index."""
    found = [key async for key in store.redis.client.scan_iter(b"*:rev")]
    return {int(key.split(b":")[1]) for key in found}


async def test_before_the_first_build_postgresql_answers(bare_store: Store) -> None:
    await look(bare_store)
    assert bare_store.protocol is None
    made = await Tasks(bare_store).create_task(new_task())
    request = Tasks(bare_store)
    page = await request.task_page(Range(5))
    assert (page.tasks, page.total, request.degraded) == ([made], 1, True)
    assert await Tasks(bare_store).tasks_by_id([made.id]) == [made]
    assert await bare_store.redis.client.dbsize() == 0


async def test_the_same_index_comes_back(store: Store, accounting: Accounting) -> None:
    made = await create(store, 20, expires_at=in_an_hour())
    made = await create(store, 20, status="DONE") + made
    deleted = made.pop(7)
    await Tasks(store).delete_task(deleted.id)
    before = {view: await indexed(store, view) for view in keys.VIEWS}
    epoch = protocol(store).keys.epoch
    await store.redis.client.flushdb()
    await off(store)
    assert await build(store) == 39
    assert protocol(store).keys.epoch > epoch
    assert accounting.rebuilds == 2
    assert {view: await indexed(store, view) for view in keys.VIEWS} == before
    request = Tasks(store)
    assert (await request.task_page(Range(100))).tasks == made
    assert not request.degraded
    assert len(await store.redis.client.zrange(protocol(store).keys.expiring[0], 0, -1)) == 21


async def test_an_index_of_several_batches_is_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await create(store, 25) + await create(store, 7, status="DONE", expires_at=in_an_hour())
    await off(store)
    monkeypatch.setattr(rebuilding, "BATCH", 4)
    assert await build(store) == 32
    ids = {task.id for task in made}
    assert set(await indexed(store)) == ids
    assert len(await indexed(store)) == 32
    assert len(await indexed(store, "DONE")) == 7


async def test_expired_tasks_are_not_in_a_new_index(store: Store) -> None:
    kept, expired = await create(store, 2, expires_at=in_an_hour())
    async with store.database.connection() as connection:
        await connection.raw.execute("UPDATE task SET expires_at = '2001-01-01' WHERE id = %s", (expired.id,))
    await off(store)
    assert await build(store) == 1
    assert await indexed(store) == [kept.id]


@pytest.mark.parametrize("place", [0, 2, 8])
async def test_the_keeper_replaces_an_index_that_is_not_whole(bare_store: Store, place: int) -> None:
    async with asyncio.timeout(30), keeper(bare_store):
        await _built(bare_store, 1)
        made = await create(bare_store, 3)
        names = protocol(bare_store).keys
        await bare_store.redis.client.delete((names.rev, *names.indexes, *names.expiring)[place])
        await _built(bare_store, 2)
        assert await indexed(bare_store, "TODO") == [task.id for task in made]


async def test_the_keeper_replaces_the_index_of_another_run_of_redis(bare_store: Store) -> None:
    async with asyncio.timeout(30), keeper(bare_store):
        await _built(bare_store, 1)
        made = await create(bare_store, 3)
        epoch = protocol(bare_store).keys.epoch
        async with bare_store.database.connection() as connection:
            await connection.raw.execute("UPDATE gate SET redis_run_id = %s", ("f" * 40,))
        await _built(bare_store, 2)
        assert await indexed(bare_store) == [task.id for task in made]
        assert await epochs(bare_store) == {protocol(bare_store).keys.epoch} != {epoch}


async def _built(store: Store, times: int) -> None:
    """Until the index was built so often, and is in use."""
    while store.accounting.rebuilds < times or store.protocol is None:  # noqa: ASYNC110 (nobody tells when)
        await asyncio.sleep(0.01)


async def test_what_another_database_left_is_not_used(store: Store) -> None:
    """A backup was played back: the rows are older than the entries, and the epochs begin again."""
    task = (await create(store))[0]
    await Tasks(store).update_task(task.id, {"title": "Lost with the database"})
    async with store.database.connection() as connection:
        await connection.raw.execute("DELETE FROM gate")
        await connection.raw.execute("UPDATE task SET title = %s, version = 1", (task.title,))
        await connection.raw.execute("ALTER SEQUENCE gate_epoch RESTART")
    assert await build(store) == 1
    (found,) = await Tasks(store).tasks_by_id([task.id])
    assert found is not None
    assert (found.title, found.version) == (task.title, 1)


async def test_two_at_once_build_once(database: Database, redis_url: str) -> None:
    async with Redis(redis_url) as redis:
        stores = [Store(database, redis, Accounting()) for _ in range(3)]
        counts = await asyncio.gather(*map(rebuild, stores))
    assert sorted(counts, key=str) == [0, None, None]
    assert sum(store.accounting.rebuilds for store in stores) == 1


async def test_writers_and_a_rebuild_at_once_lose_nothing(bare_store: Store) -> None:
    async with asyncio.timeout(60), keeper(bare_store):
        await _built(bare_store, 1)
        by_hand = asyncio.create_task(reindex(bare_store))
        made: list[Task] = []
        while not by_hand.done() or len(made) < 20:
            task = await Tasks(bare_store).create_task(new_task())
            made.append(await Tasks(bare_store).update_task(task.id, {"status": "DONE"}))
        assert await by_hand <= len(made)
        await _built(bare_store, 2)
        request = Tasks(bare_store)
        page = await request.task_page(Range(100, status="DONE"))
        assert page.tasks == made[::-1][:100]
        assert page.total == len(made)
        assert await epochs(bare_store) == {protocol(bare_store).keys.epoch}


async def test_a_mark_of_the_old_index_does_not_outlive_it(store: Store) -> None:
    task = (await create(store))[0]
    old = protocol(store)
    await old.mark(10**9, task, visible=True, transaction=store.longest_transaction)
    await off(store)
    await build(store)
    left = [key async for key in store.redis.client.scan_iter() if f":{old.keys.epoch}:".encode() in key]
    assert left == []


@pytest.mark.parametrize("step", ["write_building", "switch_on"])
async def test_a_build_that_failed_leaves_nothing_behind(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Its epoch is never used again, and its keys, which have no TTL, go with it or with the next one."""
    made = await create(store, 3)
    await off(store)

    async def breaks_off(*_: Any) -> None:
        raise CacheUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(gate, step, breaks_off)
        with pytest.raises(CacheUnavailable):
            await rebuild(store)
    assert (await gate_of(store)).state == "off"
    assert await build(store) == 3
    assert (await Tasks(store).task_page(Range(5))).tasks == made
    assert await epochs(store) == {protocol(store).keys.epoch}


async def test_a_redis_that_is_emptied_while_the_index_is_built(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await create(store, 9)
    await off(store)
    whole = rebuilding._add

    async def after_a_flush(*arguments: Any) -> None:
        await store.redis.client.flushdb()
        await whole(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(rebuilding, "_add", after_a_flush)
        with pytest.raises(IndexLost):
            await rebuild(store)
    assert (await gate_of(store)).state == "off"
    assert await store.redis.client.dbsize() == 0
    assert await build(store) == 9


async def test_a_redis_that_was_killed_comes_back_with_everything(
    database: Database, own_redis: EmbeddedStores
) -> None:
    async with asyncio.timeout(60), Redis(own_redis.start().redis_url) as redis:
        store = Store(database, redis, Accounting())
        async with keeper(store):
            await _built(store, 1)
            made = await create(store, 3)
            (server,) = own_redis.servers
            server.kill()
            server.wait()
            assert (await Tasks(store).task_page(Range(5))).tasks == made
            made.insert(0, await Tasks(store).create_task(new_task()))
            assert (await Tasks(store).task_page(Range(5))).tasks == made
            own_redis.stop()
            own_redis.start()
            await _built(store, 2)
            request = Tasks(store)
            assert (await request.task_page(Range(5))).tasks == made
            assert not request.degraded


async def test_keys_of_workspaces_and_epochs_do_not_meet(store: Store, database: Database) -> None:
    other = Store(database, store.redis, Accounting(), "other")
    await build(other)
    mine, theirs = await create(store), await create(other)
    assert (await Tasks(store).task_page(Range(5))).tasks == mine
    assert (await Tasks(other).task_page(Range(5))).tasks == theirs
    assert await Tasks(store).tasks_by_id([theirs[0].id]) == [None]
    assert not set(Keys("a", 1).prelude) & (set(Keys("a", 2).prelude) | set(Keys("b", 1).prelude))
