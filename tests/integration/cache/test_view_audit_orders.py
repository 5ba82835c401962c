"""Tests that the audit compares the sets of declared orders with the rows."""

from typing import Any
from uuid import UUID

import pytest

from cache.maintenance.rebuild import rebuild
from cache.maintenance.shapes import shape_steps
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.store import Store
from db.pool import Database
from db.views import Shapes, parse_declaration
from tests.integration.cache.test_view_audit import audit
from tests.support.gate_states import grant_gate_lease
from tests.support.redis_state import protocol
from tests.support.store_factories import create_uncached_tasks
from tests.support.task_factories import in_an_hour
from tests.support.view_state import built_shapes, declared_members, reordering

NAME = "assignee:due+priority"
SHAPES: Shapes = dict([parse_declaration(NAME)])


@pytest.fixture
async def store(database: Database, redis: Redis, metrics: StoreMetrics) -> Store:
    """Return a store whose declared shape has both orders, with tasks of ann."""
    store = Store(database, redis, metrics, shapes=SHAPES)
    await rebuild(store)
    await grant_gate_lease(store)
    await create_uncached_tasks(store, 3, assignee="ann", due_at=in_an_hour(), priority="HIGH")
    await create_uncached_tasks(store, 2, assignee="ann")
    await built_shapes(store)
    return store


async def order_sets(store: Store) -> tuple[bytes, bytes]:
    steps = shape_steps(store, protocol(store))
    return steps.keys.order_sets((await steps.shapes())[NAME], b"ann")


@pytest.mark.parametrize("number", [0, 1], ids=["due", "priority"])
async def test_wrong_position_in_an_order_is_reported_and_repaired(store: Store, number: int) -> None:
    views, key = await declared_members(store), (await order_sets(store))[number]
    assert (await audit(store))[1] == []
    id_: Any = (await store.redis.client.zrange(key, 1, 1))[0]
    await store.redis.client.zadd(key, {id_: 7})
    _, [(_, difference)] = await audit(store, repair=True)
    assert "wrong position in a declared order of the view assignee:due+priority 'ann'" in difference
    assert (await audit(store))[1] == []
    assert await declared_members(store) == views


async def test_lost_order_ends_the_use_of_its_shape(store: Store) -> None:
    views = await declared_members(store)
    await store.redis.client.delete((await order_sets(store))[0])
    _, [(_, difference)] = await audit(store, repair=True)
    assert difference == "its sets were lost"
    await built_shapes(store)
    assert await declared_members(store) == views


async def test_id_in_doubt_without_a_write_is_reported_and_repaired(store: Store) -> None:
    """Otherwise PostgreSQL would have to answer every page in a declared order."""
    id_: Any = (await store.redis.client.zrange((await order_sets(store))[0], 1, 1))[0]
    await store.redis.send([("SADD", protocol(store).keys.reordering, id_)])
    _, [(about, difference)] = await audit(store, repair=True)
    assert about == UUID(bytes=id_)
    assert "no write is in flight" in difference
    assert (await audit(store))[1] == []
    assert await reordering(store) == set()
