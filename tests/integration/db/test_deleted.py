"""Tests keyset pages of deleted tasks."""

import random
import re
from datetime import UTC, datetime, timedelta
from typing import LiteralString, get_args
from uuid import UUID

import pytest

from db.connection import Connection
from db.deleted import DeletedTask, deleted_page, deleted_page_sql, deleted_task
from db.pages import NEWEST_POSITION, OLDEST_POSITION, Direction, Position
from db.purge import purge_tasks
from db.task import Task
from tests.support.task_factories import WORKSPACE, create_rows, delete_row, in_an_hour, restore_row

MONTH = timedelta(days=30)
ROWS = 1000


FILL: LiteralString = """
    INSERT INTO task (workspace_id, id, title, deleted_at)
    SELECT 'default', uuidv7(make_interval(secs => n)), 'Task ' || n, now() - make_interval(secs => n)
    FROM generate_series(1, 20000) AS n
"""


def position(deleted: DeletedTask) -> Position:
    return deleted.deleted_at, deleted.task.id


async def delete_with_ties(connection: Connection) -> list[Position]:
    """Create 1,000 deleted tasks, in groups of about 40 with the same time. Return their positions in order."""
    tasks = await create_rows(connection, ROWS)
    rng, now = random.Random(3), datetime.now(UTC)
    times = {task.id: now - timedelta(seconds=rng.randrange(ROWS // 40)) for task in tasks}
    await connection.raw.execute(
        "UPDATE task SET deleted_at = at FROM unnest(%s::uuid[], %s::timestamptz[]) AS given (id, at) "
        "WHERE task.id = given.id",
        (list(times), list(times.values())),
    )
    return sorted(((at, id_) for id_, at in times.items()), reverse=True)


async def read_all(connection: Connection, count: int) -> list[DeletedTask]:
    found: list[DeletedTask] = []
    while True:
        after = position(found[-1]) if found else None
        page = await deleted_page(connection, WORKSPACE, MONTH, count=count, after=after)
        found += page.tasks
        assert page.has_before == (after is not None)
        if not page.has_after:
            return found
        assert len(page.tasks) == count


async def shift(connection: Connection, task: Task, column: str, ago: timedelta) -> None:
    """Move the deletion or the expiry of a task into the past."""
    sql = {
        "deleted_at": "UPDATE task SET deleted_at = now() - %s WHERE id = %s",
        "expires_at": "UPDATE task SET expires_at = now() - %s WHERE id = %s",
    }
    await connection.raw.execute(sql[column], (ago, task.id))


async def test_pages_of_1000_with_ties_have_every_task_once(connection: Connection) -> None:
    expected = await delete_with_ties(connection)
    for count in (37, 100):
        assert [position(deleted) for deleted in await read_all(connection, count)] == expected


async def test_any_range_in_both_directions_matches_the_list(connection: Connection) -> None:
    expected = await delete_with_ties(connection)
    rng = random.Random(5)
    for _ in range(200):
        begin, end = sorted(rng.sample(range(-1, ROWS + 1), 2))
        count, first = rng.choice([0, 1, 7, 100]), rng.random() < 0.5
        page = await deleted_page(
            connection,
            WORKSPACE,
            MONTH,
            count=count,
            direction="first" if first else "last",
            after=expected[begin] if begin >= 0 else None,
            before=expected[end] if end < ROWS else None,
        )
        start = begin + 1 if first else max(begin + 1, end - count)
        stop = min(end, start + count) if first else end
        assert [position(deleted) for deleted in page.tasks] == expected[start:stop]
        assert (page.has_before, page.has_after) == (start > 0, stop < ROWS)


async def test_restored_and_deleted_tasks_do_not_disturb_the_following_pages(connection: Connection) -> None:
    expected = await delete_with_ties(connection)
    page = await deleted_page(connection, WORKSPACE, MONTH, count=100)
    cursor = page.tasks[-1]
    for deleted in (page.tasks[3], cursor):  # the second one is the cursor
        await restore_row(connection, WORKSPACE, deleted.task)
    (other,) = await create_rows(connection)
    await delete_row(connection, WORKSPACE, other)
    following = await deleted_page(connection, WORKSPACE, MONTH, count=100, after=position(cursor))
    assert [position(deleted) for deleted in following.tasks] == expected[100:200]
    first = await deleted_page(connection, WORKSPACE, MONTH, count=100)
    assert first.tasks[0].task.id == other.id
    assert {deleted.task.id for deleted in first.tasks}.isdisjoint({page.tasks[3].task.id, cursor.task.id})


async def test_purge_removes_tasks_at_their_time(connection: Connection) -> None:
    early, late, gone = tasks = await create_rows(connection, 3)
    for task, ago in zip(
        tasks, (MONTH - timedelta(minutes=5), timedelta(0), MONTH + timedelta(minutes=5)), strict=True
    ):
        await delete_row(connection, WORKSPACE, task)
        await shift(connection, task, "deleted_at", ago)
    before = await deleted_page(connection, WORKSPACE, MONTH, count=5)
    assert [deleted.task.id for deleted in before.tasks] == [late.id, early.id]
    assert all(deleted.purge_at == deleted.deleted_at + MONTH for deleted in before.tasks)
    assert await deleted_task(connection, WORKSPACE, MONTH, gone.id) is None
    assert await purge_tasks(connection, WORKSPACE, MONTH) == 1
    assert await deleted_page(connection, WORKSPACE, MONTH, count=5) == before


async def test_expired_tasks_are_not_in_the_list(connection: Connection) -> None:
    expired, deleted, both = await create_rows(connection, 3, expires_at=in_an_hour())
    for task in (deleted, both):
        await delete_row(connection, WORKSPACE, task)
    for task in (expired, both):
        await shift(connection, task, "expires_at", timedelta(seconds=1))
    page = await deleted_page(connection, WORKSPACE, MONTH, count=5)
    assert [each.task.id for each in page.tasks] == [deleted.id]
    for task in (expired, both):
        assert await deleted_task(connection, WORKSPACE, MONTH, task.id) is None


async def test_other_workspaces_have_their_own_deleted_tasks(connection: Connection) -> None:
    (task,) = await create_rows(connection)
    await delete_row(connection, WORKSPACE, task)
    page = await deleted_page(connection, "other", MONTH, count=5)
    assert (page.tasks, page.has_before, page.has_after) == ([], False, False)
    assert await deleted_task(connection, "other", MONTH, task.id) is None
    found = await deleted_task(connection, WORKSPACE, MONTH, task.id)
    assert found is not None
    assert found.task.version == task.version + 1


async def test_page_between_positions_without_tasks_is_empty(connection: Connection) -> None:
    for after, before in ((NEWEST_POSITION, OLDEST_POSITION), (OLDEST_POSITION, NEWEST_POSITION)):
        page = await deleted_page(connection, WORKSPACE, MONTH, count=5, after=after, before=before)
        assert (page.tasks, page.has_before, page.has_after) == ([], False, False)
    assert await deleted_task(connection, WORKSPACE, MONTH, UUID(int=0)) is None


@pytest.mark.parametrize("direction", get_args(Direction))
async def test_page_reads_only_its_part_of_the_index(connection: Connection, direction: Direction) -> None:
    await connection.raw.execute(FILL)
    await connection.raw.execute("VACUUM ANALYZE task")
    times = "SELECT deleted_at, id FROM task ORDER BY deleted_at DESC OFFSET %s LIMIT 1"
    middle, later = [(await (await connection.raw.execute(times, (n,))).fetchall())[0] for n in (9_000, 11_000)]
    sql: LiteralString = "EXPLAIN (ANALYZE, BUFFERS) " + deleted_page_sql(direction)
    for after, before in (
        (NEWEST_POSITION, OLDEST_POSITION),
        (middle, OLDEST_POSITION),
        (NEWEST_POSITION, later),
        (middle, later),
    ):
        params = {
            "workspace": WORKSPACE, "retention": MONTH, "count": 51, "after_at": after[0], "after_id": after[1],
            "before_at": before[0], "before_id": before[1],
        }  # fmt: skip
        plan = "\n".join(line for (line,) in await (await connection.raw.execute(sql, params)).fetchall())
        # The index has more than 200 blocks. Each row of the page takes up to four blocks more.
        total = re.search(r"^  Buffers: shared hit=(\d+)", plan, re.MULTILINE)
        assert total is not None
        assert int(total[1]) < 51 * 4 + 30, plan
