"""Tests the page cache: which answers may be kept, and when a kept answer is served (P2)."""

import asyncio
from datetime import timedelta

import pytest

from cache.metrics import StoreMetrics
from cache.page_cache import PageCache, PageMemory, SharedCheck, Validity
from cache.reads.pages import read_counts, read_page
from cache.reads.session import Session
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.redis.protocol import MarkedWrite, Protocol
from cache.store import Store
from cache.usage.usage import Usage
from db.views import View
from tests.support.protocol_steps import index_without_row
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task, uncommitted_task
from tests.support.task_factories import in_an_hour

PAGE = PageRange(10)


@pytest.fixture
def pages(store: Store) -> PageCache:
    return PageCache(
        PageMemory(2**20), store.workspace, store.metrics, store.gate_lease.record_read_failure, store.usage
    )


async def read(store: Store, part: PageRange = PAGE) -> Validity | None:
    """Read a page in a request of its own, and return how long it is valid."""
    session = Session(store)
    await read_page(session, part)
    return session.cache.validity


async def keep(store: Store, pages: PageCache, part: PageRange = PAGE) -> None:
    validity = await read(store, part)
    assert validity is not None
    pages.store("key", 3, b"body", validity)


async def is_served(store: Store, pages: PageCache) -> bool:
    return await pages.valid_page("key", protocol(store)) is not None


async def test_page_is_served_until_something_is_written(store: Store, pages: PageCache) -> None:
    task = await create_uncached_task(store)
    await keep(store, pages)
    assert await is_served(store, pages)
    assert await is_served(store, pages)
    await StoreClient(store).update_task(task.id, {"title": "New"})
    assert not await is_served(store, pages)
    assert len(pages.memory.pages) == 0
    assert pages.memory.bytes == 0


async def test_page_is_served_only_until_the_next_expiry_of_its_view(store: Store, pages: PageCache) -> None:
    await create_uncached_task(store, expires_at=in_an_hour())
    validity = await read(store)
    assert validity is not None
    expires_at_ms = int(in_an_hour().timestamp() * 1000)
    assert abs(validity.next_expiry_ms - expires_at_ms) < 60_000
    now_ms = (await protocol(store).check_page()).now_ms
    pages.store("key", 3, b"body", validity._replace(next_expiry_ms=now_ms))
    assert not await is_served(store, pages)
    pages.store("key", 3, b"body", validity._replace(next_expiry_ms=now_ms + 60_000))
    assert await is_served(store, pages)


async def test_page_of_a_view_does_not_depend_on_expiries_of_other_views(store: Store) -> None:
    await create_uncached_task(store, expires_at=in_an_hour(), status="DONE")
    done = await read(store, PageRange(10, view=View(status="DONE")))
    todo = await read(store, PageRange(10, view=View(status="TODO")))
    assert done is not None
    assert todo is not None
    assert done.next_expiry_ms < todo.next_expiry_ms


async def test_page_is_served_only_in_its_epoch(store: Store, pages: PageCache) -> None:
    validity = await read(store)
    assert validity is not None
    pages.store("key", 3, b"body", validity._replace(epoch=validity.epoch - 1))
    assert not await is_served(store, pages)


async def test_page_is_not_served_without_a_lease_on_the_gate(store: Store, pages: PageCache) -> None:
    await keep(store, pages)
    assert await pages.valid_page("key", None) is None


async def test_page_with_a_marked_task_is_not_kept(store: Store) -> None:
    task = await create_uncached_task(store)
    await protocol(store).mark([MarkedWrite(1_000_000, task)], transaction=timedelta(seconds=10))
    assert await read(store) is None


async def test_page_with_an_id_without_a_row_is_not_kept(store: Store) -> None:
    await index_without_row(store, uncommitted_task())
    assert await read(store) is None
    assert await read(store, PageRange(10, view=View(status="DONE"))) is not None


async def test_counts_can_be_kept(store: Store, pages: PageCache) -> None:
    session = Session(store)
    await read_counts(session)
    assert session.cache.validity is not None
    pages.store("key", 3, b"counts", session.cache.validity)
    assert await is_served(store, pages)
    await create_uncached_task(store)
    assert not await is_served(store, pages)


