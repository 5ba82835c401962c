"""Tests a failover from a primary to a standby, and a server that freezes for one process alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api.config.settings import Settings
from tests.support.graphql_client import CREATE, TOTAL, Client, ready, running
from tests.support.postgres_server import PostgresServer, frozen, primary_and_standby, url_of
from tests.support.service_process import command

RETRYABLE = {"UNAVAILABLE", "DATABASE_BUSY", "WRITES_BUSY", "REQUEST_TIMEOUT", "OUTCOME_UNKNOWN"}
CONNECTIONS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'frozen'"


class Watched:
    """Reads the number of tasks again and again, and keeps the answers that miss a task that was acknowledged."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.acknowledged = 0
        self.answers = 0
        self.wrong: list[Any] = []

    async def create(self) -> bool:
        answer = (await self._client.send(CREATE, input={"title": "A task"})).json()
        if answer.get("errors"):
            assert {error["extensions"]["code"] for error in answer["errors"]} <= RETRYABLE
            return False
        self.acknowledged += 1
        return True

    async def read(self) -> None:
        acknowledged = self.acknowledged
        answer = (await self._client.send(TOTAL)).json()
        if not answer.get("errors"):
            self.answers += 1
            if answer["data"]["tasks"]["totalCount"] < acknowledged:
                self.wrong.append((acknowledged, answer))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        async def read_on() -> None:
            while True:
                await self.read()
                await asyncio.sleep(0.01)

        reader = asyncio.create_task(read_on())
        try:
            yield
        finally:
            reader.cancel()
            await asyncio.wait([reader])


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
