"""Tests a failover from a primary to a standby, and a server that freezes for one process alone."""

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api.config.settings import Settings
from tests.support.graphql_client import ready, running
from tests.support.postgres_server import PostgresServer, frozen, primary_and_standby, url_of
from tests.support.service_process import command
from tests.support.watched_client import Watched

CONNECTIONS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'frozen'"


async def write_again(watched: Watched) -> None:
    async with asyncio.timeout(30):
        while not await watched.create():  # noqa: ASYNC110 - the failover ends it
            await asyncio.sleep(0.05)


@pytest.fixture
def servers(tmp_path: Path) -> Any:
    with primary_and_standby(tmp_path) as pair:
        yield pair


async def test_service_writes_again_after_a_failover(
    servers: tuple[PostgresServer, PostgresServer], redis_url: str, tmp_path: Path
) -> None:
    primary, standby = servers
    url = url_of(standby, primary)
    # The standby is named first and refuses connections that need a primary.
    done = await asyncio.to_thread(command, tmp_path, "migrate", DATABASE_URL=url)
    assert (done.returncode, done.stderr[:8]) == (0, "Applied ")
    async with running(Settings(database_url=url, redis_url=redis_url)) as client:
        watched = Watched(client)
        for _ in range(20):
            assert await watched.create()
        async with watched.reading():
            await asyncio.to_thread(primary.kill)
            await asyncio.to_thread(standby.promote)
            await write_again(watched)
        await ready(client)
        await watched.read()
        assert watched.answers
        assert watched.wrong == []


async def test_process_with_frozen_connections_recovers(database_url: str, redis_url: str) -> None:
    url = database_url + "&application_name=frozen"
    async with (
        running(Settings(database_url=database_url, redis_url=redis_url)) as other,
        running(Settings(database_url=url, redis_url=redis_url)) as client,
    ):
        await asyncio.gather(*(client.create() for _ in range(20)))
        with psycopg.connect(database_url, autocommit=True) as admin:
            before = {pid for (pid,) in admin.execute(CONNECTIONS).fetchall()}
            assert len(before) > 2
            with frozen(list(before)):
                async with asyncio.timeout(30):
                    # The watcher's connection is replaced first, and then those of the pool.
                    while not {pid for (pid,) in admin.execute(CONNECTIONS).fetchall()} - before:  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
                await other.create()
                await ready(client)
                await client.create()
                assert await other.total() == await client.total() == 22
