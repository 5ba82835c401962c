"""Tests query plans: no statement scans the whole table, and counts use index-only scans."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, get_args
from uuid import UUID

import psycopg

from db import (
    deleted,
    due_work,
    export,
    facets,
    filters,
    gate,
    idle_gates,
    index_source,
    pages,
    purge,
    search,
    task_lists,
    task_table,
    word_index,
)
from db.arrays import time_array
from db.exclusions import Exclusion, exclusions_param
from db.orders import DECLARED_ORDERS
from db.task import Order, Status
from db.view_rows import is_indexed_by_status
from db.views import ALL_TASKS, BASE_SHAPES, parse_shape
from tests.support.task_factories import WORKSPACE, new_task

ROWS = 100_000
FILL: LiteralString = """
    INSERT INTO task (workspace_id, id, title, status, created_at, updated_at, expires_at, deleted_at, words,
                      words_version, list_id, assignee, labels)
    SELECT CASE WHEN n %% 10 = 0 THEN 'other' ELSE 'default' END, uuidv7(make_interval(secs => n)), 'Task ' || n,
           (enum_range(NULL::task_status))[1 + n %% 3],
           '2026-01-01Z'::timestamptz + make_interval(secs => n / 3), '2026-06-01Z',
           CASE WHEN n %% 5 = 0 THEN now() + make_interval(days => n %% 3 - 1, secs => n) END,
           CASE WHEN n %% 50 = 1 THEN now() - make_interval(secs => n * 60) END,
           to_tsvector('simple', 'Task ' || n), CASE WHEN n %% 100 > 0 THEN 1 END,
           CASE WHEN n %% 3 > 0 THEN ('01890000-0000-7000-8000-' || lpad((n %% 20)::text, 12, '0'))::uuid END,
           CASE WHEN n %% 4 > 0 THEN 'user' || n %% 50 END,
           CASE WHEN n %% 2 > 0 THEN ARRAY['l' || n %% 70] ELSE '{}' END
    FROM generate_series(1, %s) AS n
"""
# The gate table has one row for each workspace. PostgreSQL uses its index only if the table has many rows.
GATES: LiteralString = "INSERT INTO gate SELECT 'w' || n, 'on', n, 'run' FROM generate_series(1, 10000) AS n"
WORKSPACES: LiteralString = "INSERT INTO workspace (id, name) SELECT 'w' || n, 'W' FROM generate_series(1, 10000) AS n"
LISTS: LiteralString = """
    INSERT INTO task_list (workspace_id, id, name)
    SELECT CASE WHEN n % 100 = 0 THEN 'default' ELSE 'w' || n % 100 END, uuidv7(make_interval(secs => n)), 'L'
    FROM generate_series(1, 10000) AS n
