"""The whole service behind poolers in transaction mode: PgBouncer, and one that passes the names of statements on."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import scalar_row

from api.config.settings import Settings
from db.limits import DatabaseLimits
from db.pool import Database
from db.preflight import database_problems
from tests.support.graphql_client import Client, ready, running
from tests.support.pgbouncer import PgBouncer, pgbouncer
from tests.support.pooler import pooler

SHARED = DatabaseLimits(shared_sessions=True)
DEFAULTS = {
    "statement_timeout": "5000",
    "transaction_timeout": "10s",
    "default_transaction_isolation": "read committed",
    "synchronous_commit": "on",
}
ADVISORY_LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
UPDATE = """
mutation ($id: ID!) {
  updateTask(input: { id: $id, title: "Changed" }) { task { version } userErrors { message } }
}
"""
SEARCH = '{ searchTasks(query: "changed", first: 50) { nodes { id } } }'


@pytest.fixture
def suitable_url(database_url: str) -> str:
    """Return the URL of a database whose defaults suit a service that cannot set anything for its sessions."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        for setting, value in DEFAULTS.items():
            connection.execute(sql.SQL("ALTER DATABASE {} SET {} = {}").format(name, sql.Identifier(setting), value))
    return database_url


@pytest.fixture
def bouncer(suitable_url: str, tmp_path: Path) -> Iterator[PgBouncer]:
    with pgbouncer(suitable_url, tmp_path) as running_pooler:
        yield running_pooler


@pytest.fixture
async def passing_url(suitable_url: str) -> AsyncIterator[str]:
    # The path of a Unix socket must be short, and tmp_path is too long.
    with tempfile.TemporaryDirectory() as folder:
        async with pooler(suitable_url, Path(folder)) as url:
            yield url


def behind(url: str, redis_url: str) -> Settings:
    return Settings(database_url=url, redis_url=redis_url, database_pooling="transaction")


async def use(client: Client) -> None:
    """Use every kind of connection concurrently, and check the answers."""
    ids = [task["id"] for task in await asyncio.gather(*(client.create() for _ in range(20)))]
    await asyncio.gather(*(client.query(UPDATE, id=id_) for id_ in ids), *(client.total() for _ in range(20)))
    await client.create_many([f"Task {number}" for number in range(100)])
    for id_ in ids[:5]:
        await client.delete(id_)
    found = await asyncio.gather(*(client.query(SEARCH) for _ in range(5)))
    assert {len(answer["searchTasks"]["nodes"]) for answer in found} == {15}
    assert await client.total() == 115


async def test_service_works_behind_pgbouncer(bouncer: PgBouncer, suitable_url: str, redis_url: str) -> None:
    assert await database_problems(bouncer.url, SHARED) == []
    async with running(behind(bouncer.url, redis_url)) as client:
        await use(client)
        bouncer.stop()
        bouncer.start()
        await ready(client)
        await client.create()
        assert await client.total() == 116
        with psycopg.connect(suitable_url) as connection:
            assert connection.execute(ADVISORY_LOCKS).fetchone() == (0,)
            settings = connection.execute("SHOW statement_timeout").fetchone()
    with psycopg.connect(bouncer.url, prepare_threshold=None) as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == settings


async def test_service_works_behind_a_pooler_that_passes_names_on(passing_url: str, redis_url: str) -> None:
    async with running(behind(passing_url, redis_url)) as client:
        await use(client)


async def test_statements_are_prepared_where_the_pooler_can(bouncer: PgBouncer) -> None:
    async with Database(bouncer.url, SHARED) as database, database.connection() as connection:
        for number in range(3):
            assert await connection.query("SELECT %(number)s::int", {"number": number}, scalar_row) == [number]
        assert bool(connection.raw.prepared) is bouncer.prepares


async def test_failed_statement_takes_no_name_from_the_next_one(bouncer: PgBouncer) -> None:
    async with Database(bouncer.url, SHARED) as database:
        for number in range(3):
            async with database.connection() as connection:
                connection.queue("SELECT 1 / %(zero)s::int", {"zero": 0}, scalar_row)
                connection.queue("SELECT 1 + %(number)s::int", {"number": number}, scalar_row)
                with pytest.raises(psycopg.errors.DivisionByZero):
                    await connection.flush()
                assert await connection.query("SELECT 2 + %(number)s::int", {"number": 1}, scalar_row) == [3]


async def test_unsuitable_defaults_are_a_problem(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_isolation = 'serializable'").format(name))
        connection.execute(sql.SQL("ALTER DATABASE {} SET client_min_messages = 'error'").format(name))
    [problem] = await database_problems(database_url, SHARED)
    assert "statement_timeout is 0, transaction_timeout is 0" in problem
    assert "ALTER ROLE … SET transaction_timeout = 10000;" in problem
    assert "SET default_transaction_isolation = 'read committed';" in problem
    assert "SET synchronous_commit = on;" in problem
    assert "SET client_min_messages = warning;" in problem
