"""Tests that rows whose words are missing or old get words: rows of other writers, and of earlier versions."""

from typing import LiteralString

from msgspec import structs
from psycopg.rows import scalar_row

from db.connection import Connection
from db.pages import NEWEST_POSITION
from db.pool import Database
from db.search import matching_words
from db.task_table import insert_tasks, tasks_by_id
from db.word_index import BATCH_ROWS, write_due_words
from db.words import tsquery
from tests.support.task_factories import WORKSPACE, create_rows, delete_row, new_task, update_row

INSERT: LiteralString = """
    INSERT INTO task (workspace_id, id, title) SELECT %s, uuidv7(), 'Row ' || n FROM generate_series(1, %s) AS n
"""
DUE: LiteralString = "SELECT count(*) FROM task WHERE words_version IS DISTINCT FROM 1"


async def matches(connection: Connection, text: str) -> int:
    query = tsquery([(text, False)])
    assert query is not None
    return len(await matching_words(connection, WORKSPACE, query, NEWEST_POSITION, 1000, "first"))


LOCK: LiteralString = "SELECT 1 FROM task WHERE workspace_id = %(workspace)s AND title = 'Row 2' FOR UPDATE"


async def due(connection: Connection) -> int:
    row = await (await connection.raw.execute(DUE)).fetchone()
    assert row is not None
    return int(row[0])


async def test_rows_of_other_writers_get_words_in_batches(database: Database, connection: Connection) -> None:
    await connection.raw.execute(INSERT, (WORKSPACE, BATCH_ROWS + 5))
    await connection.raw.execute(INSERT, ("other", 1))
    assert [await write_due_words(database, WORKSPACE) for _ in range(3)] == [BATCH_ROWS, 5, 0]
    assert await due(connection) == 1
    assert await matches(connection, "row") == BATCH_ROWS + 5
    assert await matches(connection, "row 177") == 1


async def test_text_changed_by_another_writer_gets_words(database: Database, connection: Connection) -> None:
    """Workers of the version before change title and description, but not the words."""
    (task,) = await create_rows(connection, title="Before")
    await connection.raw.execute("UPDATE task SET status = 'DONE', expires_at = NULL, version = version + 1")
    assert await due(connection) == 0
    await connection.raw.execute("UPDATE task SET title = 'After', description = '<b>bold</b>', version = version + 1")
    assert await due(connection) == 1
    before = await tasks_by_id(connection, WORKSPACE, [task.id])
    assert await write_due_words(database, WORKSPACE) == 1
    assert [await matches(connection, word) for word in ("before", "after", "bold")] == [0, 1, 1]
    assert await tasks_by_id(connection, WORKSPACE, [task.id]) == before


async def test_writes_of_the_service_leave_no_row_without_words(connection: Connection) -> None:
    (task,) = await create_rows(connection, title="A title")
    for title in ("Another", "Third", "<third>", "Fourth"):
        task = await update_row(connection, WORKSPACE, structs.replace(task, title=title))
        assert await matches(connection, title) == 1
    await delete_row(connection, WORKSPACE, task)
    assert await due(connection) == 0


async def test_row_that_a_writer_has_locked_is_left_for_later(database: Database, connection: Connection) -> None:
    await connection.raw.execute(INSERT, (WORKSPACE, 3))
    async with database.transaction() as writer:
        await writer.query(LOCK, {"workspace": WORKSPACE}, scalar_row)
        assert await write_due_words(database, WORKSPACE) == 2
    assert await write_due_words(database, WORKSPACE) == 1


async def test_words_of_an_earlier_definition_are_found_until_they_are_written_anew(
    database: Database, connection: Connection
) -> None:
    """Migration 0008 keeps the words that PostgreSQL computed."""
    await insert_tasks(connection, WORKSPACE, [new_task("Mail <anna>")])
    await connection.raw.execute("UPDATE task SET words = to_tsvector('simple', title), words_version = NULL")
    assert [await matches(connection, word) for word in ("mail", "anna")] == [1, 0]
    assert await write_due_words(database, WORKSPACE) == 1
    assert [await matches(connection, word) for word in ("mail", "anna")] == [1, 1]
