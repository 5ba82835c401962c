"""Compares pages, counts and ranks from SQL with a model: a sorted list, sliced like in the page script."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal, LiteralString, NamedTuple, get_args
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.connection import Connection
from db.facets import FacetOrder, facet_counts
from db.orders import declared_order, order_score
from db.pages import (
    NEWEST_POSITION,
    OLDEST_POSITION,
    PagePosition,
    RowPage,
    task_count,
    task_counts,
    task_page,
    task_rank,
)
from db.pool import Database
from db.task import Order, Priority, Status, Task
from db.views import DIMENSIONS, Dimension, View
from tests.support.examples import examples
from tests.support.task_factories import PAST, WORKSPACE, create_rows

SOON, FUTURE = datetime(2149, 12, 31, tzinfo=UTC), datetime(2150, 1, 1, tzinfo=UTC)
# Few times and ids, so that tasks share a time, and positions lie on tasks, between tasks and at both ends.
TIMES = [datetime(2026, 1, 1, 12, 0, 0, microsecond, tzinfo=UTC) for microsecond in range(4)]
LISTS = [UUID("01890000-0000-7000-8000-000000000001"), UUID("01890000-0000-7000-8000-000000000002")]
# Names whose order by bytes differs from that of a language, and labels that equal what their index adds to them.
ASSIGNEES, LABELS = ["ann", "Bob", "Ä"], ["bug", "Zoo", "é", WORKSPACE, f"\x01{WORKSPACE}"]
PRIORITIES: list[Priority] = ["NONE", "URGENT"]
IDS = [UUID(int=(0x7 << 76) | (0x2 << 62) | (n << 80)) for n in range(40)]


class Row(NamedTuple):
    """The columns of a row that matter for pages."""

    created_at: datetime
    status: Status
    expires_at: datetime | None
    deleted_at: datetime | None
    list_id: UUID | None
    assignee: str | None
    labels: list[str]
    priority: Priority
    due_at: datetime | None

    @property
    def visible(self) -> bool:
        return self.deleted_at is None and self.expires_at != PAST

    def values(self, dimension: Dimension) -> list[str]:
        """Return the values in a dimension: the row is in the view of each."""
        if dimension == "label":
            return self.labels
        value = self.list_id if dimension == "list" else getattr(self, dimension)
        return [] if value is None else [str(value)]

    def is_in(self, view: View) -> bool:
        """Return whether the row has the values of a view."""
        key = iter(view.key.split("\0"))
        return all(next(key) in self.values(dimension) for dimension in view.shape)


TABLES = st.dictionaries(
    st.sampled_from(IDS),
    st.builds(
        Row,
        st.sampled_from(TIMES),
        st.sampled_from(get_args(Status)),
        st.sampled_from([None, None, PAST, SOON, FUTURE]),
        st.sampled_from([None, None, None, PAST]),
        st.sampled_from([None, *LISTS]),
        st.sampled_from([None, *ASSIGNEES]),
        st.lists(st.sampled_from(LABELS), unique=True, max_size=3),
        st.sampled_from(PRIORITIES),
        st.sampled_from([None, PAST, SOON]),
    ),
    max_size=30,
)
VIEWS = st.builds(
    View,
    st.sampled_from([None, None, *LISTS]),
    st.sampled_from([None, None, None, *ASSIGNEES]),
    st.sampled_from([None, None, None, *LABELS]),
    st.sampled_from([None, None, *PRIORITIES]),
    st.sampled_from([None, None, *get_args(Status)]),
)
POSITION_TIMES = {
    "NEWEST": TIMES,
    "OLDEST": TIMES,
    "EXPIRING_SOON": [PAST, SOON, FUTURE],
}
DESCENDING = ("NEWEST", "PRIORITY_FIRST")


def make_task(created_at: datetime, priority: Priority, due_at: datetime | None) -> Task:
    return Task(IDS[0], "t", "", "TODO", priority, created_at, created_at, None, 1, due_at=due_at)


def page_arguments(order: Order) -> st.SearchStrategy[dict[str, Any]]:
    positions: st.SearchStrategy[Any]
    if order in POSITION_TIMES:
        positions = st.tuples(st.sampled_from(POSITION_TIMES[order]), st.sampled_from(IDS))
        positions |= st.sampled_from([NEWEST_POSITION, OLDEST_POSITION])
    else:
        rows = st.builds(
            make_task, st.sampled_from(TIMES), st.sampled_from(PRIORITIES), st.sampled_from([None, PAST, SOON])
        )
        positions = st.tuples(st.builds(order_score, rows, st.just(order)), st.sampled_from(IDS))
    return st.fixed_dictionaries(
        {
            "count": st.integers(1, 8),
            "direction": st.sampled_from(["first", "last"]),
            "after": st.none() | positions,
            "before": st.none() | positions,
            "offset": st.just(0) | st.integers(0, 8) | st.integers(0, 2**40),
            "view": VIEWS,
            "order": st.just(order),
        }
    )


PAGE_ARGUMENTS = st.sampled_from(get_args(Order)).flatmap(page_arguments)


def expected_page(
    view: list[PagePosition],
    direction: Literal["first", "last"],
    count: int,
    after: PagePosition | None,
    before: PagePosition | None,
    offset: int,
    order: Order,
) -> tuple[list[PagePosition], bool, bool]:
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


def rank(view: list[PagePosition], position: PagePosition, order: Order) -> int:
    return sum(other > position if order in DESCENDING else other < position for other in view)  # type: ignore[operator]


def positions_of(rows: dict[UUID, Row], order: Order) -> list[PagePosition]:
    """Return the positions of visible rows in an order, sorted."""
    found: list[Any] = [(row.created_at, id_) for id_, row in rows.items()]
    if order == "EXPIRING_SOON":
        found = [(row.expires_at, id_) for id_, row in rows.items() if row.expires_at]
    elif declared := declared_order(order):
        tasks = {id_: make_task(row.created_at, row.priority, row.due_at) for id_, row in rows.items()}
        found = [(order_score(task, declared), id_) for id_, task in tasks.items()]
    return sorted(found, reverse=order in DESCENDING)


INSERT: LiteralString = """
    INSERT INTO task (workspace_id, id, title, created_at, updated_at, status, expires_at, deleted_at, list_id,
                      assignee, labels, priority, due_at)
    VALUES ('default', %s, 't', %s, '2026-06-01Z', %s, %s, %s, %s, %s, %s, %s, %s)
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
            view_of, order = arguments["view"], arguments["order"]
            shown = {id_: row for id_, row in table.items() if row.visible and row.is_in(view_of)}
            view = positions_of(shown, order)
            slice_arguments = {name: value for name, value in arguments.items() if name != "view"}
            positions, has_before, has_after = expected_page(view, **slice_arguments)
            page = await task_page(connection, WORKSPACE, **arguments)
            assert [task.id for task in page.tasks] == [id_ for _, id_ in positions]
            assert all(view_of.holds(task) for task in page.tasks)
            assert (page.has_before, page.has_after) == (has_before, has_after)
            assert await task_count(connection, WORKSPACE, view_of, order) == len(view)
            for position in (arguments["after"], arguments["before"]):
                if position is not None:
                    found = await task_rank(connection, WORKSPACE, position, view_of, order)
                    assert found == rank(view, position, order)
            for by in DIMENSIONS:
                await _compare_facets(connection, by, view_of, list(shown.values()))
        of_status = [row.status for row in table.values() if row.visible]
        counts = [len(of_status), *(of_status.count(status) for status in get_args(Status))]
        assert await task_counts(connection, WORKSPACE) == counts