async def test_answer_keeps_the_first_rev_and_the_next_expiry_of_all_its_pages(store: Store) -> None:
    await create_uncached_task(store, status="DONE", expires_at=in_an_hour())
    session = Session(store)
    await read_page(session, PageRange(10, view=View(status="TODO")))
    first = session.cache.validity
    await create_uncached_task(store)
    await read_page(session, PageRange(10, view=View(status="DONE")))
    both = session.cache.validity
    assert first is not None
    assert both is not None
    assert both.rev == first.rev
    assert both.next_expiry_ms < first.next_expiry_ms


@pytest.mark.parametrize("read_more", ["task", "write"])
async def test_answer_with_other_reads_or_writes_is_not_kept(store: Store, read_more: str) -> None:
    task = await create_uncached_task(store)
    client = StoreClient(store)
    await read_page(client.session, PAGE)
    assert client.session.cache.validity is not None
    await (client.tasks_by_id([task.id]) if read_more == "task" else client.update_task(task.id, {"title": "New"}))
    assert client.session.cache.validity is None


async def test_answer_of_postgresql_is_not_kept(store: Store) -> None:
    store.gate_lease.redis_answers = False
    assert await read(store) is None


async def test_requests_of_one_turn_share_a_check(store: Store) -> None:
    check, steps = SharedCheck(store.gate_lease.record_read_failure), protocol(store)
    before = store.metrics.redis_round_trips
    found = await asyncio.gather(*(check(steps) for _ in range(20)))
    assert store.metrics.redis_round_trips == before + 1
    assert len(set(found)) == 1


async def test_request_does_not_share_a_check_that_was_sent_before_it_arrived(store: Store) -> None:
    check, steps = SharedCheck(store.gate_lease.record_read_failure), protocol(store)
    before = store.metrics.redis_round_trips
    first = asyncio.create_task(check(steps))
    while store.metrics.redis_round_trips == before:  # noqa: ASYNC110
        await asyncio.sleep(0)
    second = asyncio.create_task(check(steps))
    await asyncio.gather(first, second)
    assert store.metrics.redis_round_trips == before + 2


async def test_cancelled_request_does_not_cancel_the_check_of_others(store: Store) -> None:
    check, steps = SharedCheck(store.gate_lease.record_read_failure), protocol(store)
    cancelled, other = asyncio.create_task(check(steps)), asyncio.create_task(check(steps))
    await asyncio.sleep(0)
    cancelled.cancel()
    assert await other is not None
    assert cancelled.cancelled() or cancelled.cancelling()


async def test_lost_index_fails_the_check(store: Store, pages: PageCache) -> None:
    await keep(store, pages)
    await store.redis.client.delete(protocol(store).keys.rev)
    assert not await is_served(store, pages)
    assert store.gate_lease.lost_index is not None


async def test_failed_check_is_recorded_so_that_the_read_does_not_wait_for_redis_again(
    store: Store, pages: PageCache
) -> None:
    await keep(store, pages)
    index = protocol(store)
    async with Redis("redis://127.0.0.1:1/0") as unreachable:
        assert await pages.valid_page("key", Protocol(unreachable, index.gate, store.workspace, index.views)) is None
    assert not store.gate_lease.redis_answers
    assert await read(store) is None
    assert store.metrics.degraded_reads == 1


async def test_lowest_rev_of_all_scripts_counts(store: Store) -> None:
    session = Session(store)
    session.cache.observe(1, 7, 20)
    session.cache.observe(1, 6, 30)
    assert session.cache.validity == (1, 6, 20)


def test_pages_stay_within_their_limit() -> None:
    pages = PageCache(
        PageMemory(200_000), "default", StoreMetrics(), lambda _epoch, _error: None, Usage(is_on=False).of("default")
    )
    for number in range(1000):
        pages.store(number, 100, b"x" * 5000, Validity(1, 1, 1))
        assert pages.memory.bytes <= pages.memory.max_bytes
    assert 10 < len(pages.memory.pages) < 40
    pages.store("large", 5, b"x" * 50_000, Validity(1, 1, 1))
    assert ("default", "large") not in pages.memory.pages
    assert list(pages.memory.pages)[-1] == ("default", 999)


async def test_no_workspace_finds_the_page_of_another(store: Store) -> None:
    memory, ours = PageMemory(2**20), await read(store)
    assert ours is not None
    pages, foreign = (
        PageCache(memory, name, store.metrics, store.gate_lease.record_read_failure, store.usage)
        for name in ("default", "foreign")
    )
    pages.store("key", 3, b"body", ours)
    assert await foreign.valid_page("key", protocol(store)) is None
    assert await pages.valid_page("key", protocol(store)) is not None
