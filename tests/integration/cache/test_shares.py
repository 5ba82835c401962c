"""Tests that searches, deep pages and counts in PostgreSQL take only their shares of the connections."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from cache.reads.search import SearchPage, SearchRange, search_tasks
from cache.reads.session import Session
from cache.redis.index import PageRange
from cache.store import Store
from db.errors import ShareBusy
from db.shares import DEEP_ROWS
from db.views import View
from tests.support.gate_states import switch_gate_off
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks
from tests.support.task_factories import new_task

DEEP = PageRange(2, offset=DEEP_ROWS)


@pytest.fixture(autouse=True)
def unhurried_shares(store: Store) -> None:
    """Let no work wait too long because the machine is busy."""
    for share in store.database.shares.limited:
        share._wait_seconds = 600.0


async def search(session: Session) -> SearchPage | None:
    return await search_tasks(session, [("task", False)], SearchRange(2))


async def test_searches_over_their_share_are_refused_and_pages_are_read(store: Store) -> None:
    """The tasks are not cached, so that the page needs a connection too."""
    created = await create_uncached_tasks(store, 3)
    share = store.database.shares.searches
    async with share.permit("default"), share.permit("default"):
        waiting = [asyncio.create_task(search(Session(store))) for _ in range(share.limit + 5)]
        await asyncio.sleep(0)
        assert share.in_flight == share.limit
        assert (await StoreClient(store).page(PageRange(3))).tasks == created
        assert await StoreClient(store).tasks_by_id([created[0].id]) == created[:1]
        await StoreClient(store).create_task(new_task("Written during the counts"))
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [SearchPage] * (share.limit - 2) + [ShareBusy] * 7
    assert share.in_flight == 0


async def test_many_searches_of_one_request_hold_one_permit(store: Store) -> None:
    await create_uncached_tasks(store, 3)
    share, session = store.database.shares.searches, Session(store)
    async with share.permit("default"), share.permit("default"):
        waiting = [asyncio.create_task(search(session)) for _ in range(30)]
        await asyncio.sleep(0)
        assert share.in_flight == 3
    assert all(found is not None and len(found.tasks) == 2 for found in await asyncio.gather(*waiting))


async def test_deep_pages_over_their_share_are_refused_and_others_are_read(store: Store) -> None:
    created = await create_uncached_tasks(store, 3)
    await switch_gate_off(store)
    share, first = store.database.shares.deep_pages, PageRange(2)
    end = PageRange(1, "last")
    async with share.permit("default"):
        deep: list[Coroutine[Any, Any, Any]] = [
            StoreClient(store).page(DEEP),
            StoreClient(store).rank(end, created[-1]),
            StoreClient(store).rank(PageRange(1, after=(0, created[0].id)), created[-1]),
            *(StoreClient(store).page(DEEP) for _ in range(share.limit)),
        ]
        waiting = [asyncio.create_task(each) for each in deep]
        await asyncio.sleep(0)
        assert share.in_flight == share.limit
        page = await StoreClient(store).page(first)
        assert (page.tasks, page.total) == (created[:2], 3)
        assert await StoreClient(store).rank(first, created[0]) == 0
        assert (await StoreClient(store).page(PageRange(2, offset=DEEP_ROWS - 1))).tasks == []
    results: list[Any] = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results[-4:]] == [ShareBusy] * 4
    assert results[1:3] == [2, 2]
    assert all(result.tasks == [] for result in results[3:-4])


async def test_deep_pages_in_redis_need_no_share(store: Store) -> None:
    await create_uncached_tasks(store, 3)
    async with store.database.shares.deep_pages.permit("default"):
        assert (await StoreClient(store).page(DEEP)).tasks == []


async def test_counts_take_one_connection_and_wait(store: Store) -> None:
    """The reads take longer than the counts would without their share."""
    created = await create_uncached_tasks(store, 3)
    async with store.database.shares.counts:
        counting = [asyncio.create_task(store.totals.count(View(status=view))) for view in (None, "TODO", "DONE")]
        for _ in range(20):
            assert await StoreClient(store).tasks_by_id([created[0].id]) == created[:1]
        assert not any(count.done() for count in counting)
    assert list(await asyncio.gather(*counting)) == [3, 3, 0]
