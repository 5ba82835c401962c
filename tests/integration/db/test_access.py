"""Tests the rights and the connections that the database user of the service needs."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql

from cache.maintenance.audit import audit
from cache.maintenance.rebuild import rebuild
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.store import Store
from db.due_work import next_workspaces
from db.errors import UnfitDatabase
from db.idle_gates import begin_drop, record_use
from db.limits import DatabaseLimits
from db.migrations import migrate
from db.pool import Database
from db.preflight import database_problems
from db.purge import purge_tasks
from tests.support.gate_states import grant_gate_lease
from tests.support.store_client import StoreClient
from tests.support.task_factories import new_task

LIMITS = DatabaseLimits()
# The statements of docs/reference/settings.md#database-rights for a user that does not own the tables.
GRANTS = (
    ("SELECT, INSERT, UPDATE, DELETE", "TABLE task"),
    ("SELECT, INSERT, UPDATE, DELETE", "TABLE task_list"),
    ("SELECT, INSERT, UPDATE, DELETE", "TABLE gate"),
    ("SELECT, INSERT, UPDATE", "TABLE workspace"),
    ("SELECT, INSERT, UPDATE, DELETE", "TABLE api_token"),
    ("SELECT, INSERT, UPDATE, DELETE", "TABLE audit_log"),
    ("SELECT, INSERT, UPDATE, DELETE", "TABLE usage_count"),
    ("SELECT, UPDATE, DELETE", "TABLE gate_event"),
    ("SELECT", "TABLE _yoyo_migration"),
    ("SELECT", "TABLE _yoyo_version"),
    ("SELECT, USAGE", "SEQUENCE mark_token"),
    ("USAGE", "SEQUENCE gate_epoch"),
)
FUNCTIONS = ("enter_gate(text, uuid)", "begin_building(text)", "await_writers(text, uuid[])", "are_labels(text[])")


@pytest.fixture
def guest(admin: psycopg.Connection) -> Iterator[str]:
    """Yield the URL of a user with only the documented rights."""
    name = f"guest_{admin.info.dbname}"
    admin.execute(f"CREATE ROLE {name} LOGIN")
    for rights, object_ in GRANTS:
        admin.execute(f"GRANT {rights} ON {object_} TO {name}")
    yield admin.info.dsn.replace("user=postgres", f"user={name}")
    admin.execute(f"DROP OWNED BY {name}")
    admin.execute(f"DROP ROLE {name}")


def user_of(url: str) -> sql.Identifier:
    return sql.Identifier(url.partition("user=")[2].partition(" ")[0])


async def test_user_with_the_documented_rights_can_do_everything(guest: str, redis_url: str) -> None:
    assert await database_problems(guest, LIMITS) == []
    assert migrate(guest) == []
    async with Database(guest) as database, Redis(redis_url) as redis:
        store = Store(database, redis, StoreMetrics())
        new = [new_task() for _ in range(3)]
        # Without an index, then with one.
        await StoreClient(store).create_tasks(new[:1])
        await rebuild(store)
        await grant_gate_lease(store)
        client = StoreClient(store)
        await client.create_tasks(new[1:])
        created = await client.create_task(new_task())
        await client.delete_task(created.id)
        assert (await client.page(PageRange(10))).total == 3
        assert (await audit(store, lambda *_: None, repair=False)).different == 0
        async with database.connection() as connection:
            await purge_tasks(connection, store.workspace, timedelta(0), 10)
            assert await next_workspaces(connection, "", 10) == ["default"]
            await record_use(connection, ["default"])
            assert await begin_drop(connection, 3600, 10) == []


@pytest.mark.parametrize(
    ("right", "object_"),
    [
        *((right, object_) for rights, object_ in GRANTS for right in rights.split(", ")),
        *(("EXECUTE", f"FUNCTION {function}") for function in FUNCTIONS),
    ],
)
async def test_missing_right_is_a_problem_whose_message_grants_it(
    admin: psycopg.Connection, guest: str, right: str, object_: str
) -> None:
    admin.execute(f"REVOKE {right} ON {object_} FROM PUBLIC, {user_of(guest).as_string()}")
    [problem] = await database_problems(guest, LIMITS)
    assert f"GRANT {right} ON {object_.replace(', ', ',')} TO" in problem
    for statement in problem.partition("owner of the tables: ")[2].partition(" docs/")[0].split(";"):
        if statement.strip():
            admin.execute(statement)
    assert await database_problems(guest, LIMITS) == []


def test_user_who_may_not_create_tables_cannot_migrate(admin: psycopg.Connection, guest: str) -> None:
    admin.execute("DROP TABLE _yoyo_migration, _yoyo_version, task, gate CASCADE")
    with pytest.raises(UnfitDatabase, match="may not create tables in the schema public") as raised:
        migrate(guest)
    assert "GRANT CREATE ON SCHEMA public TO" in str(raised.value)
    assert "yoyo_lock" not in str(raised.value)


def test_user_without_a_schema_cannot_migrate(admin: psycopg.Connection, guest: str) -> None:
    admin.execute(sql.SQL("ALTER ROLE {} SET search_path = nowhere").format(user_of(guest)))
    with pytest.raises(UnfitDatabase, match="search_path") as raised:
        migrate(guest)
    assert "GRANT USAGE, CREATE ON SCHEMA public" in str(raised.value)


def test_user_who_does_not_own_the_tables_cannot_change_them(admin: psycopg.Connection, guest: str) -> None:
    admin.execute("DELETE FROM _yoyo_migration WHERE migration_id >= '0006'")
    admin.execute(sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(user_of(guest)))
    with pytest.raises(UnfitDatabase, match="must be owner of table task") as raised:
        migrate(guest)
    assert "Run python -m api migrate as the owner" in str(raised.value)


async def test_connection_limit_below_the_need_is_a_problem(admin: psycopg.Connection, guest: str) -> None:
    assert await database_problems(guest, LIMITS, 22) == []
    admin.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT 21").format(user_of(guest)))
    [problem] = await database_problems(guest, LIMITS, 22)
    assert problem.startswith("the connection limit of the user (ALTER ROLE) leaves 21 connections")
    assert "open up to 22" in problem
    assert "MILLITASK_DATABASE_POOL_SIZE" in problem
    name = sql.Identifier(admin.info.dbname)
    admin.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 20").format(name))
    [problem] = await database_problems(guest, LIMITS, 22)
    assert problem.startswith("the connection limit of the database (ALTER DATABASE) leaves 20 connections")


async def test_more_connections_than_the_server_accepts_are_a_problem(admin: psycopg.Connection, guest: str) -> None:
    (accepted,) = admin.execute("SELECT current_setting('max_connections')::int").fetchone() or (0,)
    [problem] = await database_problems(guest, LIMITS, accepted)
    assert problem.startswith(f"max_connections leaves {accepted - 3} connections")
