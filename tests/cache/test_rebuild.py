"""The index is built when it is missing or not ours, once, and from the rows alone."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.embedded import EmbeddedStores
from api.settings import Settings
from cache import keys
from cache.accounting import Accounting
from cache.errors import CacheUnavailable, IndexUnavailable
from cache.index import IndexLost, Range
from cache.keeper import keeper
from cache.keys import Keys
from cache.rebuild import ensure_index, reindex
from cache.redis import Redis
from cache.store import Store
from cache.tasks import Tasks
from db import gate
from db.gate import Gate
from db.pool import Database
from db.rows import Task
from tests.cache.samples import create, in_an_hour, indexed, new_task, views

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


async def read_gate(store: Store) -> Gate | None:
    async with store.database.connection() as connection:
        return await gate.read_gate(connection, store.workspace)


async def epochs(store: Store) -> set[int]:
    """The epochs of which Redis holds an index."""
    found = [key async for key in store.redis.client.scan_iter(b"*:rev")]
    return {int(key.split(b":")[1]) for key in found}


async def test_before_the_first_build_there_is_nothing_to_read(bare_store: Store) -> None:
    assert not bare_store.ready
    with pytest.raises(IndexUnavailable):
        await Tasks(bare_store).task_page(Range(5))
    with pytest.raises(IndexUnavailable):
        await Tasks(bare_store).create_task(new_task())


async def test_a_missing_index_is_built(bare_store: Store, accounting: Accounting) -> None:
    assert await ensure_index(bare_store) == 0
    assert bare_store.ready
    assert accounting.rebuilds == 1
    assert await ensure_index(bare_store) is None
    assert accounting.rebuilds == 1


async def test_an_emptied_redis_gets_the_same_index_again(store: Store) -> None:
    made = await create(store, 20, expires_at=in_an_hour())
    made = await create(store, 20, status="DONE") + made
    deleted = made.pop(7)
    await Tasks(store).delete_task(deleted.id)
    before = {view: await indexed(store, view) for view in keys.VIEWS}
    epoch = store.protocol.keys.epoch
    await store.redis.client.flushdb()
    assert await ensure_index(store) == 39
    assert store.protocol.keys.epoch > epoch
    assert {view: await indexed(store, view) for view in keys.VIEWS} == before
    assert (await Tasks(store).task_page(Range(100))).tasks == made
    scores = await store.redis.client.zrange(store.protocol.keys.expiring[0], 0, -1)
    assert len(scores) == 21


async def test_expired_tasks_are_not_in_a_new_index(store: Store) -> None:
    kept, expired = await create(store, 2, expires_at=in_an_hour())
    async with store.database.connection() as connection:
        await connection.raw.execute("UPDATE task SET expires_at = '2001-01-01' WHERE id = %s", (expired.id,))
    assert await ensure_index(store, force=True) == 1
    assert await indexed(store) == [kept.id]


@pytest.mark.parametrize("place", range(9))
async def test_an_index_that_is_not_whole_is_built_anew(store: Store, place: int) -> None:
    made = await create(store, 3)
    names = store.protocol.keys
    await store.redis.client.delete((names.rev, *names.indexes, *names.expiring)[place])
    assert await ensure_index(store) == 3
    assert await indexed(store, "TODO") == [task.id for task in made]


async def test_the_index_of_another_run_of_redis_is_built_anew(store: Store) -> None:
    made = await create(store, 3)
    epoch = store.protocol.keys.epoch
    async with store.database.transaction() as connection:
        await gate.write_gate(connection, store.workspace, Gate(epoch, "f" * 40))
    assert await ensure_index(store) == 3
    assert store.protocol.keys.epoch > epoch
    assert await indexed(store) == [task.id for task in made]
    assert await epochs(store) == {store.protocol.keys.epoch}
    now = await read_gate(store)
    assert now == Gate(store.protocol.keys.epoch, await store.redis.run_id())


async def test_the_index_of_another_database_is_not_used(store: Store) -> None:
    """A database that was made anew counts its epochs anew, and Redis may hold that of the old one."""
    await create(store, 3)
    async with store.database.connection() as connection:
        await connection.raw.execute("DELETE FROM gate")
        await connection.raw.execute("DELETE FROM task")
        await connection.raw.execute("ALTER SEQUENCE gate_epoch RESTART")
    assert await ensure_index(store) == 0
    assert await indexed(store) == []


async def test_the_entries_of_another_database_are_not_used(store: Store) -> None:
    """A backup was played back: the rows are older than the entries, and the epochs begin again."""
    task = (await create(store))[0]
    await Tasks(store).update_task(task.id, {"title": "Lost with the database"})
    async with store.database.connection() as connection:
        await connection.raw.execute("DELETE FROM gate")
        await connection.raw.execute("UPDATE task SET title = %s, version = 1", (task.title,))
        await connection.raw.execute("ALTER SEQUENCE gate_epoch RESTART")
    await ensure_index(store)
    (found,) = await Tasks(store).tasks_by_id([task.id])
    assert found is not None
    assert (found.title, found.version) == (task.title, 1)


async def test_two_at_once_build_once(database: Database, redis_url: str) -> None:
    async with Redis(redis_url) as redis:
        stores = [Store(database, redis, Accounting()) for _ in range(5)]
        counts = await asyncio.gather(*map(ensure_index, stores))
    assert sorted(counts, key=str) == [0, None, None, None, None]
    assert len({store.protocol.keys.epoch for store in stores}) == 1
    assert sum(store.accounting.rebuilds for store in stores) == 1


async def test_reindex_by_hand_moves_running_stores_to_the_new_index(
    store: Store, database_url: str, redis_url: str
) -> None:
    made = await create(store, 3)
    epoch = store.protocol.keys.epoch
    assert await reindex(database_url, redis_url) == 3
    assert (await Tasks(store).task_page(Range(5))).tasks == made
    assert store.protocol.keys.epoch > epoch
    assert store.ready
    assert await reindex(database_url, redis_url) == 3
    assert await Tasks(store).tasks_by_id([made[0].id]) == [made[0]]
    assert await reindex(database_url, redis_url) == 3
    created = await Tasks(store).create_task(new_task())
    assert (await Tasks(store).task_page(Range(5))).tasks == [created, *made]
    assert await epochs(store) == {store.protocol.keys.epoch}


async def test_writers_and_a_rebuild_at_once_lose_nothing(store: Store, database_url: str, redis_url: str) -> None:
    rebuilding = asyncio.create_task(reindex(database_url, redis_url))
    made: list[Task] = []
    while not rebuilding.done() or len(made) < 20:
        task = await Tasks(store).create_task(new_task())
        made.append(await Tasks(store).update_task(task.id, {"status": "DONE"}))
    await rebuilding
    page = await Tasks(store).task_page(Range(100, status="DONE"))
    assert page.tasks == made[::-1][:100]
    assert page.total == len(made)


async def test_a_mark_of_the_old_index_does_not_outlive_it(store: Store) -> None:
    task = (await create(store))[0]
    old = store.protocol.keys
    async with store.database.transaction() as connection:
        token = await gate.new_token(connection)
    await store.protocol.mark(token, task, visible=True, transaction=store.longest_transaction)
    await ensure_index(store, force=True)
    left = [key async for key in store.redis.client.scan_iter() if f":{old.epoch}:".encode() in key]
    assert left == []


async def test_a_build_that_failed_leaves_nothing_behind(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its keys have no TTL, and its epoch is never used again."""
    made = await create(store, 3)

    async def breaks_off(*_: object) -> None:
        raise CacheUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(gate, "write_gate", breaks_off)
        with pytest.raises(CacheUnavailable):
            await ensure_index(store, force=True)
    assert await ensure_index(store) == 3
    assert (await Tasks(store).task_page(Range(5))).tasks == made
    assert await epochs(store) == {store.protocol.keys.epoch}


