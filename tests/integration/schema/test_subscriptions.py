"""Tests the memory use of a subscription."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cache.feed.events import FeedEvent, Rev
from cache.feed.feed import Feed
from cache.metrics import StoreMetrics
from cache.reads.session import Session
from cache.redis.client import Redis
from cache.store import Store
from db.pool import Database
from schema.build import create_schema
from schema.context import Context

CHANGED = "subscription { taskChanged { kind id rev task { id version } } }"
EVENTS = 200


@pytest.fixture
async def feed(database_url: str, redis_url: str) -> AsyncIterator[Feed]:
    async with Database(database_url) as database, Redis(redis_url) as redis:
        yield Feed(Store(database, redis, StoreMetrics()))


async def test_subscription_does_not_grow_with_its_events(feed: Feed) -> None:
    """graphql-core alone would keep some objects of each event, which schema/execution/executor.py prevents."""
    context = Context(Session(feed._store), "a test", feed)
    events: Any = await create_schema().subscribe(CHANGED, context_value=context)

    async def receive(count: int) -> int:
        for number in range(count):
            feed._deliver(FeedEvent(Rev(1, number), "MANY"))
            assert (await anext(events)).errors is None
        gc.collect()
        return sys.getallocatedblocks()

    assert (await anext(events)).data["taskChanged"]["kind"] == "RESYNC"
    await receive(EVENTS)
    before = await receive(EVENTS)
    assert await receive(EVENTS) - before < EVENTS
    await events.aclose()
    await asyncio.sleep(0)
    assert feed.subscribers == 0
