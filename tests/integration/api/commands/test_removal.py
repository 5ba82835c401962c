"""Tests what the deletion of a workspace removes, and how it is continued."""

import asyncio
from datetime import timedelta

import psycopg
import pytest
import redis as redis_client

from api.commands import workspace as workspace_commands
from api.commands.errors import CommandFailed
from cache.maintenance import removal
from cache.maintenance.cleanup import clean_up
from cache.maintenance.rebuild import rebuild
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.store import Store
from db import workspace_removal
from db.gate import begin_building
from db.pool import Database
from db.task_lists import remove_lists
from tests.integration.api.commands.conftest import Command, table
from tests.support.store_client import StoreClient
from tests.support.task_factories import new_task

INSERT_LIST = "INSERT INTO task_list (workspace_id, id, name) VALUES (%s, uuidv7(), 'A list')"


def fill(database_url: str, redis_url: str, workspace: str, count: int = 30) -> None:
    """Create tasks in a workspace, with an index and entries in Redis."""

    async def create() -> None:
        async with Database(database_url) as database, Redis(redis_url) as redis:
            store = Store(database, redis, StoreMetrics(), workspace)
            await StoreClient(store).create_tasks([new_task() for _ in range(count)])
            await rebuild(store)

    asyncio.run(create())


def rows(admin: psycopg.Connection, workspace: str) -> dict[str, int]:
    """Return the number of rows of a workspace in each table that has a column for it."""
    found = admin.execute(
        "SELECT table_name FROM information_schema.columns "
        "WHERE column_name = 'workspace_id' AND table_schema = 'public'"
    ).fetchall()
    counts = {}
    for (name,) in found:
        query = psycopg.sql.SQL("SELECT count(*) FROM {} WHERE workspace_id = %s").format(psycopg.sql.Identifier(name))
        counts[name] = (admin.execute(query, [workspace]).fetchone() or (0,))[0]
    return counts


def test_deletion_removes_everything_of_one_workspace_only(
    command: Command,
    admin: psycopg.Connection,
    database_url: str,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(removal, "REMOVAL_BATCH_ROWS", 7)
    monkeypatch.setattr(workspace_commands, "_PROGRESS_ROWS", 10)
    for workspace in ("acme", "acme-2"):
        command("workspace", "create", workspace)
        command("token", "create", "--workspace", workspace, "--name", "a", "--scope", "admin")
        fill(database_url, redis_url, workspace)
        admin.execute(INSERT_LIST, [workspace])
    with redis_client.Redis.from_url(redis_url) as client:
        client.set("{acme}:7:index", "an old epoch")
        kept = {key for key in client.scan_iter() if key.startswith(b"{acme-2}:")}
        assert kept
        before = rows(admin, "acme-2")
        _, err = command("workspace", "delete", "acme", "--yes")
        assert "Removed 14 tasks." in err
        assert "Deleted the workspace acme: removed 30 tasks." in err
        left = rows(admin, "acme")
        assert {name: count for name, count in left.items() if count} == {"audit_log": 3}
        assert rows(admin, "acme-2") == before
        assert set(client.scan_iter()) == kept
    assert [row[0] for row in table(command("workspace", "list")[0])] == ["acme-2", "default"]
    with pytest.raises(CommandFailed, match="is or was"):
        command("workspace", "create", "acme")
    for again in ("delete", "rename"):
        with pytest.raises(CommandFailed, match="no workspace"):
            command("workspace", again, "acme", "--yes" if again == "delete" else "x")


def test_interrupted_deletion_is_continued_by_the_service(
    command: Command, admin: psycopg.Connection, database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "REMOVAL_BATCH_ROWS", 7)
    command("workspace", "create", "acme")
    fill(database_url, redis_url, "acme")
    fill(database_url, redis_url, "default")

    async def interrupted(*arguments: object) -> int:
        async with Database(database_url) as database, Redis(redis_url) as redis:
            await removal.remove_batch(database, redis, "acme")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(removal, "remove_workspace", interrupted)
        with pytest.raises((KeyboardInterrupt, SystemExit)):
            command("workspace", "delete", "acme", "--yes")
    assert rows(admin, "acme")["task"] == 23

    async def continue_it() -> None:
        async with Database(database_url) as database, Redis(redis_url) as redis:
            async with database.transaction() as connection:
                # No process can build an index of it again.
                assert await begin_building(connection, "acme") is None
            await clean_up(database, redis, timedelta(days=1), timedelta(days=1))

    asyncio.run(continue_it())
    assert rows(admin, "acme")["task"] == 0
    assert rows(admin, "default")["task"] == 30
    deleted = "SELECT deleted_at IS NOT NULL FROM workspace WHERE id = 'acme'"
    assert admin.execute(deleted).fetchone() == (True,)
    # A write that was on its way adds a row after the end.
    admin.execute("INSERT INTO task (workspace_id, id, title) VALUES ('acme', uuidv7(), 'Late')")
    admin.execute(INSERT_LIST, ["acme"])
    asyncio.run(continue_it())
    assert (rows(admin, "acme")["task"], rows(admin, "acme")["task_list"]) == (0, 0)
    with pytest.raises(CommandFailed, match="no workspace"):
        command("workspace", "resume", "acme")


def test_no_batch_removes_tasks_of_a_workspace_that_is_not_being_deleted(
    admin: psycopg.Connection, database_url: str, redis_url: str
) -> None:
    fill(database_url, redis_url, "default", 3)
    admin.execute(INSERT_LIST, ["default"])

    async def remove() -> None:
        async with Database(database_url) as database, database.connection() as connection:
            assert await workspace_removal.remove_tasks(connection, "default", 10) == 0
            await workspace_removal.remove_gate(connection, "default")
            await remove_lists(connection, "default")
            await workspace_removal.finish_removal(connection, "default")

    asyncio.run(remove())
    left = {"task": 3, "gate": 1, "api_token": 0, "audit_log": 0, "usage_count": 0, "gate_event": 2}
    left["task_list"] = 1
    assert rows(admin, "default") == left


def test_old_entries_of_the_audit_log_are_purged(
    command: Command, admin: psycopg.Connection, database_url: str, redis_url: str
) -> None:
    for workspace in ("old", "new"):
        command("workspace", "create", workspace)
    admin.execute("UPDATE audit_log SET at = at - interval '366 days' WHERE workspace_id = 'old'")

    async def purge() -> None:
        async with Database(database_url) as database, Redis(redis_url) as redis:
            await clean_up(database, redis, timedelta(days=365), timedelta(days=365))

    asyncio.run(purge())
    assert [row[1] for row in table(command("audit", "list")[0])] == ["new"]