"""
STATEMENT = re.compile(r"\s*(--.*\s*)?(SELECT|INSERT|UPDATE|DELETE|WITH)\b")
IN_GATE: LiteralString = "SELECT epoch FROM gate WHERE workspace_id = 'w77'"

MODULES = (task_table, gate, idle_gates, due_work, pages, purge, index_source, word_index, deleted, task_lists)
# These statements use only functions and sequences. The functions read the gate with the query IN_GATE.
WITHOUT_TABLE = {"ENTER_GATE", "AWAIT_WRITERS", "TRY_TO_BUILD", "BEGIN_BUILDING"}
GATE = {
    "READ_GATE",
    "READ_GATES",
    "CLOSE_GATE",
    "SWITCH_OFF",
    "WRITE_BUILDING",
    "SWITCH_ON",
    "RECORD_USE",
    "FINISH_DROP",
}
CREATION_ORDERS: tuple[Order, ...] = ("NEWEST", "OLDEST")
INDEXES: dict[Order, str] = {"NEWEST": "task_page", "OLDEST": "task_page", "EXPIRING_SOON": "task_expiring"}
# The shapes of declared views with the index that has their tasks in the order of the creation.
VIEW_INDEXES = {
    parse_shape(name): index
    for name, index in {
        "list": "task_by_list",
        "list+status": "task_by_list",
        "list+priority": "task_by_list",
        "assignee": "task_by_assignee",
        "assignee+status": "task_by_assignee",
        "list+assignee": "task_by_assignee",
        "priority": "task_filter",
        "priority+status": "task_filter",
    }.items()
}
BY_LABEL = (parse_shape("label"), parse_shape("label+status"))
# Each kind of statement for a view, with its order, its shape, and its index.
ORDERED = [(order, shape, INDEXES[order]) for order in INDEXES for shape in BASE_SHAPES] + [
    (order, shape, index) for order in CREATION_ORDERS for shape, index in VIEW_INDEXES.items()
]
# PostgreSQL reads these views whole, by an index that does not have their order.
WHOLE = [(order, shape, "task_by_label") for order in CREATION_ORDERS for shape in BY_LABEL] + [
    ("EXPIRING_SOON", shape, f"(task_expiring|{index})") for shape, index in VIEW_INDEXES.items()
]
# As are all views in a declared order.
WHOLE += [(order, shape, index) for order in DECLARED_ORDERS for shape, index in VIEW_INDEXES.items()]
PAGES = {
    f"page {order} {direction} {shape}": (index, shape, pages.task_page_sql(order, direction, shape))
    for order, shape, index in ORDERED
    for direction in get_args(pages.Direction)
}
COUNTS = {
    f"{sql.__name__} {order} {shape}": (index, sql(order, shape))
    for order, shape, index in ORDERED
    for sql in (pages.task_count_sql, pages.task_rank_sql)
} | {"task_counts": ("task_page_by_status", pages.TASK_COUNTS)}
FACETS = {
    f"facets {by} {shape} {order}": (index, facets.facets_sql(by, shape, order))
    for order in get_args(facets.FacetOrder)
    for by, shape, index in (
        *(("list", (), "task_by_list"), ("assignee", (), "task_by_assignee"), ("label", (), "task_page")),
        *(("priority", (), "task_filter"), ("status", (), "task_page_by_status")),
        *(("status", ("list",), "task_by_list"), ("assignee", ("list",), "task_by_")),
        *(("status", ("label",), "task_by_label"), ("label", ("assignee",), "task_by_assignee")),
    )
}
READ_WHOLE = {
    f"page {order} {direction} {shape}": (index, pages.task_page_sql(order, direction, shape))
    for order, shape, index in WHOLE
    for direction in get_args(pages.Direction)
} | {
    f"{sql.__name__} {order} {shape}": (index, sql(order, shape))
    for order, shape, index in WHOLE
    for sql in (pages.task_count_sql, pages.task_rank_sql)
}
DONE: Status = "DONE"
BY_LIST, BY_ASSIGNEE, BY_BOTH = parse_shape("list"), parse_shape("assignee"), parse_shape("list+assignee")
FILTER_INDEXES = {
    ALL_TASKS: "task_filter",
    BY_LIST: "task_by_list",
    BY_ASSIGNEE: "task_by_assignee",
    BY_BOTH: "task_by_assignee",
    parse_shape("label"): "task_by_label",
    parse_shape("list+label"): "task_by_l",
    parse_shape("assignee+label"): "task_by_",
}
SEARCHES = (
    {
        f"filter {direction} {shape} {by_due} {excluding}": (
            index,
            filters.filter_sql(direction, shape, by_due=by_due, excluding=excluding),
        )
        for shape, index in FILTER_INDEXES.items()
        for by_due in (False, True)
        for excluding in (False, True)
        for direction in get_args(pages.Direction)
    }
    | {
        f"expiry filter {direction}": ("task_expiring_by_status", filters.expiry_filter_sql(direction))
        for direction in get_args(pages.Direction)
    }
    | {
        f"{sql.__name__} {direction} {status}": (index, sql(direction, status))
        for status, index, sql in (
            (None, "task_page", search.newest_words_sql),
            (DONE, "task_page_by_status", search.newest_words_sql),
            (None, "task_words", search.all_words_sql),
            (DONE, "task_words", search.all_words_sql),
        )
        for direction in get_args(pages.Direction)
    }
)
DELETED = {f"deleted_page {direction}": deleted.deleted_page_sql(direction) for direction in get_args(pages.Direction)}
# Not a sort of tasks: the merge of the start of the range with the position after every row.
MERGE = re.compile(r"Sort Key: task(_1)?\.(created|expires)_at( DESC)?\n")


def statements() -> dict[str, LiteralString]:
    by_index = {**COUNTS, **SEARCHES, **READ_WHOLE, **FACETS}
    found: dict[str, LiteralString] = {name: text for name, (_, text) in by_index.items()} | DELETED
    exported = ("", "status", "list", "assignee", "label", "priority", "list+label", "assignee+priority+status")
    found |= {f"export {name}": export.export_sql(parse_shape(name) if name else ALL_TASKS) for name in exported}
    found |= {name: text for name, (_, _, text) in PAGES.items()}
    for module in MODULES:
        for name, value in vars(module).items():
            if not isinstance(value, str) or not name.isupper() or name.startswith("_"):
                continue
            if STATEMENT.match(value):
                found[name] = value
    return found


async def explain(connection: psycopg.AsyncConnection[Any], statement: LiteralString, params: dict[str, Any]) -> str:
    plan = await connection.execute("EXPLAIN " + statement, params)
    return "\n".join(line for (line,) in await plan.fetchall())


async def explain_generic(connection: psycopg.AsyncConnection[Any], statement: LiteralString) -> str:
    """Return the generic plan of a prepared statement, which does not depend on the parameters."""
    names = sorted(set(re.findall(r"%\((\w+)\)s", statement)))
    for number, name in enumerate(names, 1):
        statement = statement.replace(f"%({name})s", f"${number}")
    plan = await connection.execute("EXPLAIN (GENERIC_PLAN) " + statement)
    return "\n".join(line for (line,) in await plan.fetchall())


async def test_no_statement_scans_the_whole_table(database_url: str) -> None:
    now, rows = datetime.now(UTC), [new_task() for _ in range(100)]
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute(FILL, (ROWS,))
        await connection.execute(GATES)
        await connection.execute(WORKSPACES)
        await connection.execute(LISTS)
        await connection.execute("VACUUM ANALYZE")
        found = await connection.execute("SELECT array_agg(id) FROM (SELECT id FROM task LIMIT 100)")
        ids: list[UUID] = (await found.fetchone() or [[]])[0]
        middle = datetime(2026, 1, 1, 5, tzinfo=UTC)
        params: dict[str, Any] = {
            "workspace": WORKSPACE, "author": None,
            "ids": ids, "id": ids[0], "created_at": middle, "now": now, "status": "DONE",
            "list": "01890000-0000-7000-8000-000000000007", "assignee": "user7", "label": "l7", "priority": "NONE",
            "first": 100,
            "epoch": 1, "redis_run_id": "r", "lost": False, "retention": timedelta(days=30), "batch": 500,
            "workspaces": ["default", "other"], "epochs": [1, 2], "after": "w5", "limit": 100, "idle_seconds": 3600,
            "number": 100_000, "after_at": middle, "after_id": ids[0], "before_at": middle, "before_id": ids[0],
            "offset": 10_000,
            "at": now + timedelta(days=1), "count": 50, "query": "'1234':*", "scan_rows": 5000,
            "created_from": middle - timedelta(hours=1), "created_before": middle, "expires_from": now,
            "due_from": now, "due_before": now + timedelta(days=1),
            "exclusions": exclusions_param([Exclusion(label="l7"), Exclusion(statuses=("DONE",), has_due=False)]),
            "external_ids": ["a", "b"], "name": "L", "archived": False,
            "expires_before": now + timedelta(days=1), "priorities": ["LOW"] * 100, "statuses": ["DONE"] * 100,
            **task_table.row_arrays(rows, await task_table.words_of(rows)),
            "new_created_at": time_array([None for _ in rows]),
        }  # fmt: skip
        own = {
            "INDEX_BATCH": params | {"created_at": 1_767_225_600_000_000, "limit": 10_000},
            "LISTS_PAGE": params | {"after": ids[0]},
        }
        scores = params | {"after_at": 0, "before_at": 0, "at": 0}
        own |= {name: scores for name in statements() if any(order in name for order in DECLARED_ORDERS)}
        plans = {name: await explain(connection, text, own.get(name, params)) for name, text in statements().items()}
        plans["enter_gate"] = await explain(connection, IN_GATE, {})
        page_like = {**PAGES, **COUNTS, **SEARCHES, **DELETED, **READ_WHOLE, **FACETS}
        prepared = {name: await explain_generic(connection, statements()[name]) for name in page_like}
        prepared["EXTERNAL_ID_HOLDERS"] = await explain_generic(connection, task_table.EXTERNAL_ID_HOLDERS)
        prepared["INDEX_BATCH"] = await explain_generic(connection, index_source.INDEX_BATCH)
        prepared["PURGE_TASKS"] = await explain_generic(connection, purge.PURGE_TASKS)
        prepared["DUE_WORK"] = await explain_generic(connection, due_work.DUE_WORK)
        prepared["DUE_TASKS"] = await explain_generic(connection, word_index.DUE_TASKS)
    # mark_token is a sequence, which has one row.
    assert not [name for name in plans if re.search("Seq Scan on (?!mark_token)", plans[name])]
    assert not [name for name in prepared if "Seq Scan" in prepared[name]]
    assert set(plans) >= WITHOUT_TABLE | GATE
    assert len(plans) >= 22
    for name, (index, shape, _) in PAGES.items():
        # Only the page itself reads table rows. The start and the neighbours of the page use index-only scans, one for
        # each status if the index is by status. Their rows are merged, and not sorted.
        scans = 3 if is_indexed_by_status(shape) else 1
        for plan in (plans[name], prepared[name]):
            assert len(re.findall(rf"Index Scan (Backward )?using {index}", plan)) == scans, name
            assert len(re.findall(rf"Index Only Scan (Backward )?using {index}", plan)) == 4 * scans, name
            assert plan.count("Merge Append") == (6 if scans > 1 else 1), name
            assert not re.search(r"Bitmap|Sort Key: task", MERGE.sub("", plan)), name
    for name, (index, _) in {**READ_WHOLE, **FACETS}.items():
        # With known values, PostgreSQL may find that another index has fewer rows.
        assert re.search(rf"(using|on) {index}", prepared[name]), name
    for plan, index in [(kind[name], index) for name, (index, _) in COUNTS.items() for kind in (plans, prepared)]:
        assert re.search(rf"Index Only Scan (Backward )?using {index}", plan)
        assert "Sort  (" not in plan
    for plan, index in [(kind[name], index) for name, (index, _) in SEARCHES.items() for kind in (plans, prepared)]:
        assert re.search(rf"(Index|Index Only|Bitmap Index) Scan (Backward )?(using|on) {index}", plan), plan
    for plan in [kind[name] for name in DELETED for kind in (plans, prepared)]:
        # The page and its neighbours end at their LIMIT, and only the rows of the page are read.
        assert len(re.findall(r"Index Only Scan (Backward )?using task_deleted", plan)) == 3
        assert len(re.findall(r"Limit ", plan)) == 3
        assert "Index Scan using task_pkey" in plan
        assert not re.search("Bitmap|Hash", plan)
    for name in GATE:
        assert "Index Scan using gate_pkey" in plans[name]
    for plan in (plans["INDEX_BATCH"], prepared["INDEX_BATCH"]):
        # The plan reads only the batch, in index order, so the cost of a batch does not depend on its start.
        assert "Index Only Scan using task_page on" in plan
        assert "Index Only Scan using task_page_by_status on" in plan
        assert not re.search(r"Bitmap|Sort Key: task", MERGE.sub("", plan))
    for plan in (plans["EXTERNAL_ID_HOLDERS"], prepared["EXTERNAL_ID_HOLDERS"]):
        assert re.search("(using|on) task_unique_external_id", plan)
    for plan in (plans["PURGE_TASKS"], prepared["PURGE_TASKS"]):
        assert "Index Scan using task_gone" in plan
        assert "Index Scan using task_pkey" in plan
    for name in ("BEGIN_DROP", "DROPPING"):
        assert "Index Scan using gate_used" in plans[name]
    for plan in (plans["DUE_WORK"], prepared["DUE_WORK"]):
        # One look into each of two indexes for each workspace.
        assert re.search("Index (Only )?Scan using task_gone", plan)
        assert re.search("Index (Only )?Scan using task_words_due", plan)
    for plan in (plans["DUE_TASKS"], prepared["DUE_TASKS"]):
        assert "Index Scan Backward using task_words_due" in plan
        assert "Sort" not in plan
    assert "Index Scan using task_pkey" in plans["WRITE_WORDS"]
