"""Tests how many Redis round trips and PostgreSQL statements each read and write takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import redis.asyncio

from cache.redis.index import PageRange
from cache.store import Store
from db.arrays import uuid_array
from db.connection import Connection
from tests.support.gate_states import switch_gate_off
from tests.support.redis_state import evict_entries, index_position
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks
from tests.support.task_factories import new_task


@dataclass
class Cost:
    """The commands and statements that were sent, and the numbers that the store counted.

    `redis` holds the name of each command, `sql` holds the parameters of each statement, and `counted` holds the
    numbers of round trips and statements by the metrics of the store.
    """

    redis: list[str] = field(default_factory=list)
    sql: list[Any] = field(default_factory=list)
    counted: tuple[int, int] = (0, 0)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return a list to which every connection appends the parameters of each statement."""
    sent: list[Any] = []
    queue = Connection.queue

    def recorded(self: Any, sql: Any, params: Any, row_factory: Any) -> Any:
        sent.append(params)
        return queue(self, sql, params, row_factory)

    monkeypatch.setattr(Connection, "queue", recorded)
    return sent


@asynccontextmanager
async def measured_cost(store: Store, redis_url: str, statements: list[Any]) -> AsyncIterator[Cost]:
    """Measure the commands and statements that the block sends."""
    cost, metrics = Cost(), store.metrics
    redis_database = int(redis_url.rpartition("db=")[2])
    async with redis.asyncio.Redis.from_url(redis_url) as client, client.monitor() as monitor:
        statements.clear()
        before = metrics.redis_round_trips, metrics.sql_queries
        yield cost
        await store.fills.drain()
        cost.counted = metrics.redis_round_trips - before[0], metrics.sql_queries - before[1]
        cost.sql = list(statements)
        await store.redis.client.echo("the end")
        while (seen := await monitor.next_command())["command"] != "ECHO the end":
            if seen["client_type"] != "lua" and seen["db"] == redis_database:
                cost.redis.append(str(seen["command"]).partition(" ")[0].upper())


async def test_cached_page_takes_one_round_trip_and_no_statement(
    store: Store, redis_url: str, statements: list[Any]
) -> None:
    expected = await create_uncached_tasks(store, 120)
    assert (await StoreClient(store).page(PageRange(50))).tasks == expected[:50]
    await store.fills.drain()
    async with measured_cost(store, redis_url, statements) as cost:
        page = await StoreClient(store).page(PageRange(50))
    assert page.tasks == expected[:50]
    assert cost.redis == ["EVALSHA"]
    assert cost.sql == []
    assert cost.counted == (1, 0)


async def test_uncached_page_takes_one_statement(store: Store, redis_url: str, statements: list[Any]) -> None:
    expected = await create_uncached_tasks(store, 120)
    async with measured_cost(store, redis_url, statements) as cost:
        page = await StoreClient(store).page(PageRange(50, after=index_position(expected[9])))
    assert page.tasks == expected[10:60]
    assert [name for name in cost.redis if name in ("EVALSHA", "MGET")] == [
        "EVALSHA"
    ] * 2  # page, fill: the page script reads the entries and takes the leases
    assert [params["ids"].data for params in cost.sql] == [uuid_array([task.id for task in expected[10:60]]).data]
    assert cost.counted[1] == 1


async def test_only_uncached_tasks_are_read_from_postgresql(
    store: Store, redis_url: str, statements: list[Any]
) -> None:
    expected = await create_uncached_tasks(store, 50)
    await StoreClient(store).page(PageRange(50))
    await store.fills.drain()
    missing = [task.id for task in expected[::5]]
    await evict_entries(store, *missing)
    async with measured_cost(store, redis_url, statements) as cost:
        page = await StoreClient(store).page(PageRange(50))
    assert page.tasks == expected
    assert len(missing) == 10
    assert [params["ids"].data for params in cost.sql] == [uuid_array(missing).data]
    assert cost.counted[1] == 1
    async with measured_cost(store, redis_url, statements) as again:
        await StoreClient(store).page(PageRange(50))
    assert (again.redis, again.sql) == (["EVALSHA"], [])


async def test_concurrent_reads_of_one_request_share_a_batch(
    store: Store, redis_url: str, statements: list[Any]
) -> None:
    expected = await create_uncached_tasks(store, 6)
    request = StoreClient(store)
    async with measured_cost(store, redis_url, statements) as cost:
        both = await asyncio.gather(*(request.tasks_by_id([task.id for task in part]) for part in (expected, expected)))
    assert both == [expected, expected]
    assert cost.redis.count("MGET") == 1
    assert len(cost.sql) == 1


async def test_page_without_redis_takes_two_statements(store: Store, redis_url: str, statements: list[Any]) -> None:
    """One statement reads the tasks. The other one counts the total, and concurrent requests share its result."""
    expected = await create_uncached_tasks(store, 30)
    await switch_gate_off(store)
    async with measured_cost(store, redis_url, statements) as cost:
        page = await StoreClient(store).page(PageRange(10, after=index_position(expected[4])))
    assert (page.tasks, page.total) == (expected[5:15], 30)
    assert cost.redis == []
    assert cost.counted == (0, 2)


async def test_write_without_redis_sends_no_command(store: Store, redis_url: str, statements: list[Any]) -> None:
    await switch_gate_off(store)
    async with measured_cost(store, redis_url, statements) as cost:
        task = await StoreClient(store).create_task(new_task())
        await StoreClient(store).update_task(task.id, {"status": "DONE"})
        await StoreClient(store).delete_task(task.id)
        await StoreClient(store).restore_task(task.id)
        await StoreClient(store).create_tasks([new_task()])
    assert cost.redis == []


async def test_write_runs_two_scripts(store: Store, redis_url: str, statements: list[Any]) -> None:
    task = await StoreClient(store).create_task(new_task())
    async with measured_cost(store, redis_url, statements) as cost:
        await StoreClient(store).update_task(task.id, {"status": "DONE"})
    assert cost.redis == ["EVALSHA", "EVALSHA"]
    assert cost.counted == (2, 3)  # the statements enter the gate, lock the row and write the row
