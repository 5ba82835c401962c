"""Tests the service on a primary that sentinels watch: a replica takes its place, and no old primary is believed."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cache.errors import CacheUnavailable, StoreUnavailable
from cache.maintenance.runner import maintenance
from cache.maintenance.scrub import scrub_all
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.redis.preflight import primaries_problems
from cache.redis.seeds import inspect_hosts
from cache.redis.server import ConnectionLimits, Server
from cache.store import Store
from db.pool import Database
from tests.support.consistency import check_indexes
from tests.support.gate_states import wait_until
from tests.support.redis_server import PATIENT_SECONDS, RedisProcess, redis_process
from tests.support.redis_state import protocol
from tests.support.sentinels import NAME, SentinelGroup, sentinel_group
from tests.support.service_process import free_port
from tests.support.store_client import StoreClient
from tests.support.task_factories import new_task


@pytest.fixture
def group(tmp_path: Path) -> Iterator[SentinelGroup]:
    with sentinel_group(tmp_path) as running:
        yield running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisProcess]:
    with redis_process(tmp_path) as process:
        yield process


async def test_replica_takes_the_place_of_the_primary(database: Database, group: SentinelGroup) -> None:
    """Every read is answered and is right while the primary hangs, and after it is back. The index moves once."""
    await group.wait_until_complete()
    async with asyncio.timeout(120), Redis(group.url) as redis:
        assert await primaries_problems(redis) == []
        store = Store(database, redis, StoreMetrics())
        async with maintenance(store):
            await wait_until(lambda: store.gate_lease.protocol is not None)
            first, (old, new) = protocol(store).gate, group.servers
            titles = await create_and_read(store, [], lambda: True)
            old.suspend()

            def has_moved() -> bool:
                current = store.gate_lease.protocol
                return current is not None and current.gate.redis_run_id != first.redis_run_id

            titles = await create_and_read(store, titles, has_moved)
            assert protocol(store).gate.epoch > first.epoch
            assert (await redis.primary()).name == f"127.0.0.1:{new.port}"

            moved = protocol(store).gate
            old.resume()
            with old.client() as client:
                answers = iter(range(50))
                titles = await create_and_read(store, titles, lambda: next(answers, None) is None)
                assert client.info("replication")["role"] == "master"  # it still answers, and is not believed
            assert protocol(store).gate == moved
        await scrub_all(store, protocol(store))
        await check_indexes(store)


async def create_and_read(store: Store, titles: list[str], done: Callable[[], bool]) -> list[str]:
    """Create tasks and read the page, until `done` and once more. Every page must have every created task."""
    finished = False
    while not finished:
        finished = done()
        title = f"Task {len(titles)}"
        with suppress(StoreUnavailable):
            await StoreClient(store).create_task(new_task(title=title))
            titles = [title, *titles]
        page = await StoreClient(store).page(PageRange(1000))
        assert [task.title for task in page.tasks] == titles
        await asyncio.sleep(0.02)
    return titles


async def test_unknown_name_and_silent_sentinels_are_named() -> None:
    for url in (f"redis+sentinel://127.0.0.1:{free_port()}/{NAME}",):
        async with Redis(url) as redis:
            for call in (redis.run_id(), redis.read([("ECHO", "a")]), primaries_problems(redis)):
                with pytest.raises(CacheUnavailable) as failed:
                    await call
                assert f"No sentinel in REDIS_URL knows a primary {NAME}" in str(failed.value)
                assert "<" not in str(failed.value)  # no representation of the library's connection pools


async def test_server_that_is_no_sentinel_is_named(server: RedisProcess) -> None:
    server.stop()
    server.add_options("--port", str(port := free_port()), "--bind", "127.0.0.1")
    server.start()
    url = f"redis+sentinel://127.0.0.1:{port},127.0.0.1:{(silent := free_port())}/{NAME}"
    async with Redis(url) as redis:
        with pytest.raises(CacheUnavailable, match="Each host must be a sentinel"):
            await primaries_problems(redis)
    [problem], [failure] = await inspect_hosts(url)
    assert problem.startswith(f"127.0.0.1:{port} is no sentinel")
    assert failure.startswith(f"127.0.0.1:{silent}: Error")


async def test_server_without_cluster_mode_is_named(server: RedisProcess) -> None:
    server.stop()
    server.add_options("--port", str(port := free_port()), "--bind", "127.0.0.1")
    server.start()
    [problem], [failure] = await inspect_hosts(f"redis+cluster://127.0.0.1:{port},127.0.0.1:{(silent := free_port())}")
    assert problem.startswith(f"127.0.0.1:{port} is no node of a Redis cluster")
    assert failure.startswith(f"127.0.0.1:{silent}: Error")


async def test_sentinels_have_no_problem(group: SentinelGroup) -> None:
    await group.wait_until_complete()
    assert await inspect_hosts(group.url) == ([], [])


@pytest.mark.parametrize(
    "url", ["redis+sentinel://127.0.0.1:1", "redis+sentinel://127.0.0.1:x/tasks", "redis+sentinel:///tasks"]
)
def test_url_without_a_host_or_a_name_is_invalid(url: str) -> None:
    with pytest.raises(ValueError, match=r"primary|host|Port|port"):
        Redis(url)


async def test_primary_that_was_a_replica_has_another_run_id(server: RedisProcess) -> None:
    """Its keys are those of another server by then, although the process is the same."""
    limits = ConnectionLimits(1, 2.0, PATIENT_SECONDS)
    replaceable, alone = Server(server.url, limits, replaceable=True), Server(server.url, limits)
    run_ids = {(await replaceable.shared.connect(""))[0].run_id}
    alone_ids = {(await alone.shared.connect(""))[0].run_id}
    with server.client() as client:
        client.replicaof("127.0.0.1", "1")
        for replica in (replaceable, alone):
            replica.shared.replace()
            with pytest.raises(CacheUnavailable, match="is a replica"):
                await replica.shared.connect("")
        client.replicaof("NO", "ONE")
    run_ids.add((await replaceable.shared.connect(""))[0].run_id)
    alone_ids.add((await alone.shared.connect(""))[0].run_id)
    assert (len(run_ids), len(alone_ids)) == (2, 1)
    await replaceable.aclose()
    await alone.aclose()
