"""Pages, totals and ranks out of SQL, against a plain list that is cut as the script of the index does."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal, LiteralString, NamedTuple, get_args
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.pages import NEWEST_POSITION, OLDEST_POSITION, Position, RowPage, task_count, task_counts, task_page, task_rank
from db.pool import Connection, Database
from db.task import Order, Status, Task
from tests.support.db_factories import DEFAULT, PAST, create

SOON, FUTURE = datetime(2149, 12, 31, tzinfo=UTC), datetime(2150, 1, 1, tzinfo=UTC)
# Few moments and few ids, so that tasks share their moment and cursors hit tasks, gaps and both ends.
MOMENTS = [datetime(2026, 1, 1, 12, 0, 0, microsecond, tzinfo=UTC) for microsecond in range(4)]
IDS = [UUID(int=(0x7 << 76) | (0x2 << 62) | (n << 80)) for n in range(40)]


class Row(NamedTuple):
    """A row as far as pages look at it."""

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
        st.sampled_from(MOMENTS),
        st.sampled_from(get_args(Status)),
        st.sampled_from([None, None, PAST, SOON, FUTURE]),
        st.sampled_from([None, None, None, PAST]),
    ),
    max_size=30,
)
PLACES = {
    "NEWEST": MOMENTS,
    "OLDEST": MOMENTS,
    "EXPIRING_SOON": [PAST, SOON, FUTURE],
}


def parts_of(order: Order) -> st.SearchStrategy[dict[str, Any]]:
    places = st.tuples(st.sampled_from(PLACES[order]), st.sampled_from(IDS)) | st.sampled_from(
        [NEWEST_POSITION, OLDEST_POSITION]
    )
    return st.fixed_dictionaries(
        {
            "count": st.integers(1, 8),
            "direction": st.sampled_from(["first", "last"]),
            "after": st.none() | places,
            "before": st.none() | places,
            "offset": st.just(0) | st.integers(0, 8) | st.integers(0, 2**40),
            "status": st.none() | st.sampled_from(get_args(Status)),
            "order": st.just(order),
        }
    )


PARTS = st.sampled_from(get_args(Order)).flatmap(parts_of)


def expected(
    view: list[Position],
    direction: Literal["first", "last"],
    count: int,
    after: Position | None,
    before: Position | None,
    offset: int,
    order: Order,
) -> tuple[list[Position], bool, bool]:
    """What page.lua and `cache.index.Ids` say of a view, in its order."""
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
    position = min(start, len(view))
    return found, position > 0, position + len(found) < len(view)


def rank(view: list[Position], place: Position, order: Order) -> int:
    return sum(other > place if order == "NEWEST" else other < place for other in view)


INSERT: LiteralString = """
    INSERT INTO task (workspace_id, id, title, created_at, updated_at, status, expires_at, deleted_at)
    VALUES ('default', %s, 't', %s, '2026-06-01Z', %s, %s, %s)
"""


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    # Hypothesis calls a plain function; one loop for all its examples.
    with asyncio.Runner() as runner:
        yield runner


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=TABLES, parts=st.lists(PARTS, min_size=5, max_size=15))
def test_pages_are_those_of_a_list(
    database_url: str, runner: asyncio.Runner, table: dict[UUID, Row], parts: list[dict[str, Any]]
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("TRUNCATE task")
        connection.cursor().executemany(INSERT, [(id_, *row) for id_, row in table.items()])
    runner.run(_compare(database_url, table, parts))


async def _compare(database_url: str, table: dict[UUID, Row], parts: list[dict[str, Any]]) -> None:
    async with Database(database_url) as database, database.connection() as connection:
        for part in parts:
            status, order = part["status"], part["order"]
            shown = {id_: row for id_, row in table.items() if row.visible and status in (None, row.status)}
            view = sorted(((row.created_at, id_) for id_, row in shown.items()), reverse=order == "NEWEST")
            if order == "EXPIRING_SOON":
                view = sorted((row.expires_at, id_) for id_, row in shown.items() if row.expires_at)
            cut = {name: value for name, value in part.items() if name != "status"}
            places, has_before, has_after = expected(view, **cut)
            page = await task_page(connection, DEFAULT, **part)
            assert [task.id for task in page.tasks] == [id_ for _, id_ in places]
            assert all(task.status == shown[task.id].status for task in page.tasks)
            assert (page.has_before, page.has_after) == (has_before, has_after)
            assert await task_count(connection, DEFAULT, status, order) == len(view)
            for place in (part["after"], part["before"]):
                if place is not None:
                    assert await task_rank(connection, DEFAULT, place, status, order) == rank(view, place, order)
        of_status = [row.status for row in table.values() if row.visible]
        counts = [len(of_status), *(of_status.count(status) for status in get_args(Status))]
        assert await task_counts(connection, DEFAULT) == counts


async def test_pages_follow_each_other_in_both_directions(connection: Connection) -> None:
    made: list[Task] = []
    kinds: list[tuple[int, Status]] = [(4, "DONE"), (1, "TODO"), (6, "DONE"), (3, "IN_PROGRESS")]
    for count, status in kinds:
        made = await create(connection, count, status=status) + made
    for view_of in (None, *get_args(Status)):
        view = [task for task in made if view_of in (None, task.status)]
        for at, task in enumerate(view):
            place = (task.created_at, task.id)
            after = await task_page(connection, DEFAULT, count=3, after=place, status=view_of)
            assert after == RowPage(view[at + 1 : at + 4], True, at + 4 < len(view))
            before = await task_page(connection, DEFAULT, count=3, direction="last", before=place, status=view_of)
            assert before == RowPage(view[max(0, at - 3) : at], at > 3, True)
            assert await task_rank(connection, DEFAULT, place, view_of) == at


async def test_a_workspace_counts_its_own_alone(connection: Connection) -> None:
    await create(connection, 3)
    assert await task_count(connection, "other") == 0
    assert await task_rank(connection, "other", OLDEST_POSITION) == 0
    assert await task_counts(connection, "other") == [0, 0, 0, 0]
    assert await task_page(connection, "other", count=5) == RowPage([], False, False)


async def test_a_page_is_of_one_moment(database: Database) -> None:
    """While tasks come and go by the hundred, a page has all of them or none."""

    async def change() -> None:
        async with database.connection() as connection:
            for _ in range(20):
                await create(connection, 100)
                await connection.raw.execute("DELETE FROM task")

    changing = asyncio.create_task(change())
    async with database.connection() as connection:
        while not changing.done():
            page = await task_page(connection, DEFAULT, count=100, offset=0)
            assert (len(page.tasks), page.has_before, page.has_after) in [(0, False, False), (100, False, False)]
    await changing
