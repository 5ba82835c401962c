"""Every statement of `db.tasks` and `db.gate`: what it does, what it refuses, and what it reads."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, get_args
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors

from db import gate
from db import tasks as statements
from db.errors import DatabaseError
from db.gate import Gate
from db.pool import Connection, Database
from db.rows import NewTask, Status, Task
from db.tasks import (
    create_tasks,
    delete_task,
    lock_task,
    restore_task,
    taken_ids,
    task_page,
    tasks_by_id,
    update_task,
)

DEFAULT = "default"
PAST = datetime(2001, 1, 1, tzinfo=UTC)


def new_id() -> UUID:
    value = uuid4().int & ~(0xF << 76) | (0x7 << 76)
    return UUID(int=value & (1 << 80) - 1 | (time.time_ns() // 1_000_000 << 80))


def new_task(title: str = "A task", **fields: Any) -> NewTask:
    return NewTask(new_id(), title, **fields)


def in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


async def create(connection: Connection, count: int = 1, **fields: Any) -> list[Task]:
    """That many tasks, newest first."""
    made = await create_tasks(connection, DEFAULT, [new_task(**fields) for _ in range(count)])
    return sorted(made.values(), key=lambda task: (task.created_at, task.id), reverse=True)


async def expire(connection: Connection, id_: UUID) -> None:
    await connection.raw.execute("UPDATE task SET expires_at = %s WHERE id = %s", (PAST, id_))


async def test_created_tasks_are_read_as_they_were_written(connection: Connection) -> None:
    expires_at = in_an_hour()
    new = [new_task("Tee 🫖", description="x", status="DONE", priority="URGENT", expires_at=expires_at), new_task()]
    made = await create_tasks(connection, DEFAULT, new)
    first = made[new[0].id]
    assert (first.title, first.description, first.status, first.priority) == ("Tee 🫖", "x", "DONE", "URGENT")
    assert (first.expires_at, first.version, first.updated_at) == (expires_at, 1, first.created_at)
    assert first.created_at.tzinfo is not None
    assert await tasks_by_id(connection, DEFAULT, [task.id for task in new]) == made


async def test_taken_ids_and_passed_expiries_are_left_out(connection: Connection) -> None:
    (there,) = await create(connection)
    late, fresh = new_task(expires_at=PAST), new_task()
    made = await create_tasks(connection, DEFAULT, [NewTask(there.id, "Other"), late, fresh])
    assert list(made) == [fresh.id]
    assert await taken_ids(connection, DEFAULT, [there.id, late.id, fresh.id]) == {there.id, fresh.id}
    assert await tasks_by_id(connection, DEFAULT, [there.id]) == {there.id: there}


async def test_one_id_twice_in_one_statement_is_made_once(connection: Connection) -> None:
    new = new_task()
    assert list(await create_tasks(connection, DEFAULT, [new, new])) == [new.id]


async def test_a_thousand_in_one_statement(connection: Connection) -> None:
    made = await create(connection, 1000)
    assert len(made) == 1000
    assert len({task.created_at for task in made}) == 1


async def test_creates_of_the_same_ids_in_other_orders_do_not_deadlock(database: Database) -> None:
    new = [new_task() for _ in range(200)]

    async def make(order: list[NewTask]) -> int:
        async with database.transaction() as connection:
            return len(await create_tasks(connection, DEFAULT, order))

    assert sorted(await asyncio.gather(*(make(order) for order in (new, new[::-1], new)))) == [0, 0, 200]


async def test_deleted_and_expired_rows_are_not_visible_but_taken(connection: Connection) -> None:
    kept, deleted, expired = await create(connection, 3, expires_at=in_an_hour())
    await delete_task(connection, DEFAULT, deleted.id)
    await expire(connection, expired.id)
    ids = [kept.id, deleted.id, expired.id]
    assert await tasks_by_id(connection, DEFAULT, ids) == {kept.id: kept}
    assert await task_page(connection, DEFAULT, limit=5) == [kept]
    assert await taken_ids(connection, DEFAULT, ids) == set(ids)


async def test_no_ids_are_no_tasks(connection: Connection) -> None:
    assert await tasks_by_id(connection, DEFAULT, []) == {}
    assert await taken_ids(connection, DEFAULT, []) == set()
    assert await create_tasks(connection, DEFAULT, []) == {}


async def test_a_workspace_sees_its_own_alone(connection: Connection) -> None:
    (task,) = await create(connection)
    assert await tasks_by_id(connection, "other", [task.id]) == {}
    assert await task_page(connection, "other", limit=5) == []
    assert await lock_task(connection, "other", task.id) is None
    assert await taken_ids(connection, "other", [task.id]) == set()
    assert list(await create_tasks(connection, "other", [NewTask(task.id, "Theirs")])) == [task.id]


async def test_update_delete_and_restore_each_raise_the_version(connection: Connection) -> None:
    (task,) = await create(connection)
    wanted = Task(task.id, "New", "d", "DONE", "LOW", task.created_at, task.updated_at, in_an_hour(), task.version)
    updated = await update_task(connection, DEFAULT, wanted)
    assert updated.version == 2
    assert updated.updated_at > task.updated_at
    assert (updated.title, updated.description, updated.status) == ("New", "d", "DONE")
    assert (updated.priority, updated.expires_at, updated.created_at) == ("LOW", wanted.expires_at, task.created_at)
    assert (await delete_task(connection, DEFAULT, task.id)).version == 3
    locked = await lock_task(connection, DEFAULT, task.id)
    assert locked is not None
    assert (locked.deleted, locked.expired) == (True, False)
    restored = await restore_task(connection, DEFAULT, task.id)
    assert restored.version == 4
    assert await tasks_by_id(connection, DEFAULT, [task.id]) == {task.id: restored}


async def test_updated_at_does_not_go_back(connection: Connection) -> None:
    (task,) = await create(connection)
    ahead = datetime.now(UTC) + timedelta(days=1)
    await connection.raw.execute("UPDATE task SET updated_at = %s", (ahead,))
    assert (await update_task(connection, DEFAULT, task)).updated_at == ahead
    assert (await delete_task(connection, DEFAULT, task.id)).updated_at == ahead
    assert (await restore_task(connection, DEFAULT, task.id)).updated_at == ahead


async def test_a_locked_task_knows_whether_it_has_expired(connection: Connection) -> None:
    (task,) = await create(connection, expires_at=in_an_hour())
    locked = await lock_task(connection, DEFAULT, task.id)
    assert locked is not None
    assert (locked.task, locked.deleted, locked.expired) == (task, False, False)
    await expire(connection, task.id)
    locked = await lock_task(connection, DEFAULT, task.id)
    assert locked is not None
    assert locked.expired
    assert await lock_task(connection, DEFAULT, new_id()) is None


async def test_pages_follow_each_other_in_both_directions(connection: Connection) -> None:
    made: list[Task] = []
    kinds: list[tuple[int, Status]] = [(4, "DONE"), (1, "TODO"), (6, "DONE"), (3, "IN_PROGRESS")]
    for count, status in kinds:
        made = await create(connection, count, status=status) + made
    for view_of in (None, *get_args(Status)):
        view = [task for task in made if view_of in (None, task.status)]
        for at, task in enumerate(view):
            place = (task.created_at, task.id)
            after = await task_page(connection, DEFAULT, limit=3, after=place, status=view_of)
            assert after == view[at + 1 : at + 4]
            before = await task_page(connection, DEFAULT, limit=3, before=place, status=view_of)
            assert before == view[max(0, at - 3) : at]
    assert await task_page(connection, DEFAULT, limit=5) == made[:5]
    assert await task_page(connection, DEFAULT, limit=5, before=statements.OLDEST) == made[-5:]
    assert await task_page(connection, DEFAULT, limit=100, after=statements.NEWEST) == made


INSERT: LiteralString = """
    INSERT INTO task (workspace_id, id, title, description, created_at, updated_at, expires_at, version)
    VALUES (%(workspace_id)s, %(id)s, %(title)s, %(description)s, %(created_at)s, %(updated_at)s, %(expires_at)s,
            %(version)s)
