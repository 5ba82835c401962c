"""Tests failovers of PostgreSQL: a URL with several hosts, and connections that lead nowhere without being closed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from api.config.settings import Settings
from cache.gate.lease import GATE_LEASE_SECONDS
from db.migrations import migrate
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
