"""Tests that one server can run each statement if the tables are distributed by `workspace_id`, except a few."""

import pytest

from db.wall import WORKSPACE_TABLES
from tests.support.sql_routing import COPIED, DISTRIBUTED, route
from tests.support.sql_statements import sent_statements

STATEMENTS = sent_statements()
# Statements for every server, and how they would run on several.
ON_EVERY_SERVER = {
    "db.gate: READ_GATES": "one query to each server, for its workspaces",
    "db.gate: SWITCH_GATES_OFF": "one statement to each server, for its workspaces",
    "db.due_work: DUE_WORK": "each server has due work of its own",
    "db.idle_gates: RECORD_USE": "one statement to each server, for its workspaces",
    "db.idle_gates: BEGIN_DROP": "each server has idle workspaces of its own",
    "db.idle_gates: DROPPING": "each server has idle workspaces of its own",
    "db.usage: ADD_USAGE": "one statement to each server, for its workspaces",
    "db.usage_retention: PRUNE_USAGE": "one statement to each server, for its workspaces",
    "db.usage_retention: PURGE_USAGE": "each server has old rows of its own",
    "db.warm_list: DUE_WARM_LISTS": "one query to each server, for its workspaces",
    "db.usage_retention: PURGE_GATE_EVENTS": "each server has old rows of its own",
}
# Statements that lock, number or look at transactions. They must run on the server of their workspace.
ON_THE_SERVER_OF_THE_WORKSPACE = {
    "db.gate: ENTER_GATE",
    "db.gate: BEGIN_BUILDING",
    "db.gate: AWAIT_WRITERS",
    "db.gate: AWAIT_BULK",
    "db.gate: TRY_TO_BUILD",
    "db.gate: UNWRITTEN_IDS",
    "db.gate: LAST_TOKEN",
    "db.outcomes: TRANSACTION",
    "db.outcomes: OUTCOMES",
    "db.shape_source: AWAIT_ALL_WRITERS",
    "db.shape_source: NEXT_GENERATION",
    "db.shape_source: TRY_TO_BUILD_SHAPES",
    "db.task_table: INSERT_TASKS",
    "db.task_table: LOCK_TASKS",
    "db.warm_lock: TRY_TO_WARM",
    "db.workspace_removal: REMOVE_TASKS",
}
WRONG = {
    "SELECT 1 FROM task AS one JOIN task AS two ON one.id = two.id AND one.workspace_id = %(workspace)s": "not bound",
    "SELECT 1 FROM task WHERE id = %(id)s": "not bound",
    "SELECT 1 FROM gate, task WHERE gate.workspace_id = task.workspace_id AND task.workspace_id = %(workspace)s": (
        "not bound"
    ),
    """WITH gone AS (DELETE FROM task WHERE workspace_id = %(workspace)s RETURNING id)
       UPDATE workspace SET name = 'x' WHERE id = %(workspace)s""": "distributed and copied",
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_one_server_can_run_the_statement(name: str) -> None:
    found = route(STATEMENTS[name])
    assert bool(found.problems) == (name in ON_EVERY_SERVER), found.problems


def test_lists_name_statements_that_exist() -> None:
    assert ON_EVERY_SERVER.keys() <= STATEMENTS.keys()
    local = {name for name, text in STATEMENTS.items() if route(text).local}
    assert local == ON_THE_SERVER_OF_THE_WORKSPACE


def test_every_table_with_workspaces_is_distributed_or_copied() -> None:
    assert set(WORKSPACE_TABLES) <= DISTRIBUTED | COPIED
    assert not DISTRIBUTED & COPIED


@pytest.mark.parametrize("text", WRONG)
def test_statement_for_several_servers_is_found(text: str) -> None:
    assert any(WRONG[text] in problem for problem in route(text).problems)


def test_unknown_table_is_found() -> None:
    with pytest.raises(ValueError, match="must be listed"):
        route("SELECT 1 FROM comment")