"""


def row(**values: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    usual = {"workspace_id": DEFAULT, "id": new_id(), "title": "t", "description": "", "version": 1}
    return usual | {"created_at": now, "updated_at": now, "expires_at": None} | values


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
    ],
)
async def test_what_is_just_within_its_limit_is_taken(connection: Connection, values: dict[str, Any]) -> None:
    await connection.raw.execute(INSERT, row(**values))


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
    ],
)
async def test_what_is_over_its_limit_is_refused(
    connection: Connection, constraint: str, values: dict[str, Any]
) -> None:
    with pytest.raises(errors.CheckViolation) as refused:
        await connection.raw.execute(INSERT, row(**values))
    assert refused.value.diag.constraint_name == constraint


async def test_every_constraint_has_been_tried(connection: Connection) -> None:
    found = await connection.raw.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'task'::regclass AND contype = 'c'"
    )
    tried = {f"task_{name}" for name in ("title", "description", "id", "workspace_id")}
    tried |= {f"task_{name}" for name in ("created_at", "expires_at", "updated_at", "version")}
    assert {name for (name,) in await found.fetchall()} == tried


@pytest.mark.parametrize(
    "fields", [{"title": "a\0b"}, {"title": "\ud800"}, {"status": "NEW"}, {"priority": "low"}, {"title": ""}]
)
async def test_what_cannot_be_stored_is_an_error_of_ours(database: Database, fields: dict[str, Any]) -> None:
    values = {"title": "t"} | fields
    with pytest.raises((DatabaseError, UnicodeError)):
        async with database.connection() as connection:
            await create_tasks(connection, DEFAULT, [NewTask(new_id(), **values), new_task()])
    async with database.connection() as connection:
        assert await task_page(connection, DEFAULT, limit=5) == []


# The gate


async def test_the_gate_is_what_was_written_last(connection: Connection) -> None:
    assert await gate.read_gate(connection, DEFAULT) is None
    assert await gate.enter_gate(connection, DEFAULT, None) is None
    for written in (Gate(1, "one"), Gate(2, "two")):
        await gate.write_gate(connection, DEFAULT, written)
        assert await gate.read_gate(connection, DEFAULT) == written
        assert await gate.enter_gate(connection, DEFAULT, new_id()) == written.epoch
    assert await gate.read_gate(connection, "other") is None


async def test_epochs_and_tokens_rise_also_when_rolled_back(database: Database) -> None:
    seen: list[tuple[int, int]] = []

    async def roll_back() -> None:
        async with database.transaction() as connection:
            seen.append((await gate.new_epoch(connection), await gate.new_token(connection)))
            raise ValueError("rolled back")

    for _ in range(3):
        with pytest.raises(ValueError, match="rolled back"):
            await roll_back()
    epochs, tokens = zip(*seen, strict=True)
    assert sorted(set(epochs)) == list(epochs)
    assert sorted(set(tokens)) == list(tokens)


async def test_a_writer_that_waited_for_the_gate_reads_it_as_it_is_then(database: Database) -> None:
    async def enter() -> int | None:
        async with database.transaction() as connection:
            return await gate.enter_gate(connection, DEFAULT, new_id())

    async with database.transaction() as connection:
        await gate.close_gate(connection, DEFAULT)
        entering = asyncio.create_task(enter())
        await waiting(connection)
        await gate.write_gate(connection, DEFAULT, Gate(7, "run"))
    assert await entering == 7


@pytest.mark.parametrize("bulk", [True, False])
async def test_the_scrub_waits_for_the_writer_of_its_task(database: Database, bulk: bool) -> None:
    id_ = new_id()

    async def wait() -> None:
        async with database.connection() as connection:
            await gate.await_writers(connection, DEFAULT, [new_id(), id_])

    async with database.transaction() as connection:
        await gate.enter_gate(connection, DEFAULT, None if bulk else id_)
        scrubbing = asyncio.create_task(wait())
        await waiting(connection)
        assert not scrubbing.done()
    await scrubbing


async def test_the_scrub_waits_for_no_other_writer_and_holds_nobody_up(database: Database) -> None:
    async with database.transaction() as writer, database.connection() as connection:
        await gate.enter_gate(writer, DEFAULT, new_id())
        id_ = new_id()
        await gate.await_writers(connection, DEFAULT, [id_])
        assert await gate.enter_gate(writer, DEFAULT, id_) is None


async def waiting(connection: Connection) -> None:
    """Until somebody waits for an advisory lock."""
    for _ in range(2000):
        found = await connection.raw.execute(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        if await found.fetchone():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("Nobody waits.")


async def test_index_rows_are_what_may_be_seen_in_order(database: Database) -> None:
    async with database.connection() as connection:
        made = await create(connection, 5, expires_at=in_an_hour())
        made = await create(connection, 5, status="DONE") + made
        await delete_task(connection, DEFAULT, made.pop(2).id)
        await expire(connection, made.pop(6).id)
    async with database.transaction() as connection:
        batches = [batch async for batch in gate.index_rows(connection, DEFAULT, batch=3)]
    assert [len(batch) for batch in batches] == [3, 3, 2]
    assert [row for batch in batches for row in batch] == [
        (
            task.id.bytes,
            (task.created_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1),
            task.status,
            task.expires_at and (task.expires_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1),
        )
        for task in reversed(made)
    ]


# What each statement reads

ROWS = 100_000
FILL: LiteralString = """
    INSERT INTO task (workspace_id, id, title, status, created_at, updated_at, expires_at, deleted_at)
    SELECT CASE WHEN n %% 10 = 0 THEN 'other' ELSE 'default' END, uuidv7(make_interval(secs => n)), 'Task ' || n,
           (enum_range(NULL::task_status))[1 + n %% 3],
           '2026-01-01Z'::timestamptz + make_interval(secs => n / 3), '2026-06-01Z',
           CASE WHEN n %% 5 = 0 THEN '2199-01-01Z'::timestamptz END, CASE WHEN n %% 50 = 0 THEN now() END
    FROM generate_series(1, %s) AS n
