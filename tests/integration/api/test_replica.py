"""Searches and filters by a replica: its answers are never older than what was written before."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from api.config.settings import Settings
from db.migrations import migrate
from db.preflight import replica_problem
from tests.support.graphql_client import Client, running
from tests.support.postgres_server import PostgresServer
from tests.support.service_process import until

FILTER = "{ filterTasks(filter: { status: TODO }, first: 100) { nodes { id } } }"
SEARCH = '{ searchTasks(query: "task", first: 100) { nodes { id } } }'
# PostgreSQL counts the index scans of a table on each server by itself.
SCANS = "SELECT coalesce(sum(idx_scan), 0)::int FROM pg_stat_user_indexes WHERE relname = 'task'"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """Run a primary and a standby that it does not wait for."""
    folder = tmp_path_factory.mktemp("replica")
    primary = PostgresServer(folder / "primary")
    primary.start()
    migrate(primary.url)
    replica = primary.add_standby(folder / "replica")
    try:
        replica.start()
        yield primary, replica
    finally:
        replica.kill()
        primary.kill()


@pytest.fixture
async def client(servers: tuple[PostgresServer, PostgresServer], redis_url: str) -> AsyncIterator[Client]:
    primary, replica = servers
    primary.execute("DELETE FROM task")
    settings = Settings(database_url=primary.url, database_replica_url=replica.url, redis_url=redis_url)
    async with running(settings) as client:
        yield client


async def found(client: Client) -> set[tuple[int, int]]:
    """Return the numbers of tasks that the filter and the search find."""
    answers = [await client.query(FILTER), await client.query(SEARCH)]
    return {(len(answers[0]["filterTasks"]["nodes"]), len(answers[1]["searchTasks"]["nodes"]))}


def scans(server: PostgresServer) -> int:
    [[count]] = server.execute(SCANS)
    return int(count)


async def test_replica_answers_searches_and_filters(
    servers: tuple[PostgresServer, PostgresServer], client: Client
) -> None:
    _, replica = servers
    before = scans(replica)
    for number in range(1, 30):
        await client.create()
        assert await found(client) == {(number, number)}
    # The sessions of the pool report their use of indexes when they are idle.
    assert until(lambda: scans(replica) > before)


async def test_preflight_says_why_a_replica_cannot_be_used(servers: tuple[PostgresServer, PostgresServer]) -> None:
    primary, replica = servers
    assert await replica_problem(replica.url) is None
    assert "is not a replica" in (found := await replica_problem(primary.url) or "")
    assert "Point DATABASE_REPLICA_URL at a standby" in found
    assert "Connection refused" in (await replica_problem("postgresql://127.0.0.1:1/none") or "")


async def test_primary_answers_while_the_replica_is_behind(
    servers: tuple[PostgresServer, PostgresServer], client: Client
) -> None:
    _, replica = servers
    await client.create()
    replica.execute("SELECT pg_wal_replay_pause()")
    assert until(lambda: replica.execute("SELECT pg_get_wal_replay_pause_state()") == [("paused",)])
    try:
        before = scans(replica)
        for number in range(2, 6):
            await client.create()
            assert await found(client) == {(number, number)}
        with psycopg.connect(replica.url) as connection:  # the replica itself has old rows
            assert connection.execute("SELECT count(*) < 5 FROM task").fetchone() == (True,)
        assert scans(replica) == before
    finally:
        replica.execute("SELECT pg_wal_replay_resume()")
    assert await found(client) == {(5, 5)}


async def test_primary_answers_while_the_replica_is_frozen(
    servers: tuple[PostgresServer, PostgresServer], client: Client
) -> None:
    _, replica = servers
    await client.create()
    assert await found(client) == {(1, 1)}
    with replica.frozen():
        await client.create()
        assert await found(client) == {(2, 2)}


async def test_server_that_is_no_replica_is_not_used(
    servers: tuple[PostgresServer, PostgresServer], database_url: str, redis_url: str
) -> None:
    primary, _ = servers
    for wrong in (primary.url, database_url, "postgresql://127.0.0.1:1/none"):
        primary.execute("DELETE FROM task")
        settings = Settings(database_url=primary.url, database_replica_url=wrong, redis_url=redis_url)
        async with running(settings) as client:
            await client.create()
            assert await found(client) == {(1, 1)}


async def test_replica_of_the_old_primary_is_not_used_after_a_failover(tmp_path: Path, redis_url: str) -> None:
    old = PostgresServer(tmp_path / "old")
    old.start()
    migrate(old.url)
    new, replica = old.add_standby(tmp_path / "new"), old.add_standby(tmp_path / "replica")
    try:
        new.start()
        replica.start()
        new.promote()
        # The old primary still answers, and its log is longer than that of the new one.
        old.execute("CREATE TABLE filler AS SELECT generate_series(1, 20000) AS number")
        old.execute("SELECT pg_switch_wal()")
        settings = Settings(database_url=new.url, database_replica_url=replica.url, redis_url=redis_url)
        async with running(settings) as client:
            await client.create()
            assert await found(client) == {(1, 1)}
    finally:
        for server in (replica, new, old):
            server.kill()
