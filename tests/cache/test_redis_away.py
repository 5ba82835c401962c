"""Redis is away, or is another: PostgreSQL answers, writes go past it, and no reply goes astray."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from api.embedded import EmbeddedStores
from api.settings import Settings
from cache.accounting import Accounting
from cache.entry import encode
from cache.errors import CacheUnavailable, IndexLost, OtherRedis, StoreUnavailable
from cache.index import Range
from cache.keeper import keeper
from cache.protocol import State
from cache.rebuild import rebuild
from cache.redis import Redis
from cache.store import Store
from cache.tasks import Tasks
from db.pool import Database
from tests.cache.gates import (
    build,
    check_entries,
    check_indexes,
    gate_of,
    off,
    switch_off,
    tire,
    until,
    until_gate_is,
    watched,
)
from tests.cache.samples import create, look, new_task, protocol, snapshot
from tests.cache.steps import LATER, TRANSACTION
from tests.faults.proxy import Proxy

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


async def test_without_redis_everything_is_answered_and_nothing_is_lost(store: Store, database: Database) -> None:
    task, gone = await create(store, 2)
    async with Redis(NOBODY) as redis:
        away = Store(database, redis, Accounting())
        await look(away)
        request = Tasks(away)
        assert await request.tasks_by_id([task.id]) == [task]
        assert (await request.task_page(Range(5))).tasks == [task, gone]
        assert request.degraded
        assert away.accounting.degraded_reads == 2
        assert away.accounting.redis_round_trips == 0  # nobody was there to be asked
        with pytest.raises(CacheUnavailable):
            await rebuild(away)
        assert (await gate_of(store)).state == "on"  # others may well be able to use it

        async with watched(store):
            updated = await Tasks(away).update_task(task.id, {"title": "Newer"})
            await Tasks(away).delete_task(gone.id)
            created = await Tasks(away).create_task(new_task())
            (many,) = await Tasks(away).create_tasks([new_task()])
        assert away.accounting.closings == 1
        assert (await gate_of(store)).state == "off"
    for each in (store, away):
        page = await Tasks(each).task_page(Range(5))
        assert (page.tasks, page.total) == ([many, created, updated], 3)
    await build(store)
    await check_indexes(store)
    await check_entries(store)


async def test_one_who_cannot_reach_redis_does_not_keep_all_others_off(store: Store, database: Database) -> None:
    """After so many closings, its writes fail for a while, and those of others go on."""
    async with Redis(NOBODY) as redis:
        away = Store(database, redis, Accounting())
        for _ in range(3):
            writing = asyncio.create_task(Tasks(away).create_task(new_task()))
            await until_gate_is(store, "closing")
            await switch_off(store)
            await writing
            await build(store)
        with pytest.raises(CacheUnavailable, match="nothing was changed"):
            await Tasks(away).create_task(new_task())
    assert (await gate_of(store)).state == "on"
    request = Tasks(store)
    await request.create_task(new_task())
    assert (await request.task_page(Range(5))).total == 4
    assert not request.degraded
    await check_indexes(store)


async def test_a_redis_that_is_not_the_one_of_the_gate_is_not_used(store: Store) -> None:
    """Though it holds the very same keys: a failover to one that was behind, say."""
    task = await Tasks(store).create_task(new_task())
    on = protocol(store).gate
    async with store.database.connection() as connection:
        await connection.raw.execute("UPDATE gate SET redis_run_id = %s", ("f" * 40,))
    await look(store)
    before = await snapshot(store)
    steps = protocol(store)
    for step in (
        steps.read([task.id]),
        steps.page(Range(5)),
        steps.lease("a", [task.id]),
        steps.fill("a", {task.id: task}),
        steps.mark([State(LATER, task)], transaction=TRANSACTION),
        steps.publish([State(LATER, task)]),
        steps.abort([State(LATER, task, visible=False)]),
        steps.add(LATER, [task], transaction=TRANSACTION),
        steps.scrub("a", task.id, None),
        steps.dead_marks(10),
        steps.sweep(),
        steps.check(),
    ):
        with pytest.raises(OtherRedis):
            await step
    assert await snapshot(store) == before

    request = Tasks(store)
    assert await request.tasks_by_id([task.id]) == [task]
    assert request.degraded
    assert store.lost is not None
    assert isinstance(store.lost[1], OtherRedis)
    async with watched(store):
        updated = await Tasks(store).update_task(task.id, {"title": "Newer"})
    assert (await gate_of(store)).state == "off"
    assert await build(store) == 1
    assert protocol(store).gate.epoch > on.epoch
    assert protocol(store).gate.redis_run_id == on.redis_run_id
    assert await Tasks(store).tasks_by_id([task.id]) == [updated]


async def test_who_sees_another_redis_may_be_the_one_who_is_wrong(store: Store, redis_url: str) -> None:
    """So it is not lost for all, and such closings are limited; but whoever has used it knows that it was restarted."""
    await tire(store)
    on = protocol(store).gate
    async with Redis(redis_url) as redis:
        stranger = Store(store.database, redis, Accounting())
        await look(stranger)
        assert not await stranger.close(on.epoch, OtherRedis())
        assert await stranger.redis.run_id() == on.redis_run_id  # nobody asked for the index yet
        assert not await stranger.close(on.epoch, OtherRedis())
        await Tasks(stranger).task_page(Range(5))
        assert await stranger.close(on.epoch, OtherRedis())


async def test_an_index_that_is_lost_is_closed_by_anybody(store: Store) -> None:
    await tire(store)
    assert await store.close(protocol(store).gate.epoch, IndexLost())


async def test_connections_to_a_redis_that_is_no_more_are_opened_anew(
    database: Database, own_redis: EmbeddedStores
) -> None:
    """They say nothing of the one that is there now, and no index is given up for them."""
    url = own_redis.start().redis_url
    proxy = Proxy(Path(urlsplit(url).path))  # over TCP, where the client checks less than over a Unix socket
    await proxy.start()
    async with Redis(proxy.url) as mine, Redis(url) as other:
        store, builder = Store(database, mine, Accounting()), Store(database, other, Accounting())
        await build(builder)
        await look(store)
        made = await create(store, 20)

        async def read_at_once() -> None:
            pages = await asyncio.gather(*(Tasks(store).task_page(Range(5)) for _ in range(20)))
            assert all(page.tasks == made[:5] for page in pages)

        await read_at_once()
        own_redis.servers[0].kill()
        own_redis.servers[0].wait()
        own_redis.stop()
        own_redis.start()
        await off(builder)
        await build(builder)
        await look(store)
        for _ in range(5):
            await read_at_once()
        assert store.lost is None
        assert store.accounting.degraded_reads == 0

        # As a network does it with connections that nobody has used for long: the next to use one does not notice.
        await proxy.cut()
        await proxy.heal()
        made = [await Tasks(store).create_task(new_task()), *made]
        await read_at_once()
        assert (store.lost, store.accounting.degraded_reads, store.accounting.closings) == (None, 0, 0)
    await proxy.stop()


async def test_a_redis_that_is_restarted_again_and_again_keeps_no_writer_waiting(
    database: Database, own_redis: EmbeddedStores
) -> None:
    """Ten times in a row: closings that were limited would keep writers out for minutes."""
    async with asyncio.timeout(120), Redis(own_redis.start().redis_url) as redis:
        store = Store(database, redis, Accounting())
        async with keeper(store):
            for number in range(10):
                await until(lambda: store.protocol is not None)
                await create(store)
                (server,) = own_redis.servers
                server.kill()
                server.wait()
                own_redis.stop()
                own_redis.start()
                while len((await Tasks(store).task_page(Range(100))).tasks) < 2 * number + 2:
                    with suppress(StoreUnavailable):
                        await Tasks(store).create_task(new_task())


async def test_a_redis_that_was_killed_comes_back_with_everything(
    database: Database, own_redis: EmbeddedStores
) -> None:
    async with Redis(own_redis.start().redis_url) as redis:
        store = Store(database, redis, Accounting())
        async with keeper(store):
            await until(lambda: store.protocol is not None)
            made = await create(store, 3)
            first = protocol(store).gate
            (server,) = own_redis.servers
            server.kill()
            server.wait()
            request = Tasks(store)
            assert (await request.task_page(Range(5))).tasks == made
            assert request.degraded
            made[0] = await Tasks(store).update_task(made[0].id, {"title": "Newer"})
            assert (await gate_of(store)).state == "off"

            own_redis.stop()
            own_redis.start()
            await until(lambda: store.protocol is not None)
            assert protocol(store).gate.epoch > first.epoch
            assert protocol(store).gate.redis_run_id != first.redis_run_id
            request = Tasks(store)
            assert (await request.task_page(Range(5))).tasks == made
            assert not request.degraded
        await check_indexes(store)


async def test_a_redis_that_was_restarted_between_two_reads_is_noticed(
    database: Database, own_redis: EmbeddedStores
) -> None:
    """Nobody saw it away, and yet it is another."""
    async with Redis(own_redis.start().redis_url) as redis:
        store = Store(database, redis, Accounting())
        await build(store)
        task = await Tasks(store).create_task(new_task())
        own_redis.stop()
        # As a copy would have them.
        keys = protocol(store).keys
        async with Redis(own_redis.start().redis_url) as other:
            await other.send([("SET", keys.rev, 1), ("SET", keys.entry(task.id), encode(store.workspace, task))])
        async with database.connection() as connection:
            await connection.raw.execute("UPDATE task SET title = 'Newer', version = 2")
        for _ in range(3):  # on the old connection, and on new ones
            store.redis_answers = True
            (found,) = await Tasks(store).tasks_by_id([task.id])
            assert found is not None
            assert found.version == 2
        assert store.lost is not None
        assert isinstance(store.lost[1], OtherRedis)
