"""Redis was restarted: it is another, without anything, and all that was connected to it is of no use."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from api.config.settings import Settings
from api.devstores import EmbeddedStores
from cache.errors import OtherRedis, StoreUnavailable
from cache.maintenance.runner import maintenance
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.entry import encode
from cache.redis.index import PageRange
from cache.store import Store
from db.pool import Database
from tests.faults.proxy import Proxy
from tests.support.consistency import check_indexes
from tests.support.gate_states import build_index, committed_gate, grant_gate_lease, switch_gate_off, wait_until
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks
from tests.support.task_factories import new_task


@pytest.fixture
def own_redis(database_url: str, tmp_path: Path) -> Iterator[EmbeddedStores]:
    """A Redis that the test may kill, on the test's own database."""
    settings = Settings(database_url=database_url, redis_url=None, data_dir=tmp_path)
    embedded = EmbeddedStores(settings, durable=False)
    try:
        yield embedded
    finally:
        embedded.stop()


def kill(own_redis: EmbeddedStores) -> None:
    """As the kernel does when memory runs out."""
    (server,) = own_redis.servers
    server.kill()
    server.wait()


def restart(own_redis: EmbeddedStores) -> None:
    """Killed, and started again without anything."""
    kill(own_redis)
    own_redis.stop()
    own_redis.start()


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
async def test_connections_to_a_redis_that_is_no_more_are_opened_anew(
    database: Database, own_redis: EmbeddedStores, monkeypatch: pytest.MonkeyPatch, *, told: bool
) -> None:
    """They say nothing of the one that is there now, and no index is given up for them.

    Nor when the network has not told that they ended, as when a whole machine is gone.
    """
    # Twenty connections opened at once take their time on a busy machine; one that nobody answers takes two seconds.
    monkeypatch.setattr("cache.redis.protocol.READ_TIMEOUT_SECONDS", 20.0)
    url = own_redis.start().redis_url
    proxy = Proxy(Path(urlsplit(url).path))  # over TCP, where the client checks less than over a Unix socket
    await proxy.start()
    async with Redis(proxy.url) as mine, Redis(url) as other:
        store, builder = Store(database, mine, StoreMetrics()), Store(database, other, StoreMetrics())
        await build_index(builder)
        await grant_gate_lease(store)
        made = await create_uncached_tasks(store, 20)

        async def read_at_once() -> None:
            pages = await asyncio.gather(*(StoreClient(store).page(PageRange(5)) for _ in range(20)))
            assert all(page.tasks == made[:5] for page in pages)

        await read_at_once()
        if not told:
            proxy.stall_connections()
        restart(own_redis)
        await switch_gate_off(builder)
        await build_index(builder)
        await grant_gate_lease(store)
        for _ in range(5):
            await read_at_once()
        assert store.gate_lease.lost_index is None
        assert store.metrics.degraded_reads == 0

        # As a network does it with connections that nobody has used for long: the next to use one does not notice.
        await proxy.cut()
        await proxy.heal()
        made = [await StoreClient(store).create_task(new_task()), *made]
        await read_at_once()
        assert (store.gate_lease.lost_index, store.metrics.degraded_reads, store.metrics.closings) == (None, 0, 0)
    await proxy.stop()


async def test_a_redis_that_is_restarted_again_and_again_keeps_no_writer_waiting(
    database: Database, own_redis: EmbeddedStores
) -> None:
    """Ten times in a row: closings that were limited would keep writers out for minutes."""
    async with asyncio.timeout(120), Redis(own_redis.start().redis_url) as redis:
        store = Store(database, redis, StoreMetrics())
        async with maintenance(store):
            for number in range(10):
                await wait_until(lambda: store.gate_lease.protocol is not None)
                await create_uncached_tasks(store)
                restart(own_redis)
                while len((await StoreClient(store).page(PageRange(100))).tasks) < 2 * number + 2:
                    with suppress(StoreUnavailable):
                        await StoreClient(store).create_task(new_task())


async def test_a_redis_that_was_killed_comes_back_with_everything(
    database: Database, own_redis: EmbeddedStores
) -> None:
    async with Redis(own_redis.start().redis_url) as redis:
        store = Store(database, redis, StoreMetrics())
        async with maintenance(store):
            await wait_until(lambda: store.gate_lease.protocol is not None)
            made = await create_uncached_tasks(store, 3)
            first = protocol(store).gate
            kill(own_redis)
            request = StoreClient(store)
            assert (await request.page(PageRange(5))).tasks == made
            assert request.degraded
            made[0] = await StoreClient(store).update_task(made[0].id, {"title": "Newer"})
            assert (await committed_gate(store)).state == "off"

            own_redis.stop()
            own_redis.start()
            await wait_until(lambda: store.gate_lease.protocol is not None)
            assert protocol(store).gate.epoch > first.epoch
            assert protocol(store).gate.redis_run_id != first.redis_run_id
            request = StoreClient(store)
            assert (await request.page(PageRange(5))).tasks == made
            assert not request.degraded
        await check_indexes(store)


async def test_a_redis_that_was_restarted_between_two_reads_is_noticed(
    database: Database, own_redis: EmbeddedStores
) -> None:
    """Nobody saw it away, and yet it is another."""
    async with Redis(own_redis.start().redis_url) as redis:
        store = Store(database, redis, StoreMetrics())
        await build_index(store)
        task = await StoreClient(store).create_task(new_task())
        own_redis.stop()
        # As a copy would have them.
        keys = protocol(store).keys
        async with Redis(own_redis.start().redis_url) as other:
            await other.send([("SET", keys.rev, 1), ("SET", keys.entry(task.id), encode(store.workspace, task))])
        async with database.connection() as connection:
            await connection.raw.execute("UPDATE task SET title = 'Newer', version = 2")
        for _ in range(3):  # on the old connection, and on new ones
            store.gate_lease.redis_answers = True
            (found,) = await StoreClient(store).tasks_by_id([task.id])
            assert found is not None
            assert found.version == 2
        assert store.gate_lease.lost_index is not None
        assert isinstance(store.gate_lease.lost_index[1], OtherRedis)
