"""Tests what the page cache counts and evicts, also while a check of a page is on its way."""

import asyncio

import pytest

from cache.metrics import StoreMetrics
from cache.page_cache import PageCache, PageMemory, Validity
from cache.reads.pages import read_page
from cache.reads.session import Session
from cache.redis.index import PageRange
from cache.store import Store
from cache.usage.usage import Usage
from tests.support.redis_state import protocol

LATER = Validity(1, 1, 2**53)


def empty_cache(max_bytes: int = 200_000) -> tuple[PageCache, StoreMetrics]:
    metrics = StoreMetrics()
    return PageCache(
        PageMemory(max_bytes), "default", metrics, lambda _epoch, _error: None, Usage(is_on=False).of("default")
    ), metrics


async def valid_now(store: Store) -> Validity:
    session = Session(store)
    await read_page(session, PageRange(1))
    assert session.cache.validity is not None
    return session.cache.validity


def test_page_that_is_stored_again_replaces_the_first() -> None:
    pages, _ = empty_cache()
    for _ in range(3):
        pages.store("key", 100, b"x" * 2000, LATER)
    assert (len(pages.memory.pages), pages.memory.bytes) == (1, 1000 + 100 + 3000)


async def test_answer_is_valid_until_the_first_of_its_tasks_expires(store: Store) -> None:
    access = Session(store).cache
    access.observe_expiry(5)
    assert access.validity is None
    access.observe(1, 7, 30)
    seen: list[Validity | None] = []
    for expires_at_ms in (None, 40, 20, 25):
        access.observe_expiry(expires_at_ms)
        seen.append(access.validity)
    assert seen == [(1, 7, 30), (1, 7, 30), (1, 7, 20), (1, 7, 20)]


@pytest.mark.parametrize(("key_bytes", "kept"), [(2000, 1), (2001, 0)])
def test_page_may_take_a_sixteenth_of_the_cache(key_bytes: int, kept: int) -> None:
    pages, _ = empty_cache(16 * 6000)
    pages.store("key", key_bytes, b"x" * 2000, LATER)
    assert len(pages.memory.pages) == kept


async def test_hits_and_misses_are_counted(store: Store) -> None:
    pages, metrics = empty_cache()
    valid, rules = await valid_now(store), protocol(store)
    pages.store("valid", 5, b"body", valid, 7)
    pages.store("expired", 7, b"body", valid._replace(next_expiry_ms=0))
    pages.store("other", 5, b"body", valid._replace(epoch=valid.epoch + 1))
    counts = []
    for key, using in (("missing", rules), ("valid", None), ("valid", rules), ("expired", rules), ("other", rules)):
        page = await pages.valid_page(key, using)
        assert (page is not None) == (key == "valid" and using is not None)
        assert page is None or page.points == 7
        counts.append((metrics.page_hits, metrics.page_misses))
    assert counts == [(0, 1), (0, 2), (1, 2), (1, 3), (1, 4)]
    assert len(pages.memory.pages) == 1  # invalid pages are removed


async def test_least_recently_used_page_is_evicted(store: Store) -> None:
    pages, _ = empty_cache(16 * 2000)
    valid = await valid_now(store)
    for number in range(15):
        pages.store(number, 500, b"x" * 333, valid)
    assert await pages.valid_page(0, protocol(store)) is not None
    for number in range(100, 110):
        pages.store(number, 500, b"x" * 333, valid)
    assert await pages.valid_page(0, protocol(store)) is not None
    assert await pages.valid_page(1, protocol(store)) is None


async def test_page_that_is_evicted_during_its_check_is_served_once(store: Store) -> None:
    pages, metrics = empty_cache(16 * 2000)
    valid = await valid_now(store)
    pages.store("key", 3, b"body", valid)
    checking = asyncio.create_task(pages.valid_page("key", protocol(store)))
    await asyncio.sleep(0)
    for number in range(40):
        pages.store(number, 500, b"x" * 333, valid)
    page = await checking
    assert page is not None
    assert page.body == b"body"
    assert await pages.valid_page("key", protocol(store)) is None
    assert (metrics.page_hits, metrics.page_misses) == (1, 1)


async def test_page_that_is_replaced_during_its_check_stays(store: Store) -> None:
    pages, _ = empty_cache()
    valid = await valid_now(store)
    pages.store("key", 3, b"old", valid._replace(rev=valid.rev - 1))
    checking = asyncio.create_task(pages.valid_page("key", protocol(store)))
    await asyncio.sleep(0)
    pages.store("key", 3, b"new", valid)
    assert await checking is None
    page = await pages.valid_page("key", protocol(store))
    assert page is not None
    assert page.body == b"new"
