"""Tests which rows the statements of `db.task_table` write, and which tasks they return."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from msgspec import structs

from db.connection import Connection
from db.pages import RowPage, task_page
from db.pool import Database
from db.task import LockedTask, NewTask, Task
from db.task_table import insert_tasks, taken_ids, tasks_by_id
from tests.support.task_factories import (
    PAST,
    WORKSPACE,
    create_rows,
    delete_row,
    expire_row,
    in_an_hour,
    lock_row,
    new_id,
    new_task,
    restore_row,
    update_row,
)


async def test_created_tasks_are_read_back_unchanged(connection: Connection) -> None:
    expires_at = in_an_hour()
    new = [new_task("Tee 🫖", description="x", status="DONE", priority="URGENT", expires_at=expires_at), new_task()]
    made, _ = await insert_tasks(connection, WORKSPACE, new)
    first = made[new[0].id]
    assert (first.title, first.description, first.status, first.priority) == ("Tee 🫖", "x", "DONE", "URGENT")
    assert (first.expires_at, first.version, first.updated_at) == (expires_at, 1, first.created_at)
    assert first.created_at.tzinfo is not None
    assert await tasks_by_id(connection, WORKSPACE, [task.id for task in new]) == made


async def test_created_task_is_returned_as_the_table_stores_it(connection: Connection) -> None:
    """The statement returns only what the caller does not know already."""
    expires_at = in_an_hour().astimezone(timezone(timedelta(hours=-3))) + timedelta(microseconds=999)
    late = datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    new = [new_task(expires_at=time) for time in (expires_at, late)]
    made, token = await insert_tasks(connection, WORKSPACE, new)
    stored = await tasks_by_id(connection, WORKSPACE, list(made))
    assert stored == made
    for id_, task in stored.items():
        assert repr(task.expires_at).replace("zoneinfo.ZoneInfo(key='UTC')", "datetime.timezone.utc") == repr(
            made[id_].expires_at
        )
    locked = await lock_row(connection, WORKSPACE, new[0].id)
    assert locked is not None
    assert locked.token == token + 1


async def test_create_leaves_out_taken_ids_and_expired_tasks(connection: Connection) -> None:
    (existing,) = await create_rows(connection)
    late, fresh = new_task(expires_at=PAST), new_task()
    assert await insert_tasks(connection, WORKSPACE, [late]) == ({}, 0)
    made, _ = await insert_tasks(connection, WORKSPACE, [NewTask(existing.id, "Other"), late, fresh])
    assert list(made) == [fresh.id]
    assert await taken_ids(connection, WORKSPACE, [existing.id, late.id, fresh.id]) == {existing.id, fresh.id}
    assert await tasks_by_id(connection, WORKSPACE, [existing.id]) == {existing.id: existing}


async def test_duplicate_id_in_one_statement_is_created_once(connection: Connection) -> None:
    new = new_task()
    made, _ = await insert_tasks(connection, WORKSPACE, [new, new])
    assert list(made) == [new.id]


async def test_tasks_of_one_statement_are_created_in_the_given_order(connection: Connection) -> None:
    """Each a microsecond after the one before it. The ids have another order, as those of clients may."""
    new = sorted((new_task(f"{number}") for number in range(1000)), key=lambda task: task.id.bytes[::-1])
    (existing,) = await create_rows(connection, 1)
    new[500] = structs.replace(new[500], id=existing.id)
    made, _ = await insert_tasks(connection, WORKSPACE, new)
    assert list(made) == [task.id for task in new if task.id != existing.id]
    page = (await task_page(connection, WORKSPACE, count=1000)).tasks
    assert [task.id for task in page] == [existing.id, *made][::-1]
    times = [task.created_at for task in made.values()]
    assert [time - times[0] for time in times] == [timedelta(microseconds=at) for at in range(1000) if at != 500]
    assert all(task.updated_at == task.created_at for task in page)
    row = await (await connection.raw.execute("SELECT max(created_at) < clock_timestamp() FROM task")).fetchone()
    assert row == (True,)


async def test_concurrent_creates_of_the_same_ids_do_not_deadlock(database: Database) -> None:
    new = [new_task() for _ in range(200)]

    async def make(order: list[NewTask]) -> int:
        async with database.transaction() as connection:
            return len((await insert_tasks(connection, WORKSPACE, order))[0])

    assert sorted(await asyncio.gather(*(make(order) for order in (new, new[::-1], new)))) == [0, 0, 200]


async def test_deleted_and_expired_tasks_are_invisible_but_their_ids_are_taken(connection: Connection) -> None:
    kept, deleted, expired = await create_rows(connection, 3, expires_at=in_an_hour())
    await delete_row(connection, WORKSPACE, deleted)
    await expire_row(connection, expired.id)
    ids = [kept.id, deleted.id, expired.id]
    assert await tasks_by_id(connection, WORKSPACE, ids) == {kept.id: kept}
    assert (await task_page(connection, WORKSPACE, count=5)).tasks == [kept]
    assert await taken_ids(connection, WORKSPACE, ids) == set(ids)


async def test_given_time_replaces_the_clock_for_the_expiry(connection: Connection) -> None:
    soon, never = (await create_rows(connection, expires_at=in_an_hour())) + (await create_rows(connection))
    assert soon.expires_at is not None
    both, microsecond = {soon.id: soon, never.id: never}, timedelta(microseconds=1)
    assert await tasks_by_id(connection, WORKSPACE, list(both), soon.expires_at - microsecond) == both
    assert await tasks_by_id(connection, WORKSPACE, list(both), soon.expires_at) == {never.id: never}
    await expire_row(connection, soon.id)
    assert await tasks_by_id(connection, WORKSPACE, list(both), PAST - microsecond) == both | {
        soon.id: structs.replace(soon, expires_at=PAST)
    }
    assert await tasks_by_id(connection, WORKSPACE, list(both)) == {never.id: never}


@pytest.mark.parametrize("microseconds", [0, 1, 499, 500, 501, 999])
async def test_expiry_is_truncated_to_milliseconds(connection: Connection, microseconds: int) -> None:
    expires_at = in_an_hour()
    (task,) = await create_rows(connection, expires_at=expires_at + timedelta(microseconds=microseconds))
    assert task.expires_at == expires_at
    later = expires_at + timedelta(microseconds=1000 + microseconds)
    updated = await update_row(connection, WORKSPACE, structs.replace(task, expires_at=later))
    assert updated.expires_at == expires_at + timedelta(milliseconds=1)
    assert await tasks_by_id(connection, WORKSPACE, [task.id]) == {task.id: updated}


async def test_no_ids_return_no_tasks(connection: Connection) -> None:
    assert await tasks_by_id(connection, WORKSPACE, []) == {}
    assert await taken_ids(connection, WORKSPACE, []) == set()
    assert await insert_tasks(connection, WORKSPACE, []) == ({}, 0)


async def test_tasks_of_another_workspace_are_invisible(connection: Connection) -> None:
    (task,) = await create_rows(connection)
    assert await tasks_by_id(connection, "other", [task.id]) == {}
    assert await task_page(connection, "other", count=5) == RowPage([], False, False)
    assert await lock_row(connection, "other", task.id) is None
    assert await taken_ids(connection, "other", [task.id]) == set()
    made, _ = await insert_tasks(connection, "other", [NewTask(task.id, "Theirs")])
    assert list(made) == [task.id]


async def test_update_delete_and_restore_increment_the_version(connection: Connection) -> None:
    (task,) = await create_rows(connection)
    wanted = Task(task.id, "New", "d", "DONE", "LOW", task.created_at, task.updated_at, in_an_hour(), task.version)
    updated = await update_row(connection, WORKSPACE, wanted)
    assert updated.version == 2
    assert updated.updated_at > task.updated_at
    assert (updated.title, updated.description, updated.status) == ("New", "d", "DONE")
    assert (updated.priority, updated.expires_at, updated.created_at) == ("LOW", wanted.expires_at, task.created_at)
    assert (await delete_row(connection, WORKSPACE, task)).version == 3
    locked = await lock_row(connection, WORKSPACE, task.id)
    assert locked is not None
    assert (locked.deleted, locked.expired) == (True, False)
    restored = await restore_row(connection, WORKSPACE, task)
    assert restored.version == 4
    assert await tasks_by_id(connection, WORKSPACE, [task.id]) == {task.id: restored}


async def test_updated_at_never_decreases(connection: Connection) -> None:
    (task,) = await create_rows(connection)
    ahead = datetime.now(UTC) + timedelta(days=1)
    await connection.raw.execute("UPDATE task SET updated_at = %s", (ahead,))
    assert (await update_row(connection, WORKSPACE, task)).updated_at == ahead
    assert (await delete_row(connection, WORKSPACE, task)).updated_at == ahead
    assert (await restore_row(connection, WORKSPACE, task)).updated_at == ahead


async def test_locked_task_says_whether_it_has_expired(connection: Connection) -> None:
    (task,) = await create_rows(connection, expires_at=in_an_hour())
    locked = await lock_row(connection, WORKSPACE, task.id)
    assert locked is not None
    assert (locked.task, locked.deleted, locked.expired) == (task, False, False)
    await expire_row(connection, task.id)
    locked = await lock_row(connection, WORKSPACE, task.id)
    assert locked is not None
    assert locked.expired
    assert await lock_row(connection, WORKSPACE, new_id()) is None


async def test_tokens_increase_with_each_write_even_after_a_rollback(database: Database) -> None:
    new, tokens = new_task(), []

    async def roll_back() -> None:
        async with database.transaction() as connection:
            tokens.append((await insert_tasks(connection, WORKSPACE, [new, new_task()]))[1])
            for _ in range(3):
                locked = await lock_row(connection, WORKSPACE, new.id)
                assert locked is not None
                tokens.append(locked.token)
            raise ValueError("rolled back")

    for _ in range(3):
        with pytest.raises(ValueError, match="rolled back"):
            await roll_back()
    assert tokens == sorted(set(tokens))
    assert len(tokens) == 12


@pytest.mark.parametrize("changed", [True, False])
async def test_token_and_time_are_taken_after_the_wait_for_the_row(database: Database, *, changed: bool) -> None:
    """If they were taken before, the token of a writer that waited could be lower than that of a writer before it."""
    async with database.connection() as connection:
        (task,) = await create_rows(connection)

    async def lock() -> LockedTask | None:
        async with database.transaction() as connection:
            return await lock_row(connection, WORKSPACE, task.id)

    async with database.transaction() as connection:
        await lock_row(connection, WORKSPACE, task.id)
        waiting = asyncio.create_task(lock())
        await asyncio.sleep(0.05)
        if changed:
            await update_row(connection, WORKSPACE, task)
        last = await lock_row(connection, WORKSPACE, task.id)
    locked = await waiting
    assert last is not None
    assert locked is not None
    assert last.token < locked.token
    assert last.now < locked.now
    assert locked.task.version == task.version + changed


async def test_task_that_expires_while_a_writer_waits_for_its_lock_has_expired(connection: Connection) -> None:
    (task,) = await create_rows(connection, expires_at=in_an_hour())
    async with connection.raw.transaction():
        soon = "UPDATE task SET expires_at = date_trunc('milliseconds', now()) + interval '20 ms' WHERE id = %s"
        await connection.raw.execute(soon, (task.id,))
        await connection.raw.execute("SELECT pg_sleep(0.1)")
        locked = await lock_row(connection, WORKSPACE, task.id)
    assert locked is not None
    assert locked.expired
