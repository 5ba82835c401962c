"""Tests that every statement names its workspace, and that a statement which forgets it is found and not sent."""

import re
from typing import LiteralString

import pytest

from db.migrations import FOLDER
from db.wall import EVERY_WORKSPACE, WORKSPACE_TABLES, WrongWorkspace, check_workspace, reach_of
from tests.support.sql_statements import sent_statements, unrestricted_tables

STATEMENTS = sent_statements()
# The statements that are meant for the rows of every workspace, and why.
FOR_EVERY_WORKSPACE: dict[str, str] = {
    "db.gate: READ_GATES": "the watcher reads all open gates in one query",
    "db.gate: SWITCH_GATES_OFF": "the watcher switches closed gates off together",
    "db.due_work: DUE_WORK": "housekeeping looks for work in many workspaces",
    "db.idle_gates: RECORD_USE": "a process records all workspaces that it uses",
    "db.idle_gates: BEGIN_DROP": "looks for indexes that no process uses",
    "db.idle_gates: DROPPING": "looks for indexes that are being dropped",
    "db.api_tokens: TOKENS_PAGE": "an administrator of the service lists all tokens",
    "db.api_tokens: REVOKE_TOKEN": "an administrator of the service revokes any token",
    "db.api_tokens: FIND_TOKEN": "an administrator of the service revokes any token",
    "db.api_tokens: FIND_TOKENS": "the workspace of a caller follows from the token",
    "db.api_tokens: CHANGED_TOKENS": "a process looks for changes of all tokens",
    "db.api_tokens: RECORD_USES": "a process records the use of all tokens",
    "db.audit_log: AUDIT_PAGE": "an administrator of the service reads all entries",
    "db.audit_log: PURGE_AUDIT_LOG": "entries are purged by their age",
    "db.usage: ADD_USAGE": "a process adds what it has counted in all of its workspaces",
    "db.usage_retention: PURGE_USAGE": "rows are purged by their age",
    "db.usage_retention: PURGE_GATE_EVENTS": "events are purged by their age",
    "db.warm_list: DUE_WARM_LISTS": "a worker notes the tasks of all workspaces that it has open",
    "db.usage_retention: PRUNE_USAGE": "a process prunes the rows to which it has added",
}
CONDITION = re.compile(r"(\w+\.)?workspace_id = %\(workspace\)s")
FORGETFUL = [
    "SELECT * FROM task WHERE id = %(id)s",
    "SELECT * FROM task",
    "SELECT * FROM ONLY public.task WHERE id = %(id)s",
    'SELECT * FROM "task"',
    "TABLE task",
    "SELECT * FROM gate, task WHERE gate.workspace_id = %(workspace)s",
    "SELECT * FROM task JOIN gate USING (workspace_id) WHERE task.workspace_id = %(workspace)s",
    "UPDATE task SET title = 'x' WHERE id = ANY(%(ids)s)",
    "DELETE FROM task WHERE id = ANY(%(ids)s)",
    "INSERT INTO task (id, title) VALUES (%(id)s, %(title)s)",
    "INSERT INTO task (workspace_id, id) SELECT %(other)s, id FROM unnest(%(ids)s::uuid[]) AS id",
    "WITH a AS (SELECT * FROM task) SELECT * FROM a WHERE workspace_id = %(other)s",
    "SELECT (SELECT count(*) FROM task) FROM task WHERE workspace_id = %(workspace)s",
    "SELECT 1 FROM task WHERE workspace_id = %(workspace)s UNION ALL SELECT 1 FROM task",
    "WITH gone AS (DELETE FROM task RETURNING id) SELECT count(*) FROM gone",
]
# A count does not notice these. Only the parser does.
MISLEADING = [
    "SELECT * FROM task WHERE workspace_id = %(workspace)s OR id = %(id)s",
    "SELECT * FROM task WHERE NOT (workspace_id = %(workspace)s)",
    "SELECT workspace_id = %(workspace)s FROM task",
    "SELECT * FROM gate LEFT JOIN task ON gate.workspace_id = %(workspace)s AND task.workspace_id = %(workspace)s",
    "SELECT 1 FROM task UNION ALL SELECT 1 WHERE EXISTS (SELECT WHERE 'a' = 'b') AND workspace_id = %(workspace)s",
]


