"""Tests the memory use of a subscription."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator

import pytest

from api.graphql.shared_events import SharedEvents
from cache.feed import event_log
from cache.feed.events import FeedEvent, Rev
from cache.feed.feed import Feed
from cache.metrics import StoreMetrics
from cache.reads.session import Session
from cache.redis.client import Redis
from cache.store import Store
from db.caller import ANONYMOUS
from db.pool import Database
from schema.build import create_schema
from schema.context import Context
from schema.execution.subscription import start_subscription

CHANGED = "subscription { taskChanged { kind id rev task { id version } } }"
EVENTS = 200


@pytest.fixture
async def feed(database_url: str, redis_url: str) -> AsyncIterator[Feed]:
    async with Database(database_url) as database, Redis(redis_url) as redis:
        yield Feed(Store(database, redis, StoreMetrics()))


async def test_subscription_does_not_grow_with_its_events(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """An executor of graphql-core that ran all events would keep some objects of each."""
    monkeypatch.setattr(event_log, "MAX_EVENTS", EVENTS // 2)
    schema, store = create_schema(), feed._store
    plan = await schema.planner.prepare(CHANGED, None)
    subscription = start_subscription(
        schema, plan, None, "a test", lambda id_: Context(Session(store), id_, ANONYMOUS, feed)
    )
    assert subscription is not None
    events = SharedEvents(max_bytes=50_000).events(subscription)

    async def receive(count: int) -> int:
        for number in range(count):
            feed._deliver(FeedEvent(Rev(1, number), "MANY"))
            assert b"errors" not in (await anext(events)).body
        gc.collect()
        return sys.getallocatedblocks()

    assert b"RESYNC" in (await anext(events)).body
    await receive(EVENTS)
    before = await receive(EVENTS)
    assert await receive(EVENTS) - before < EVENTS
    await events.aclose()
    await asyncio.sleep(0)
    assert feed.followers == 0