async def test_without_redis_nothing_is_answered_and_nothing_is_lost(store: Store, database: Database) -> None:
    task = (await create(store))[0]
    async with Redis(NOBODY) as redis:
        away = Store(database, redis, Accounting())
        with pytest.raises(CacheUnavailable):
            await ensure_index(away)
        away.use(store.protocol.keys.epoch)
        for request in (
            Tasks(away).task_page(Range(5)),
            Tasks(away).create_task(new_task()),
            Tasks(away).update_task(task.id, {"title": "No"}),
            Tasks(away).delete_task(task.id),
            Tasks(away).create_tasks([new_task()]),
            Tasks(away).tasks_by_id([task.id]),
        ):
            with pytest.raises(CacheUnavailable):
                await request
    page = await Tasks(store).task_page(Range(5))
    assert (page.tasks, page.total) == ([task], 1)
    assert await views(store, task.id) == {None, "TODO"}


async def test_a_redis_that_was_killed_comes_back_with_everything(
    database: Database, own_redis: EmbeddedStores
) -> None:
    async with Redis(own_redis.start().redis_url) as redis:
        store = Store(database, redis, Accounting())
        await ensure_index(store)
        made = await create(store, 3)
        (server,) = own_redis.servers
        server.kill()
        server.wait()
        for request in (Tasks(store).task_page(Range(5)), Tasks(store).create_task(new_task())):
            with pytest.raises(CacheUnavailable):
                await request
    own_redis.stop()
    async with Redis(own_redis.start().redis_url) as redis:
        again = Store(database, redis, Accounting())
        assert await ensure_index(again) == 3
        assert (await Tasks(again).task_page(Range(5))).tasks == made


async def _ready(store: Store) -> None:
    for _ in range(3000):
        if store.ready:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("The keeper has not built the index.")


async def test_the_keeper_builds_what_is_missing(bare_store: Store) -> None:
    async with keeper(bare_store):
        await _ready(bare_store)
        task = await Tasks(bare_store).create_task(new_task())
        await bare_store.redis.client.flushdb()
        with pytest.raises(IndexLost):
            await Tasks(bare_store).task_page(Range(5))
        await _ready(bare_store)
        assert (await Tasks(bare_store).task_page(Range(5))).tasks == [task]


async def test_keys_of_workspaces_and_epochs_do_not_meet(store: Store, database: Database) -> None:
    other = Store(database, store.redis, Accounting(), "other")
    await ensure_index(other)
    mine, theirs = await create(store), await create(other)
    assert (await Tasks(store).task_page(Range(5))).tasks == mine
    assert (await Tasks(other).task_page(Range(5))).tasks == theirs
    assert await Tasks(store).tasks_by_id([theirs[0].id]) == [None]
    assert not set(Keys("a", 1).prelude) & (set(Keys("a", 2).prelude) | set(Keys("b", 1).prelude))
    assert all(isinstance(task, Task) for task in mine + theirs)
