"""Tests failovers of PostgreSQL: a URL with several hosts, and connections that lead nowhere without being closed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import scalar_row

from api.config.settings import Settings
from cache.gate.lease import GATE_LEASE_SECONDS
from db import pool
from db.errors import DatabaseUnavailable
from db.migrations import migrate
from db.pool import Database
from tests.faults.proxy import Proxy
from tests.support.graphql_client import ready, running


@pytest.fixture
async def proxy(database_url: str) -> AsyncIterator[Proxy]:
    proxy = Proxy(Path(str(conninfo_to_dict(database_url)["host"])) / ".s.PGSQL.5432")
    await proxy.start()
    yield proxy
    await proxy.stop()


async def test_second_host_of_the_url_is_used(proxy: Proxy, database_url: str, redis_url: str) -> None:
    name = conninfo_to_dict(database_url)["dbname"]
    url = f"postgresql://postgres@127.0.0.1:1,127.0.0.1:{proxy.port}/{name}?target_session_attrs=read-write"
    assert await asyncio.to_thread(migrate, url) == []
    async with running(Settings(database_url=url, redis_url=redis_url)) as client:
        await client.create()


async def test_service_gives_up_silent_connections(proxy: Proxy, database_url: str, redis_url: str) -> None:
    name = conninfo_to_dict(database_url)["dbname"]
    url = f"postgresql://postgres@127.0.0.1:{proxy.port}/{name}"
    async with running(Settings(database_url=url, redis_url=redis_url, statement_timeout_ms=1000)) as client:
        await client.create()
        proxy.stall_connections()
        await asyncio.sleep(GATE_LEASE_SECONDS)
        # On a busy machine, the gate's queries have already found out that all connections are silent.
        read = await client.answer("{ filterTasks(filter: { status: TODO }) { nodes { id } } }")
        assert {error["extensions"]["code"] for error in read.get("errors", ())} <= {"UNAVAILABLE"}
        await ready(client)
        await client.create()
        assert await client.total() == 2


async def test_host_that_does_not_answer_is_tried_last(
    proxy: Proxy, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "DEDICATED_ROUND_TRIP_SECONDS", 0.5)
    address = conninfo_to_dict(database_url)
    # The time limit of a connection is longer than any test takes.
    url = (
        f"postgresql:///{address['dbname']}?user=postgres&host=127.0.0.1,{address['host']}&port={proxy.port},5432"
        "&connect_timeout=600"
    )
    async with Database(url) as database:
        with pytest.raises(DatabaseUnavailable):
            await watch_silent_server(database, proxy)
        async with asyncio.timeout(60), database.dedicated_connection() as connection:
            assert await connection.query("SELECT 3", {}, scalar_row) == [3]


async def watch_silent_server(database: Database, proxy: Proxy) -> None:
    async with database.dedicated_connection() as connection:
        proxy.hold()
        connection.queue("SELECT 1", {}, scalar_row)
        await connection.query("SELECT 2", {}, scalar_row)