async def _compare_facets(connection: Connection, by: Dimension, view: View, shown: list[Row]) -> None:
    counts = Counter(value for row in shown for value in row.values(by))
    by_name = sorted(counts.items(), key=lambda facet: facet[0].encode())
    by_count = sorted(by_name, key=lambda facet: -facet[1])
    expected: dict[FacetOrder, list[tuple[str, int]]] = {"COUNT": by_count, "NAME": by_name}
    for order, facets in expected.items():
        for first in (2, 100):
            assert await facet_counts(connection, WORKSPACE, by, view, first, order) == facets[:first]


async def test_pages_are_contiguous_in_both_directions(connection: Connection) -> None:
    made: list[Task] = []
    kinds: list[tuple[int, Status]] = [(4, "DONE"), (1, "TODO"), (6, "DONE"), (3, "IN_PROGRESS")]
    for count, status in kinds:
        made = await create_rows(connection, count, status=status) + made
    for view_of in (View(), *(View(status=status) for status in get_args(Status))):
        view = [task for task in made if view_of.holds(task)]
        for at, task in enumerate(view):
            position = (task.created_at, task.id)
            after = await task_page(connection, WORKSPACE, count=3, after=position, view=view_of)
            assert after == RowPage(view[at + 1 : at + 4], True, at + 4 < len(view))
            before = await task_page(connection, WORKSPACE, count=3, direction="last", before=position, view=view_of)
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
