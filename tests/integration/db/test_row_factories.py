"""Row factories build records by column name, whatever the order of the columns."""

from typing import LiteralString

import pytest

from db.connection import Connection
from db.row_factories import task_row, task_row_with
from db.task import LockedTask
from db.task_table import COLUMNS, tasks_by_id
from tests.support.task_factories import WORKSPACE, create_rows, in_an_hour

ONE_WORKSPACE: LiteralString = "WHERE workspace_id = %(workspace)s"
PARAMS = {"workspace": WORKSPACE}
REVERSED: LiteralString = ", ".join(COLUMNS.split(", ")[::-1])


@pytest.mark.parametrize("columns", [COLUMNS, REVERSED, f"7 AS token, {COLUMNS}"])
async def test_task_is_read_from_columns_in_any_order(connection: Connection, columns: LiteralString) -> None:
    (task,) = await create_rows(connection, status="DONE", priority="LOW", expires_at=in_an_hour())
    sql: LiteralString = f"SELECT {columns} FROM task {ONE_WORKSPACE}"
    assert await connection.query(sql, PARAMS, task_row) == [task]
    assert await tasks_by_id(connection, WORKSPACE, [task.id]) == {task.id: task}


async def test_records_with_a_task_are_read_by_column_name(connection: Connection) -> None:
    (task,) = await create_rows(connection)
    sql: LiteralString = f"SELECT updated_at AS now, {REVERSED}, true AS deleted, 7 AS token FROM task {ONE_WORKSPACE}"
    assert await connection.query(sql, PARAMS, task_row_with(LockedTask)) == [
        LockedTask(task, True, task.updated_at, 7)
    ]


async def test_missing_column_is_an_error(connection: Connection) -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        await connection.query(f"SELECT id, title FROM task {ONE_WORKSPACE}", PARAMS, task_row)
