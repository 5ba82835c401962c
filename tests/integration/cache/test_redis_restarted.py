"""Tests restarts of Redis: the new server is empty and has another run id, and open connections fail."""

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
from cache.redis.encoded_task import encode
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
    """Yield a Redis server that the test may kill, and the PostgreSQL database of the test."""
    settings = Settings(database_url=database_url, redis_url=None, data_dir=tmp_path)
    embedded = EmbeddedStores(settings, durable=False)
    try:
        yield embedded
    finally:
        embedded.stop()


def kill(own_redis: EmbeddedStores) -> None:
    """Kill Redis with SIGKILL, as the kernel does when the machine is out of memory."""
    (server,) = own_redis.servers
    server.kill()
    server.wait()


def restart(own_redis: EmbeddedStores) -> None:
    """Kill Redis and start an empty server at the same address."""
    kill(own_redis)
    own_redis.stop()
    own_redis.start()


@pytest.mark.parametrize("notified", [True, False], ids=["closed", "silent"])
async def test_stale_connections_are_reopened(database: Database, own_redis: EmbeddedStores, *, notified: bool) -> None:
    """Errors of stale connections do not count against the new server, so the gate stays open.

    Without `notified`, the client does not learn that its connections ended, as after the failure of a machine.
    """
    url = own_redis.start().redis_url
    proxy = Proxy(
        Path(urlsplit(url).path)
    )  # TCP, because the client detects fewer closed connections than on a Unix socket
    await proxy.start()
    # A busy machine must not exceed the limit for readers.
    async with Redis(proxy.url, read_timeout=20.0) as mine, Redis(url) as other:
        store, builder = Store(database, mine, StoreMetrics()), Store(database, other, StoreMetrics())
        await build_index(builder)
        await grant_gate_lease(store)
        created = await create_uncached_tasks(store, 20)

        async def read_at_once() -> None:
            pages = await asyncio.gather(*(StoreClient(store).page(PageRange(5)) for _ in range(20)))
            assert all(page.tasks == created[:5] for page in pages)

        await read_at_once()
        if not notified:
            proxy.stall_connections()
        restart(own_redis)
        await switch_gate_off(builder)
        await build_index(builder)
        await grant_gate_lease(store)
        for _ in range(5):
            await read_at_once()
        assert store.gate_lease.lost_index is None
        assert store.metrics.degraded_reads == 0

        # A network may drop idle connections without notice. The next use of a dropped connection must not fail.
        await proxy.cut()
        await proxy.heal()
        created = [await StoreClient(store).create_task(new_task()), *created]
        await read_at_once()
        assert (store.gate_lease.lost_index, store.metrics.degraded_reads, store.metrics.closings) == (None, 0, 0)
    await proxy.stop()


async def test_repeated_restarts_do_not_block_writers(database: Database, own_redis: EmbeddedStores) -> None:
    """If closings after a restart were limited, ten restarts would block writers for minutes."""
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


async def test_index_is_rebuilt_after_redis_was_killed(database: Database, own_redis: EmbeddedStores) -> None:
    async with Redis(own_redis.start().redis_url) as redis:
        store = Store(database, redis, StoreMetrics())
        async with maintenance(store):
            await wait_until(lambda: store.gate_lease.protocol is not None)
            created = await create_uncached_tasks(store, 3)
            first = protocol(store).gate
            kill(own_redis)
            request = StoreClient(store)
            assert (await request.page(PageRange(5))).tasks == created
            assert request.degraded
            created[0] = await StoreClient(store).update_task(created[0].id, {"title": "Newer"})
            assert (await committed_gate(store)).state == "off"

            own_redis.stop()
            own_redis.start()
            await wait_until(lambda: store.gate_lease.protocol is not None)
            assert protocol(store).gate.epoch > first.epoch
            assert protocol(store).gate.redis_run_id != first.redis_run_id
            request = StoreClient(store)
            assert (await request.page(PageRange(5))).tasks == created
            assert not request.degraded
        await check_indexes(store)


async def test_restart_between_two_reads_is_detected(database: Database, own_redis: EmbeddedStores) -> None:
    """No call fails, so only the run id reveals the restart."""
    async with Redis(own_redis.start().redis_url) as redis:
        store = Store(database, redis, StoreMetrics())
        await build_index(store)
        task = await StoreClient(store).create_task(new_task())
        own_redis.stop()
        # The new server has the same keys as the old one.
        keys = protocol(store).keys
        async with Redis(own_redis.start().redis_url) as other:
            await other.send([("SET", keys.rev, 1), ("SET", keys.entry(task.id), encode(store.workspace, task).value)])
        async with database.connection() as connection:
            await connection.raw.execute("UPDATE task SET title = 'Newer', version = 2")
        for _ in range(3):  # the first read uses the old connection, later reads use new connections
            store.gate_lease.redis_answers = True
            (found,) = await StoreClient(store).tasks_by_id([task.id])
            assert found is not None
            assert found.version == 2
        assert store.gate_lease.lost_index is not None
        assert isinstance(store.gate_lease.lost_index[1], OtherRedis)