"""
# These name no table of ours, only functions and sequences; what the functions read is in GATES below.
WITHOUT_TABLE = {"ENTER_GATE", "CLOSE_GATE", "AWAIT_WRITERS", "NEW_EPOCH", "NEW_TOKEN"}
# These read everything, and say so.
WHOLE = {"INDEX_ROWS"}
# The gate has a row for each workspace; many are needed before PostgreSQL looks for one.
GATES: LiteralString = "INSERT INTO gate SELECT 'w' || n, n, 'run' FROM generate_series(1, 10000) AS n"


def constants() -> dict[str, LiteralString]:
    found: dict[str, LiteralString] = {}
    for module in (statements, gate):
        for name, value in vars(module).items():
            words = value.split(maxsplit=1) if isinstance(value, str) and name.isupper() else []
            if words and words[0] in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH") and not name.startswith("_"):
                found[name] = value
    return found


async def test_no_statement_reads_the_whole_table(database_url: str) -> None:
    now = datetime.now(UTC)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute(FILL, (ROWS,))
        await connection.execute(GATES)
        await connection.execute("VACUUM ANALYZE")
        found = await connection.execute("SELECT array_agg(id) FROM (SELECT id FROM task LIMIT 100)")
        ids: list[UUID] = (await found.fetchone() or [[]])[0]
        middle = datetime(2026, 1, 1, 5, tzinfo=UTC)
        params: dict[str, Any] = {
            "workspace": DEFAULT, "ids": ids, "id": ids[0], "created_at": middle, "limit": 50, "status": "DONE",
            "title": "t", "description": "", "priority": "LOW", "expires_at": None, "epoch": 1, "redis_run_id": "r",
            "titles": ["t"] * 100, "descriptions": [""] * 100, "statuses": ["DONE"] * 100,
            "priorities": ["LOW"] * 100, "expiries": [now] * 100,
        }  # fmt: skip
        plans = {}
        for name, statement in constants().items():
            plan = await connection.execute("EXPLAIN " + statement, params)
            plans[name] = "\n".join(line for (line,) in await plan.fetchall())
        plan = await connection.execute("EXPLAIN SELECT epoch FROM gate WHERE workspace_id = 'w77'")
        plans["enter_gate"] = "\n".join(line for (line,) in await plan.fetchall())
    assert {name for name in plans if "Seq Scan" in plans[name]} <= WHOLE
    assert set(plans) >= WITHOUT_TABLE | WHOLE
    assert len(plans) >= 18
    for name in plans:
        if name.startswith("TASK_PAGE"):
            assert "Index Scan" in plans[name]
            assert "Sort" not in plans[name]
