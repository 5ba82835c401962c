"""An outage of PostgreSQL: a short one is waited out, a longer one is answered soon, and the end of both is noticed."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.rows import scalar_row

from db import limits
from db.errors import DatabaseUnavailable
from db.limits import DatabaseLimits
from db.pool import Database
from tests.support.postgres_server import PostgresServer

# Longer than any test takes.
LIMITS = DatabaseLimits(pool_size=2, wait_ms=600_000)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresServer]:
    server = PostgresServer(tmp_path / "postgres")
    server.start()
    yield server
    server.remove()


async def ask(database: Database) -> int:
    async with database.connection() as connection:
        [answer] = await connection.query("SELECT 42", {}, scalar_row)
    return int(answer)


async def learn_of_the_outage(database: Database) -> None:
    """Let a request ask the pool for a connection until the pool could not open one. Then cancel the request."""
    request = asyncio.create_task(ask(database))
    async with asyncio.timeout(60):
        while database._state.connect_error is None:  # noqa: ASYNC110 (no event is set)
            await asyncio.sleep(0.01)
    request.cancel()
    await asyncio.wait([request])


async def test_restart_fails_no_request(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RESTART_SECONDS", 600.0)  # on a busy machine a start takes longer than usual
    async with Database(server.url, LIMITS) as database:
        assert await ask(database) == 42
        await asyncio.to_thread(server.stop)
        await learn_of_the_outage(database)
        waiting = [asyncio.create_task(ask(database)) for _ in range(5)]
        await asyncio.to_thread(server.start)
        assert await asyncio.gather(*waiting) == [42] * 5


async def test_known_outage_is_answered_soon_and_its_end_at_once(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RESTART_SECONDS", 0.5)
    async with Database(server.url, LIMITS) as database:
        assert await ask(database) == 42
        await asyncio.to_thread(server.stop)
        await learn_of_the_outage(database)
        # Without the knowledge, each of them would wait for ten minutes.
        answers = await asyncio.gather(*(ask(database) for _ in range(5)), return_exceptions=True)
        assert {type(answer) for answer in answers} == {DatabaseUnavailable}
        with pytest.raises(DatabaseUnavailable):
            await ask(database)
        await asyncio.to_thread(server.start)
        assert await ask(database) == 42
