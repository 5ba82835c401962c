"""Warm lists: what Redis held is noted, and loaded again after what was counted."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from cache.maintenance.rebuild import rebuild
from cache.maintenance.warm_lists import WarmLists
from cache.maintenance.warm_plan import WarmBudget
from cache.maintenance.warm_start import WarmStarts
from cache.store import Store
from db.task import Task
from db.warm_list import save_warm_list, warm_list
from db.warm_lock import try_to_warm
from tests.support.gate_states import grant_gate_lease, switch_gate_off
from tests.support.redis_state import entry_bytes, protocol
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks

NO_AGE = timedelta(0)


async def save_lists(store: Store, age: timedelta = NO_AGE) -> None:
    await store.fills.drain()
    await WarmLists(store.database.for_every_workspace()).save([store], age)


async def saved(store: Store) -> list[bytes]:
    async with store.database.connection() as connection:
        return [id_.bytes for id_ in await warm_list(connection, store.workspace)]


async def read(store: Store, tasks: list[Task], times: int = 1) -> None:
    for _ in range(times):
        await StoreClient(store).tasks_by_id([task.id for task in tasks])


@pytest.fixture
async def each_use_counts(store: Store) -> AsyncIterator[None]:
    """Let Redis count each read of a key, and not only some."""
    name = "lfu-log-factor"
    before: Any = await store.redis.client.config_get(name)
    await store.redis.client.config_set(name, 0)
    yield
    await store.redis.client.config_set(name, before[name])


@pytest.mark.usefixtures("each_use_counts")
async def test_tasks_in_redis_are_noted_with_the_most_used_ones_first(store: Store) -> None:
    rare, often, never = await create_uncached_tasks(store, 3)
    await read(store, [rare, often])
    await store.fills.drain()
    await read(store, [often], 20)
    await save_lists(store)
    assert await saved(store) == [often.id.bytes, rare.id.bytes]
    assert never.id.bytes not in await saved(store)


async def test_noted_tasks_are_loaded_into_the_next_index(store: Store) -> None:
    tasks = await create_uncached_tasks(store, 3)
    await read(store, tasks[:2])
    await save_lists(store)
    await switch_gate_off(store)
    await store.redis.client.flushdb()
    await rebuild(store)
    await grant_gate_lease(store)
    await WarmStarts(WarmBudget(1_000_000, 1.0)).warm(store)
    await store.fills.drain()
    loaded = [(await entry_bytes(store, task)).startswith(b"V") for task in tasks]
    assert loaded == [True, True, False]


async def test_young_list_is_kept_and_so_is_one_while_a_worker_loads(store: Store) -> None:
    first, second = await create_uncached_tasks(store, 2)
    await read(store, [first])
    await save_lists(store)
    await read(store, [second])
    await save_lists(store, timedelta(minutes=5))
    assert await saved(store) == [first.id.bytes]
    async with store.database.transaction() as connection:
        assert await try_to_warm(connection)
        await save_lists(store)
    assert await saved(store) == [first.id.bytes]
    await save_lists(store)
    assert set(await saved(store)) == {first.id.bytes, second.id.bytes}


async def test_empty_list_is_not_kept(store: Store) -> None:
    (task,) = await create_uncached_tasks(store, 1)
    await save_lists(store)
    assert await saved(store) == []
    await read(store, [task])
    await save_lists(store, timedelta(minutes=5))
    assert await saved(store) == [task.id.bytes]


async def test_much_shorter_list_and_one_of_an_earlier_index_replace_none(store: Store) -> None:
    tasks = await create_uncached_tasks(store, 3)
    await read(store, tasks)
    await save_lists(store)
    before = await saved(store)
    assert len(before) == 3
    epoch = protocol(store).gate.epoch
    async with store.database.connection() as connection:
        assert not await save_warm_list(connection, store.workspace, epoch, before[0])
        assert not await save_warm_list(connection, store.workspace, epoch - 1, b"".join(before))
        assert await saved(store) == before
        await connection.raw.execute("UPDATE gate SET warm_ids_at = now() - interval '2 hours'")
        assert await save_warm_list(connection, store.workspace, epoch, before[0])
    assert await saved(store) == before[:1]
