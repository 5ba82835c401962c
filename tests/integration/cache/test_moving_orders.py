"""Tests orders in which tasks move: PostgreSQL answers a page only while the order in Redis is uncertain."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest
from msgspec.structs import replace

from cache.maintenance.scrub import scrub_all
from cache.metrics import StoreMetrics
from cache.reads.pages import read_page
from cache.redis.client import Argument, Redis
from cache.redis.index import PageRange
from cache.redis.script_texts import ScriptName
from cache.store import Store
from db.gate import enter_gate
from db.task import NewTask
from tests.support.gate_states import grant_gate_lease
from tests.support.protocol_steps import EARLIER_TOKEN, index_without_row, make_marks_overdue, mark_task
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task, uncommitted_task
from tests.support.task_factories import in_an_hour, update_row

SOON = in_an_hour()
MIDDLE, LATE = SOON + timedelta(minutes=1), SOON + timedelta(minutes=2)
PAGE = PageRange(10, order="EXPIRING_SOON")


async def read_expiries(store: Store) -> tuple[list[datetime | None], int]:
    """Return the page's expiries, and the number of statements except those that read its tasks by id."""
    await StoreClient(store).page(PageRange(10))  # fills the entry of every task without a mark
    before, rows = store.metrics.sql_queries, store.metrics.row_queries
    request = StoreClient(store)
    page = await read_page(request.session, PAGE)
    assert not request.degraded
    other_statements = store.metrics.sql_queries - before - (store.metrics.row_queries - rows)
    return [task.expires_at for task in page.tasks], other_statements


@pytest.mark.parametrize(("old", "new"), [(SOON, LATE), (LATE, SOON), (SOON, None), (None, SOON)])
@pytest.mark.parametrize("committed", [True, False])
async def test_page_by_expiry_while_an_expiry_is_being_changed(
    store: Store, old: datetime | None, new: datetime | None, committed: bool
) -> None:
    """The writer dies after its mark, before or after its commit."""
    task = await create_uncached_task(store, expires_at=old)
    await create_uncached_task(store, expires_at=MIDDLE)
    async with store.database.transaction() as connection:
        await enter_gate(connection, store.workspace, task.id)
        if committed:
            await update_row(connection, store.workspace, replace(task, expires_at=new))
        await mark_task(store, EARLIER_TOKEN, replace(task, expires_at=new, version=2))
    expiries = sorted(expires_at for expires_at in (new if committed else old, MIDDLE) if expires_at is not None)
    assert await read_expiries(store) == (expiries, 1)
    await make_marks_overdue(store)
    await scrub_all(store, protocol(store))
    assert await read_expiries(store) == (expiries, 0)


@pytest.mark.parametrize(("old", "new"), [(SOON, LATE), (SOON, None), (None, SOON), (SOON, SOON)])
async def test_page_by_expiry_after_an_expiry_was_changed(
    store: Store, old: datetime | None, new: datetime | None
) -> None:
    task = await create_uncached_task(store, expires_at=old)
    await create_uncached_task(store, expires_at=MIDDLE)
    await StoreClient(store).update_task(task.id, {"title": "New", "expires_at": new})
    expiries = sorted(expires_at for expires_at in (new, MIDDLE) if expires_at is not None)
    assert await read_expiries(store) == (expiries, 0)


async def test_order_by_expiry_is_in_doubt_only_while_an_expiry_changes(store: Store) -> None:
    task = await create_uncached_task(store, expires_at=SOON)
    await mark_task(store, EARLIER_TOKEN, replace(task, title="New", status="DONE", version=2))
    assert (await read_expiries(store))[1] == 0


class InterleavingRedis(Redis):
    """A Redis that runs a callback once, after reading the ids of a page and before reading its tasks."""

    def __init__(self, url: str, callback: Callable[[], Awaitable[Any]]) -> None:
        super().__init__(url)
        self._callback: Callable[[], Awaitable[Any]] | None = callback

    async def read_script(self, name: ScriptName, keys: Any, *arguments: Argument, **options: Any) -> Any:
        reply = await super().read_script(name, keys, *arguments, **options)
        if name == "page" and self._callback:
            callback, self._callback = self._callback, None
            await callback()
        return reply


@pytest.mark.parametrize(
    "part", [PageRange(3, order="OLDEST"), PageRange(2, order="OLDEST"), PageRange(3, "last"), PageRange(3)]
)
async def test_create_that_is_rolled_back_and_retried_is_returned_at_one_position(
    store: Store, redis_url: str, part: PageRange
) -> None:
    """The retried create has a later position. The page must not return the task twice or skip other tasks."""
    old = await create_uncached_task(store)
    retried, abandoned = uncommitted_task(), uncommitted_task()
    for new in (retried, abandoned):
        await index_without_row(store, new)
    between = await create_uncached_task(store)
    async with InterleavingRedis(
        redis_url, lambda: StoreClient(store).create_task(NewTask(retried.id, retried.title))
    ) as redis:
        reader = Store(store.database, redis, StoreMetrics())
        await grant_gate_lease(reader)
        page = await StoreClient(reader).page(part)
    created = await StoreClient(store).tasks_by_id([retried.id])
    if part.order == "OLDEST":
        assert page.tasks == [old, between, *created][: part.count]
    else:
        assert page.tasks == [*created, between, old]


@pytest.mark.parametrize("direction", ["first", "last"])
async def test_page_by_expiry_shows_a_task_that_moves_past_the_reader(
    store: Store, redis_url: str, direction: Literal["first", "last"]
) -> None:
    """The reader drops an id without a row, and reads on from there. Another task has moved to before it by then."""
    ends = [SOON, LATE] if direction == "first" else [LATE, SOON]
    await index_without_row(store, replace(uncommitted_task(), expires_at=ends[0]))
    leaves, moves = [await create_uncached_task(store, expires_at=at) for at in (MIDDLE, ends[1])]
    beyond = ends[0] + (SOON - LATE if direction == "first" else LATE - SOON)

    async def move_and_delete() -> None:
        await StoreClient(store).update_task(moves.id, {"expires_at": beyond})
        await StoreClient(store).delete_task(leaves.id)

    async with InterleavingRedis(redis_url, move_and_delete) as redis:
        reader = Store(store.database, redis, StoreMetrics())
        await grant_gate_lease(reader)
        page = await StoreClient(reader).page(PageRange(1, direction, order="EXPIRING_SOON"))
    assert [task.id for task in page.tasks] == [moves.id]
