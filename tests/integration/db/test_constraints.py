"""Tests the constraints of the task table, which enforce the limits of the API."""

from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID, uuid4

import pytest
from psycopg import errors

from db.connection import Connection
from db.errors import DatabaseError
from db.pages import task_count
from db.pool import Database
from db.task import NewTask
from db.task_table import insert_tasks
from tests.support.task_factories import PAST, WORKSPACE, new_id, new_task

INSERT: LiteralString = """
    INSERT INTO task (workspace_id, id, title, description, created_at, updated_at, expires_at, version, created_by,
                      updated_by, due_at, assignee, labels, metadata, external_id)
    VALUES (%(workspace_id)s, %(id)s, %(title)s, %(description)s, %(created_at)s, %(updated_at)s, %(expires_at)s,
            %(version)s, %(created_by)s, %(updated_by)s, %(due_at)s, %(assignee)s, %(labels)s::text[],
            %(metadata)s::json, %(external_id)s)
"""


def row_values(**values: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    defaults = {"workspace_id": WORKSPACE, "id": new_id(), "title": "t", "description": "", "version": 1}
    names = ("created_by", "updated_by", "due_at", "assignee", "metadata", "external_id")
    optional = dict.fromkeys(names) | {"labels": "{}"}
    return defaults | optional | {"created_at": now, "updated_at": now, "expires_at": None} | values


@pytest.mark.parametrize(
    "values",
    [
        {"title": "x" * 500},
        {"title": "🫖" * 500},
        {"description": "🫖" * 10_000},
        {"workspace_id": "a"},
        {"workspace_id": "0" + "a_-" * 20 + "zz"},
        {"expires_at": datetime(2199, 12, 31, tzinfo=UTC)},
        {"created_at": datetime(1970, 1, 1, tzinfo=UTC)},
        {"version": 2**31 - 1},
        {"created_by": "🫖" * 300, "updated_by": "a"},
        {"due_at": datetime(1970, 1, 1, tzinfo=UTC)},
        {"due_at": datetime(2199, 12, 31, tzinfo=UTC)},
        {"assignee": "🫖" * 200},
        {"labels": ["🫖" * 49 + str(number % 10) for number in range(10)] + list("abcdefghij")},
        {"metadata": '{"a":"' + "x" * 4088 + '"}'},
        {"external_id": "🫖" * 200},
    ],
)
async def test_value_at_its_limit_is_accepted(connection: Connection, values: dict[str, Any]) -> None:
    await connection.raw.execute(INSERT, row_values(**values))


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("task_title", {"title": ""}),
        ("task_title", {"title": "x" * 501}),
        ("task_description", {"description": "x" * 10_001}),
        ("task_id", {"id": uuid4()}),
        ("task_id", {"id": UUID(int=0)}),
        ("task_workspace_id", {"workspace_id": ""}),
        ("task_workspace_id", {"workspace_id": "a" * 64}),
        ("task_workspace_id", {"workspace_id": "{a}"}),
        ("task_workspace_id", {"workspace_id": "a\n"}),
        ("task_workspace_id", {"workspace_id": "-a"}),
        ("task_created_at", {"created_at": datetime(1969, 12, 31, tzinfo=UTC)}),
        ("task_created_at", {"created_at": datetime(2200, 1, 1, tzinfo=UTC), "updated_at": datetime(2201, 1, 1)}),
        ("task_expires_at", {"expires_at": datetime(1, 1, 1, tzinfo=UTC)}),
        ("task_expires_at", {"expires_at": datetime(2200, 1, 1, tzinfo=UTC)}),
        ("task_updated_at", {"updated_at": PAST}),
        ("task_version", {"version": 0}),
        ("task_created_by", {"created_by": ""}),
        ("task_created_by", {"created_by": "x" * 301}),
        ("task_updated_by", {"updated_by": ""}),
        ("task_updated_by", {"updated_by": "x" * 301}),
        ("task_due_at", {"due_at": datetime(1969, 12, 31, tzinfo=UTC)}),
        ("task_due_at", {"due_at": datetime(2200, 1, 1, tzinfo=UTC)}),
        ("task_assignee", {"assignee": ""}),
        ("task_assignee", {"assignee": "x" * 201}),
        ("task_labels", {"labels": [""]}),
        ("task_labels", {"labels": "{NULL}"}),
        ("task_labels", {"labels": ["x" * 51]}),
        ("task_labels", {"labels": ["a", "b", "a"]}),
        ("task_labels", {"labels": [str(number) for number in range(21)]}),
        ("task_external_id", {"external_id": ""}),
        ("task_external_id", {"external_id": "x" * 201}),
        ("task_metadata", {"metadata": "[]"}),
        ("task_metadata", {"metadata": "null"}),
        ("task_metadata", {"metadata": '{"a":"' + "x" * 4089 + '"}'}),
    ],
)
async def test_value_over_its_limit_is_refused(connection: Connection, constraint: str, values: dict[str, Any]) -> None:
    with pytest.raises(errors.CheckViolation) as refused:
        await connection.raw.execute(INSERT, row_values(**values))
    assert refused.value.diag.constraint_name == constraint


async def test_every_constraint_has_a_test(connection: Connection) -> None:
    found = await connection.raw.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'task'::regclass AND contype = 'c'"
    )
    tested = {f"task_{name}" for name in ("title", "description", "id", "workspace_id")}
    tested |= {
        f"task_{name}" for name in ("created_at", "expires_at", "updated_at", "version", "created_by", "updated_by")
    }
    tested |= {f"task_{name}" for name in ("due_at", "assignee", "labels", "metadata", "external_id")}
    assert {name for (name,) in await found.fetchall()} == tested


@pytest.mark.parametrize(
    "fields", [{"title": "a\0b"}, {"title": "\ud800"}, {"status": "NEW"}, {"priority": "low"}, {"title": ""}]
)
async def test_invalid_value_raises_database_error(database: Database, fields: dict[str, Any]) -> None:
    values = {"title": "t"} | fields
    with pytest.raises((DatabaseError, UnicodeError)):
        async with database.connection() as connection:
            await insert_tasks(connection, WORKSPACE, [NewTask(new_id(), **values), new_task()])
    async with database.connection() as connection:
        assert await task_count(connection, WORKSPACE) == 0
