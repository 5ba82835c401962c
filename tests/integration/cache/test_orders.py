"""Orders while tasks move in them: whoever cannot tell the order asks PostgreSQL, and only as long as it must."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from cache.maintenance.scrub import scrub_all
from cache.metrics import StoreMetrics
from cache.reads.pages import read_page
from cache.redis.client import Argument, Redis, ScriptName
from cache.redis.index import PageRange
from cache.store import Store
from db.gate import enter_gate
from db.task import NewTask
from db.task_table import update_tasks
from tests.support.gate_states import grant_gate_lease
from tests.support.protocol_steps import EARLIER_TOKEN, TRANSACTION_LIMIT, make_marks_overdue, mark_task
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks, uncommitted_task
from tests.support.task_factories import in_an_hour

SOON = in_an_hour()
MIDDLE, LATE = SOON + timedelta(minutes=1), SOON + timedelta(minutes=2)
PAGE = PageRange(10, order="EXPIRING_SOON")


async def statements(store: Store) -> tuple[list[datetime | None], int]:
    """The expiries of the page, and how many statements it took beside those for its tasks."""
    await StoreClient(store).page(PageRange(10))  # so that every task has its entry, or its mark
    before, rows = store.metrics.sql_queries, store.metrics.row_queries
    request = StoreClient(store)
    page = await read_page(request.session, PAGE)
    assert not request.degraded
    others = store.metrics.sql_queries - before - (store.metrics.row_queries - rows)
    return [task.expires_at for task in page.tasks], others


@pytest.mark.parametrize(("was", "becomes"), [(SOON, LATE), (LATE, SOON), (SOON, None), (None, SOON)])
@pytest.mark.parametrize("committed", [True, False])
async def test_an_expiry_on_its_way(
    store: Store, was: datetime | None, becomes: datetime | None, committed: bool
) -> None:
    """The writer has marked, has committed or not, and is never heard of again."""
    [task], _ = (
        await create_uncached_tasks(store, expires_at=was),
        await create_uncached_tasks(store, expires_at=MIDDLE),
    )
    async with store.database.transaction() as connection:
        await enter_gate(connection, store.workspace, task.id)
        if committed:
            await update_tasks(connection, store.workspace, [replace(task, expires_at=becomes)])
        await mark_task(store, EARLIER_TOKEN, replace(task, expires_at=becomes, version=2))
    expiries = sorted(expires_at for expires_at in (becomes if committed else was, MIDDLE) if expires_at is not None)
    assert await statements(store) == (expiries, 1)
    await make_marks_overdue(store)
    await scrub_all(store, protocol(store))
    assert await statements(store) == (expiries, 0)


@pytest.mark.parametrize(("was", "becomes"), [(SOON, LATE), (SOON, None), (None, SOON), (SOON, SOON)])
async def test_an_expiry_that_has_arrived(store: Store, was: datetime | None, becomes: datetime | None) -> None:
    [task], _ = (
        await create_uncached_tasks(store, expires_at=was),
        await create_uncached_tasks(store, expires_at=MIDDLE),
    )
    await StoreClient(store).update_task(task.id, {"title": "New", "expires_at": becomes})
    expiries = sorted(expires_at for expires_at in (becomes, MIDDLE) if expires_at is not None)
    assert await statements(store) == (expiries, 0)


async def test_only_a_change_of_the_expiry_is_in_doubt(store: Store) -> None:
    [task] = await create_uncached_tasks(store, expires_at=SOON)
    await mark_task(store, EARLIER_TOKEN, replace(task, title="New", status="DONE", version=2))
    assert (await statements(store))[1] == 0


class Meanwhile(Redis):
    """Something happens once, between a page's ids and its tasks."""

    def __init__(self, url: str, happens: Callable[[], Awaitable[Any]]) -> None:
        super().__init__(url)
        self._happens: Callable[[], Awaitable[Any]] | None = happens

    async def script(self, verb: ScriptName, keys: Any, *arguments: Argument, run_id: str = "") -> Any:
        reply = await super().script(verb, keys, *arguments, run_id=run_id)
        if verb == "page" and self._happens:
            happens, self._happens = self._happens, None
            await happens()
        return reply


@pytest.mark.parametrize(
    "part", [PageRange(3, order="OLDEST"), PageRange(2, order="OLDEST"), PageRange(3, "last"), PageRange(3)]
)
async def test_a_create_that_is_rolled_back_and_done_again_stands_in_one_place(
    store: Store, redis_url: str, part: PageRange
) -> None:
    """It is younger then. The page does not show it in both places, nor end at a place that others come before."""
    [old] = await create_uncached_tasks(store)
    again, ghost = uncommitted_task(), uncommitted_task()
    for new in (again, ghost):
        await protocol(store).add(EARLIER_TOKEN, [new], transaction=TRANSACTION_LIMIT)
    between = (await create_uncached_tasks(store))[0]
    async with Meanwhile(redis_url, lambda: StoreClient(store).create_task(NewTask(again.id, again.title))) as redis:
        reader = Store(store.database, redis, StoreMetrics())
        await grant_gate_lease(reader)
        page = await StoreClient(reader).page(part)
    made = await StoreClient(store).tasks_by_id([again.id])
    if part.order == "OLDEST":
        assert page.tasks == [old, between, *made][: part.count]
    else:
        assert page.tasks == [*made, between, old]
