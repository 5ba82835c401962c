"""Compares pages, counts and ranks from SQL with a model: a sorted list, sliced like in the page script."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal, LiteralString, NamedTuple, get_args
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.connection import Connection
from db.pages import NEWEST_POSITION, OLDEST_POSITION, Position, RowPage, task_count, task_counts, task_page, task_rank
from db.pool import Database
from db.task import Order, Status, Task
from tests.support.examples import examples
from tests.support.task_factories import PAST, WORKSPACE, create_rows

SOON, FUTURE = datetime(2149, 12, 31, tzinfo=UTC), datetime(2150, 1, 1, tzinfo=UTC)
# Few times and ids, so that tasks share a time, and positions lie on tasks, between tasks and at both ends.
TIMES = [datetime(2026, 1, 1, 12, 0, 0, microsecond, tzinfo=UTC) for microsecond in range(4)]
IDS = [UUID(int=(0x7 << 76) | (0x2 << 62) | (n << 80)) for n in range(40)]


class Row(NamedTuple):
    """The columns of a row that matter for pages."""

    created_at: datetime
    status: Status
    expires_at: datetime | None
    deleted_at: datetime | None

    @property
    def visible(self) -> bool:
        return self.deleted_at is None and self.expires_at != PAST


TABLES = st.dictionaries(
    st.sampled_from(IDS),
    st.builds(
        Row,
        st.sampled_from(TIMES),
        st.sampled_from(get_args(Status)),
        st.sampled_from([None, None, PAST, SOON, FUTURE]),
        st.sampled_from([None, None, None, PAST]),
    ),
    max_size=30,
)
POSITION_TIMES = {
    "NEWEST": TIMES,
    "OLDEST": TIMES,
    "EXPIRING_SOON": [PAST, SOON, FUTURE],
}


def page_arguments(order: Order) -> st.SearchStrategy[dict[str, Any]]:
    positions = st.tuples(st.sampled_from(POSITION_TIMES[order]), st.sampled_from(IDS)) | st.sampled_from(
        [NEWEST_POSITION, OLDEST_POSITION]
    )
    return st.fixed_dictionaries(
        {
            "count": st.integers(1, 8),
            "direction": st.sampled_from(["first", "last"]),
            "after": st.none() | positions,
            "before": st.none() | positions,
            "offset": st.just(0) | st.integers(0, 8) | st.integers(0, 2**40),
            "status": st.none() | st.sampled_from(get_args(Status)),
            "order": st.just(order),
        }
    )


PAGE_ARGUMENTS = st.sampled_from(get_args(Order)).flatmap(page_arguments)


def expected_page(
    view: list[Position],
    direction: Literal["first", "last"],
    count: int,
    after: Position | None,
    before: Position | None,
    offset: int,
    order: Order,
) -> tuple[list[Position], bool, bool]:
    """Return a page of the model like page.lua: its positions, and whether more tasks come before and after."""
    start, end = offset, len(view)
    if after is not None:
        start += rank(view, after, order) + (after in view)
    if before is not None:
        end = rank(view, before, order)
    if direction == "first":
        end = min(end, start + count)
    else:
        start = max(start, end - count)
    found = view[start:end] if start < end else []
    page_rank = min(start, len(view))
    return found, page_rank > 0, page_rank + len(found) < len(view)


def rank(view: list[Position], position: Position, order: Order) -> int:
    return sum(other > position if order == "NEWEST" else other < position for other in view)


INSERT: LiteralString = """
    INSERT INTO task (workspace_id, id, title, created_at, updated_at, status, expires_at, deleted_at)
    VALUES ('default', %s, 't', %s, '2026-06-01Z', %s, %s, %s)
