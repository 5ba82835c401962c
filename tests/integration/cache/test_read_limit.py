"""The limit on the bytes of the tasks that one request reads."""

import asyncio

import pytest
from msgspec import structs

from cache.errors import TooMuchRead
from cache.reads.pages import read_page
from cache.reads.session import Session
from cache.redis.encoded_task import encode
from cache.redis.index import PageRange
from cache.store import Store
from tests.support.store_factories import create_uncached_tasks, uncommitted_task


async def test_bytes_count_from_the_101st_task_on(store: Store) -> None:
    task = encode("default", uncommitted_task())
    store.max_read_bytes = len(task.json) * 2
    loader = Session(store).loader
    loader.count([task] * 100)
    loader.count([task, None])
    loader.count([task])  # exactly the limit
    with pytest.raises(TooMuchRead):
        loader.count([structs.replace(task, json=b"x")])


async def test_page_of_101_tasks_counts_completely(store: Store) -> None:
    task = encode("default", uncommitted_task())
    store.max_read_bytes = len(task.json) * 101 - 1
    with pytest.raises(TooMuchRead):
        Session(store).loader.count([task] * 101)


async def output_bytes(store: Store) -> int:
    """Return the bytes that Redis has sent since its start."""
    return int((await store.redis.client.info("stats"))["total_net_output_bytes"])


async def test_many_pages_of_a_request_are_read_until_the_limit(store: Store) -> None:
    await create_uncached_tasks(store, 100, description="x" * 10_000)
    await read_page(Session(store), PageRange(100))
    await store.fills.drain()
    store.max_read_bytes = 1_500_000
    session, before = Session(store), await output_bytes(store)
    pages = await asyncio.gather(*(read_page(session, PageRange(100)) for _ in range(30)), return_exceptions=True)
    assert any(isinstance(page, TooMuchRead) for page in pages)
    assert 3_000_000 < await output_bytes(store) - before < 10_000_000  # of 30,000,000


async def test_large_batch_is_read_until_the_limit(store: Store) -> None:
    tasks = await create_uncached_tasks(store, 1000, description="x" * 10_000)
    store.max_read_bytes, before = 2_000_000, store.metrics.misses
    with pytest.raises(TooMuchRead):
        await Session(store).loader.load_many([task.id for task in tasks])
    assert store.metrics.misses == before + 500


async def test_batch_in_parts_has_the_order_of_its_ids(store: Store) -> None:
    ids = [task.id for task in await create_uncached_tasks(store, 1000)] + [uncommitted_task().id]
    found = await Session(store).loader.load_many(ids)
    assert [task.id if task else None for task in found] == [*ids[:-1], None]
