"""What look-ups and pages cost: round trips to Redis, statements to PostgreSQL, and which."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
import pytest
import redis.asyncio

from cache.redis.index import PageRange
from cache.store import Store
from tests.support.gate_states import switch_gate_off
from tests.support.redis_state import evict_entries, index_position
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks
from tests.support.task_factories import new_task


@dataclass
class Cost:
    """What was sent, as the servers and the drivers saw it, and as we counted it."""

    redis: list[str] = field(default_factory=list)
    sql: list[Any] = field(default_factory=list)
    counted: tuple[int, int] = (0, 0)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The parameters of every statement that psycopg sends."""
    sent: list[Any] = []
    execute = psycopg.AsyncCursor.execute

    async def recorded(self: Any, query: Any, params: Any = None, **options: Any) -> Any:
        sent.append(params)
        return await execute(self, query, params, **options)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", recorded)
    return sent


@asynccontextmanager
async def cost_of(store: Store, redis_url: str, statements: list[Any]) -> AsyncIterator[Cost]:
    cost, metrics = Cost(), store.metrics
    number = int(redis_url.rpartition("db=")[2])
    async with redis.asyncio.Redis.from_url(redis_url) as client, client.monitor() as monitor:
        statements.clear()
        before = metrics.redis_round_trips, metrics.sql_queries
        yield cost
        cost.counted = metrics.redis_round_trips - before[0], metrics.sql_queries - before[1]
        cost.sql = list(statements)
        await store.redis.client.echo("the end")
        while (seen := await monitor.next_command())["command"] != "ECHO the end":
            if seen["client_type"] != "lua" and seen["db"] == number:
                cost.redis.append(str(seen["command"]).partition(" ")[0].upper())


async def test_a_warm_page_is_two_round_trips_and_no_statement(
    store: Store, redis_url: str, statements: list[Any]
) -> None:
    expected = await create_uncached_tasks(store, 120)
    assert (await StoreClient(store).page(PageRange(50))).tasks == expected[:50]
    async with cost_of(store, redis_url, statements) as cost:
        page = await StoreClient(store).page(PageRange(50))
    assert page.tasks == expected[:50]
    assert cost.redis == ["EVALSHA", "MGET"]
    assert cost.sql == []
    assert cost.counted == (2, 0)


async def test_a_cold_page_is_one_statement(store: Store, redis_url: str, statements: list[Any]) -> None:
    expected = await create_uncached_tasks(store, 120)
    async with cost_of(store, redis_url, statements) as cost:
        page = await StoreClient(store).page(PageRange(50, after=index_position(expected[9])))
    assert page.tasks == expected[10:60]
    assert [set(params["ids"]) for params in cost.sql] == [{task.id for task in expected[10:60]}]
    assert cost.counted[1] == 1


async def test_only_what_is_missing_is_read(store: Store, redis_url: str, statements: list[Any]) -> None:
    expected = await create_uncached_tasks(store, 50)
    await StoreClient(store).page(PageRange(50))
    missing: set[UUID] = {task.id for task in expected[::5]}
    await evict_entries(store, *missing)
    async with cost_of(store, redis_url, statements) as cost:
        page = await StoreClient(store).page(PageRange(50))
    assert page.tasks == expected
    assert len(missing) == 10
    assert [set(params["ids"]) for params in cost.sql] == [missing]
    assert cost.counted[1] == 1
    async with cost_of(store, redis_url, statements) as again:
        await StoreClient(store).page(PageRange(50))
    assert (again.redis, again.sql) == (["EVALSHA", "MGET"], [])


async def test_what_one_request_asks_for_goes_in_one_batch(store: Store, redis_url: str, statements: list[Any]) -> None:
    expected = await create_uncached_tasks(store, 6)
    request = StoreClient(store)
    async with cost_of(store, redis_url, statements) as cost:
        both = await asyncio.gather(*(request.tasks_by_id([task.id for task in part]) for part in (expected, expected)))
    assert both == [expected, expected]
    assert cost.redis.count("MGET") == 1
    assert len(cost.sql) == 1


async def test_a_page_without_redis_is_two_statements(store: Store, redis_url: str, statements: list[Any]) -> None:
    """The tasks, and the total, which is shared by all who ask for it at the same time."""
    expected = await create_uncached_tasks(store, 30)
    await switch_gate_off(store)
    async with cost_of(store, redis_url, statements) as cost:
        page = await StoreClient(store).page(PageRange(10, after=index_position(expected[4])))
    assert (page.tasks, page.total) == (expected[5:15], 30)
    assert cost.redis == []
    assert cost.counted == (0, 2)


async def test_a_write_without_redis_does_not_speak_to_it(store: Store, redis_url: str, statements: list[Any]) -> None:
    await switch_gate_off(store)
    async with cost_of(store, redis_url, statements) as cost:
        task = await StoreClient(store).create_task(new_task())
        await StoreClient(store).update_task(task.id, {"status": "DONE"})
        await StoreClient(store).delete_task(task.id)
        await StoreClient(store).restore_task(task.id)
        await StoreClient(store).create_tasks([new_task()])
    assert cost.redis == []


async def test_a_write_is_two_scripts(store: Store, redis_url: str, statements: list[Any]) -> None:
    task = await StoreClient(store).create_task(new_task())
    async with cost_of(store, redis_url, statements) as cost:
        await StoreClient(store).update_task(task.id, {"status": "DONE"})
    assert cost.redis == ["EVALSHA", "EVALSHA"]
    assert cost.counted == (2, 3)  # the gate, the lock, the row