def test_every_statement_is_found() -> None:
    assert len(STATEMENTS) > 100
    for name in (
        "task_table: INSERT_TASKS",
        "pages: task_page_sql('NEWEST', 'first', ())",
        "index_source: INDEX_BATCH",
    ):
        assert f"db.{name}" in STATEMENTS


RESTRICTED = [name for name, text in STATEMENTS.items() if CONDITION.search(text) and name not in FOR_EVERY_WORKSPACE]


@pytest.mark.parametrize("name", STATEMENTS)
def test_statement_names_its_workspace(name: str) -> None:
    text = STATEMENTS[name]
    if reach_of(text) == "every workspace":
        assert name in FOR_EVERY_WORKSPACE
        return
    assert unrestricted_tables(text) == []


def test_exceptions_are_statements_for_every_workspace() -> None:
    found = {name for name, text in STATEMENTS.items() if text.lstrip().startswith(EVERY_WORKSPACE)}
    assert found == FOR_EVERY_WORKSPACE.keys()


@pytest.mark.parametrize("name", RESTRICTED)
def test_each_forgotten_condition_is_found(name: str) -> None:
    text = STATEMENTS[name]
    for found in CONDITION.finditer(text):
        forgetful = text[: found.start()] + "true" + text[found.end() :]
        assert unrestricted_tables(forgetful)
        with pytest.raises(WrongWorkspace, match="does not name its workspace"):
            check_workspace(forgetful, {"workspace": "a"}, "a")


@pytest.mark.parametrize("text", FORGETFUL)
def test_forgetful_statement_is_found_and_not_sent(text: LiteralString) -> None:
    assert unrestricted_tables(text)
    for workspace in ("a", None):
        with pytest.raises(WrongWorkspace):
            check_workspace(text, {"workspace": "a"}, workspace)


@pytest.mark.parametrize("text", MISLEADING)
def test_condition_that_does_not_restrict_is_found(text: str) -> None:
    assert unrestricted_tables(text)


def test_statement_for_another_workspace_is_not_sent() -> None:
    sql: LiteralString = "SELECT * FROM task WHERE workspace_id = %(workspace)s"
    check_workspace(sql, {"workspace": "a"}, "a")
    check_workspace(sql, {"workspace": "a"}, None)
    with pytest.raises(WrongWorkspace, match="for the workspace a is for another one"):
        check_workspace(sql, {"workspace": "b"}, "a")
    # Neither is a call of a function with another workspace.
    with pytest.raises(WrongWorkspace):
        check_workspace("SELECT await_writers(%(workspace)s, %(ids)s)", {"workspace": "b", "ids": []}, "a")


def test_statement_for_every_workspace_needs_a_connection_for_none() -> None:
    sql: LiteralString = f"{EVERY_WORKSPACE}a test\nSELECT * FROM gate"
    check_workspace(sql, {}, None)
    with pytest.raises(WrongWorkspace):
        check_workspace(sql, {}, "a")


def test_wall_knows_every_table_with_a_workspace() -> None:
    sql = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.sql"))
    tables = re.findall(r"CREATE TABLE (\w+) \(\n(?:[^;]*\n)?\s+workspace_id\b", sql)
    assert tables
    assert set(tables) <= set(WORKSPACE_TABLES)


def test_functions_of_the_database_name_their_workspace() -> None:
    sql = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.sql"))
    bodies = re.findall(r"CREATE (?:OR REPLACE )?FUNCTION (\w+)\((.*?)\$\$;", sql, re.DOTALL)
    assert {"enter_gate", "begin_building", "await_writers"} <= {name for name, _ in bodies}
    for _, body in bodies:
        # The functions call their argument `workspace`. That of a trigger is in its row.
        reach_of(re.sub(r"(?<=[=(] )workspace\b|(?<=[=(])workspace\b|\bNEW\.workspace_id\b", "%(workspace)s", body))