"""


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    # Hypothesis calls a synchronous function. All its examples share this event loop.
    with asyncio.Runner() as runner:
        yield runner


@settings(max_examples=examples(150), suppress_health_check=list(HealthCheck))
@given(table=TABLES, arguments_of_pages=st.lists(PAGE_ARGUMENTS, min_size=5, max_size=15))
def test_pages_equal_slices_of_a_sorted_list(
    database_url: str, runner: asyncio.Runner, table: dict[UUID, Row], arguments_of_pages: list[dict[str, Any]]
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("TRUNCATE task")
        connection.cursor().executemany(INSERT, [(id_, *row) for id_, row in table.items()])
    runner.run(_compare(database_url, table, arguments_of_pages))


async def _compare(database_url: str, table: dict[UUID, Row], arguments_of_pages: list[dict[str, Any]]) -> None:
    async with Database(database_url) as database, database.connection() as connection:
        for arguments in arguments_of_pages:
            status, order = arguments["status"], arguments["order"]
            shown = {id_: row for id_, row in table.items() if row.visible and status in (None, row.status)}
            view = sorted(((row.created_at, id_) for id_, row in shown.items()), reverse=order == "NEWEST")
            if order == "EXPIRING_SOON":
                view = sorted((row.expires_at, id_) for id_, row in shown.items() if row.expires_at)
            slice_arguments = {name: value for name, value in arguments.items() if name != "status"}
            positions, has_before, has_after = expected_page(view, **slice_arguments)
            page = await task_page(connection, WORKSPACE, **arguments)
            assert [task.id for task in page.tasks] == [id_ for _, id_ in positions]
            assert all(task.status == shown[task.id].status for task in page.tasks)
            assert (page.has_before, page.has_after) == (has_before, has_after)
            assert await task_count(connection, WORKSPACE, status, order) == len(view)
            for position in (arguments["after"], arguments["before"]):
                if position is not None:
                    assert await task_rank(connection, WORKSPACE, position, status, order) == rank(
                        view, position, order
                    )
        of_status = [row.status for row in table.values() if row.visible]
        counts = [len(of_status), *(of_status.count(status) for status in get_args(Status))]
        assert await task_counts(connection, WORKSPACE) == counts


async def test_pages_are_contiguous_in_both_directions(connection: Connection) -> None:
    made: list[Task] = []
    kinds: list[tuple[int, Status]] = [(4, "DONE"), (1, "TODO"), (6, "DONE"), (3, "IN_PROGRESS")]
    for count, status in kinds:
        made = await create_rows(connection, count, status=status) + made
    for view_of in (None, *get_args(Status)):
        view = [task for task in made if view_of in (None, task.status)]
        for at, task in enumerate(view):
            position = (task.created_at, task.id)
            after = await task_page(connection, WORKSPACE, count=3, after=position, status=view_of)
            assert after == RowPage(view[at + 1 : at + 4], True, at + 4 < len(view))
            before = await task_page(connection, WORKSPACE, count=3, direction="last", before=position, status=view_of)
            assert before == RowPage(view[max(0, at - 3) : at], at > 3, True)
            assert await task_rank(connection, WORKSPACE, position, view_of) == at


async def test_counts_are_of_one_workspace(connection: Connection) -> None:
    await create_rows(connection, 3)
    assert await task_count(connection, "other") == 0
    assert await task_rank(connection, "other", OLDEST_POSITION) == 0
    assert await task_counts(connection, "other") == [0, 0, 0, 0]
    assert await task_page(connection, "other", count=5) == RowPage([], False, False)


async def test_page_is_read_in_one_snapshot(database: Database) -> None:
    """A writer creates and deletes 100 tasks at a time. A page must contain all 100 tasks or none."""

    async def change() -> None:
        async with database.connection() as connection:
            for _ in range(20):
                await create_rows(connection, 100)
                await connection.raw.execute("DELETE FROM task")

    changing = asyncio.create_task(change())
    async with database.connection() as connection:
        while not changing.done():
            page = await task_page(connection, WORKSPACE, count=100, offset=0)
            assert (len(page.tasks), page.has_before, page.has_after) in [(0, False, False), (100, False, False)]
    await changing
