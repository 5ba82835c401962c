"""Tests the leases that a page script takes (R3), and the fills that no reader waits for (R5)."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from cache.redis import fills
from cache.redis.encoded_task import EncodedTask, decode, encode
from cache.redis.index import PageRange
from cache.redis.protocol import Protocol
from cache.store import Store
from db.errors import DatabaseUnavailable
from tests.support.consistency import check_entries
from tests.support.gate_states import wait_until
from tests.support.protocol_steps import EARLIER_TOKEN, mark_task
from tests.support.redis_state import entry_bytes, evict_entries, protocol, read_entry
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task, create_uncached_tasks, with_status

Rows = Mapping[bytes, EncodedTask | None]


@pytest.fixture
def held_fills(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Hold every fill back until the event is set."""
    may_fill, fill = asyncio.Event(), Protocol.fill

    async def held(self: Protocol, token: str, rows: Rows) -> None:
        await may_fill.wait()
        await fill(self, token, rows)

    monkeypatch.setattr(Protocol, "fill", held)
    return may_fill


async def test_page_script_leases_only_ids_without_an_entry(store: Store) -> None:
    value, marked, leased, other_format, missing = tasks = await create_uncached_tasks(store, 5)
    await StoreClient(store).tasks_by_id([value.id])
    await store.fills.drain()
    await mark_task(store, EARLIER_TOKEN, with_status(marked, "DONE"))
    await protocol(store).lease("another's", [leased.id.bytes])
    await store.redis.client.set(protocol(store).keys.entry(other_format.id), b"V 0 other")
    before = [await read_entry(store, task.id) for task in tasks]
    page = await protocol(store).page(PageRange(5))
    assert list(page.leases) == [missing.id.bytes]
    assert page.entries == before
    assert [await read_entry(store, task.id) for task in tasks[:4]] == before[:4]
    assert await entry_bytes(store, missing) == b"L " + page.token.encode()
    assert 0 < await store.redis.client.pttl(protocol(store).keys.entry(missing.id)) <= 10_000
    assert (await protocol(store).page(PageRange(5))).leases == {}


async def test_each_page_has_a_token_of_its_own(store: Store) -> None:
    task = await create_uncached_task(store)
    tokens = set()
    for _ in range(3):
        await evict_entries(store, task.id)
        tokens.add((await protocol(store).page(PageRange(1))).token)
    assert len(tokens) == 3


async def test_readers_do_not_wait_for_their_fills(store: Store, held_fills: asyncio.Event) -> None:
    first, second = created = await create_uncached_tasks(store, 2)
    assert await StoreClient(store).tasks_by_id([first.id]) == [first]
    assert (await StoreClient(store).page(PageRange(1, after=None, order="OLDEST"))).tasks == [second]
    for task in created:
        assert (await entry_bytes(store, task)).startswith(b"L ")
    held_fills.set()
    assert await check_entries(store) == 2


async def test_write_between_answer_and_fill_wins(store: Store, held_fills: asyncio.Event) -> None:
    updated, evicted = await create_uncached_tasks(store, 2)
    assert (await StoreClient(store).page(PageRange(2))).tasks == [updated, evicted]
    newer = [await StoreClient(store).update_task(task.id, {"title": "Newer"}) for task in (updated, evicted)]
    await evict_entries(store, evicted.id)
    held_fills.set()
    await store.fills.drain()
    assert await read_entry(store, evicted.id) is None
    assert (await StoreClient(store).page(PageRange(2))).tasks == newer


async def test_fill_of_an_earlier_read_of_the_request_does_not_use_a_later_lease(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, sent = await create_uncached_task(store), list[tuple[str, Rows]]()
    fill = Protocol.fill

    async def kept(_: Protocol, token: str, rows: Rows) -> None:
        sent.append((token, rows))

    monkeypatch.setattr(Protocol, "fill", kept)
    request = StoreClient(store)
    assert await request.tasks_by_id([task.id]) == [task]
    newer = await request.update_task(task.id, {"title": "Newer"})
    await evict_entries(store, task.id)
    assert (await request.page(PageRange(1))).tasks == [newer]
    await store.fills.drain()
    (early, _), (late, _) = sent
    assert early != late
    await fill(protocol(store), *sent[0])
    assert await entry_bytes(store, task) == b"L " + late.encode()
    await fill(protocol(store), *sent[1])
    assert decode(store.workspace, task.id.bytes, await read_entry(store, task.id)) == newer


async def test_reader_waits_for_its_fill_if_too_many_are_in_flight(
    store: Store, held_fills: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fills, "MAX_FILLS_IN_FLIGHT", 1)
    first, second = await create_uncached_tasks(store, 2)
    assert await StoreClient(store).tasks_by_id([first.id]) == [first]
    before = store.metrics.row_queries
    reading = asyncio.create_task(StoreClient(store).tasks_by_id([second.id]))
    await wait_until(lambda: store.metrics.row_queries > before)
    await asyncio.sleep(0.05)
    assert not reading.done()
    held_fills.set()
    assert await reading == [second]
    assert await check_entries(store) == 2


async def test_cancelled_page_ends_its_leases(store: Store) -> None:
    """A page is cancelled before its reply has come, and just after."""
    created = await create_uncached_tasks(store, 3)
    for turns in range(40):
        reading = asyncio.create_task(StoreClient(store).page(PageRange(3)))
        for _ in range(turns):
            await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait({reading})
        await store.redis.read([("PING",)])  # the reply to the page has come as well
        await _end_loads()
        await check_entries(store)
        await evict_entries(store, *(task.id for task in created))


async def _end_loads() -> None:
    """Wait for the loads of cancelled requests, which go on."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    loads = {task for task in others if "DataLoader._run" in repr(task)}
    if loads:
        await asyncio.wait(loads)


async def test_failed_read_of_rows_ends_the_leases(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    created = await create_uncached_tasks(store, 3)

    def fail(*_: Any) -> Any:
        raise DatabaseUnavailable

    monkeypatch.setattr("cache.reads.loader.visible_tasks", fail)
    with pytest.raises(DatabaseUnavailable):
        await StoreClient(store).page(PageRange(2))
    with pytest.raises(DatabaseUnavailable):
        await StoreClient(store).tasks_by_id([created[2].id])
    await store.fills.drain()
    assert [await read_entry(store, task.id) for task in created] == [None] * 3


async def test_page_of_tasks_that_the_request_has_read_ends_its_leases(store: Store) -> None:
    task, other = await create_uncached_tasks(store, 2)
    request = StoreClient(store)
    assert await request.tasks_by_id([task.id]) == [task]
    await store.fills.drain()
    await evict_entries(store, task.id)
    assert (await request.page(PageRange(2))).tasks == [task, other]
    await store.fills.drain()
    assert await read_entry(store, task.id) is None
    assert await read_entry(store, other.id) == encode(store.workspace, other).value


async def test_waiting_reader_does_not_wait_for_an_entry_that_is_gone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cache.reads.loader.FILL_WAIT_SECONDS", [0.01] * 100_000)
    task = await create_uncached_task(store)
    await protocol(store).lease("another's", [task.id.bytes])
    reading = asyncio.create_task(StoreClient(store).tasks_by_id([task.id]))
    await asyncio.sleep(0.05)
    assert not reading.done()
    await protocol(store).fill("another's", {task.id.bytes: None})
    assert await reading == [task]
