"""Tests that ids which have left the base index by their expiry leave the declared views without other work."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from cache.maintenance.scrub import MIN_RECORD_AGE_SECONDS, scrub_if_due
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.store import Store
from db.pool import Database
from db.views import Shapes
from tests.support.gate_states import grant_gate_lease
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.task_factories import new_task
from tests.support.view_state import built_shapes


async def is_due(store: Store) -> bool:
    return await protocol(store).due(MIN_RECORD_AGE_SECONDS)


@pytest.mark.parametrize("shapes", [None, {}], ids=["same", "none"])
async def test_swept_ids_are_due_until_a_scrub(
    store: Store, database: Database, redis: Redis, metrics: StoreMetrics, shapes: Shapes | None
) -> None:
    """Redis may fail after the sweep, and the worker that comes next may declare no views."""
    await built_shapes(store)
    soon = datetime.now(UTC) + timedelta(milliseconds=200)
    await StoreClient(store).create_task(new_task(labels=["a"], expires_at=soon))
    await asyncio.sleep(0.3)
    await protocol(store).sweep()
    if shapes is not None:
        store = Store(database, redis, metrics, shapes=shapes)
        await grant_gate_lease(store)
        await StoreClient(store).create_task(new_task())  # the first write drops the shapes
    assert await is_due(store)
    await scrub_if_due(store, protocol(store))
    assert not await is_due(store)
