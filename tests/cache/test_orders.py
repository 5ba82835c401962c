"""EXPIRING_SOON while expiries change: whoever cannot tell the order asks PostgreSQL, and only as long as it must."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from cache.index import Range
from cache.scrub import tidy
from cache.store import Store
from cache.tasks import Tasks
from db.gate import enter_gate
from db.tasks import update_tasks
from tests.cache.samples import create, in_an_hour, protocol
from tests.cache.steps import EARLIER, kill_marks, mark

SOON = in_an_hour()
MIDDLE, LATE = SOON + timedelta(minutes=1), SOON + timedelta(minutes=2)
PAGE = Range(10, order="EXPIRING_SOON")


async def statements(store: Store) -> tuple[list[datetime | None], int]:
    """The expiries of the page, and how many statements it took beside those for its tasks."""
    await Tasks(store).task_page(Range(10))  # so that every task has its entry, or its mark
    before, rows = store.accounting.sql_queries, store.accounting.row_queries
    request = Tasks(store)
    page = await request.task_page(PAGE, total=False)
    assert not request.degraded
    others = store.accounting.sql_queries - before - (store.accounting.row_queries - rows)
    return [task.expires_at for task in page.tasks], others


@pytest.mark.parametrize(("was", "becomes"), [(SOON, LATE), (LATE, SOON), (SOON, None), (None, SOON)])
@pytest.mark.parametrize("committed", [True, False])
async def test_an_expiry_on_its_way(
    store: Store, was: datetime | None, becomes: datetime | None, committed: bool
) -> None:
    """The writer has marked, has committed or not, and is never heard of again."""
    [task], _ = await create(store, expires_at=was), await create(store, expires_at=MIDDLE)
    async with store.database.transaction() as connection:
        await enter_gate(connection, store.workspace, task.id)
        if committed:
            await update_tasks(connection, store.workspace, [replace(task, expires_at=becomes)])
        await mark(store, EARLIER, replace(task, expires_at=becomes, version=2))
    expiries = sorted(expires_at for expires_at in (becomes if committed else was, MIDDLE) if expires_at is not None)
    assert await statements(store) == (expiries, 1)
    await kill_marks(store)
    await tidy(store, protocol(store))
    assert await statements(store) == (expiries, 0)


@pytest.mark.parametrize(("was", "becomes"), [(SOON, LATE), (SOON, None), (None, SOON), (SOON, SOON)])
async def test_an_expiry_that_has_arrived(store: Store, was: datetime | None, becomes: datetime | None) -> None:
    [task], _ = await create(store, expires_at=was), await create(store, expires_at=MIDDLE)
    await Tasks(store).update_task(task.id, {"title": "New", "expires_at": becomes})
    expiries = sorted(expires_at for expires_at in (becomes, MIDDLE) if expires_at is not None)
    assert await statements(store) == (expiries, 0)


async def test_only_a_change_of_the_expiry_is_in_doubt(store: Store) -> None:
    [task] = await create(store, expires_at=SOON)
    await mark(store, EARLIER, replace(task, title="New", status="DONE", version=2))
    assert (await statements(store))[1] == 0
