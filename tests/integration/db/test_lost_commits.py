"""Tests commits whose reply is lost on the way, directly or behind a pooler: their outcome must count as unknown."""

import asyncio
import struct
import tempfile
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from db.errors import CommitUnknown
from db.limits import DatabaseLimits
from db.pool import Database
from db.task_table import tasks_by_id, update_tasks, words_of
from tests.support.task_factories import WORKSPACE, create_rows

COMMITTED = b"COMMIT\0"
READY_BYTES = 6  # ReadyForQuery, behind the reply to COMMIT
# What PgBouncer sends when it has lost the server: SQLSTATE 08P01.
_FIELDS = b"SFATAL\0VFATAL\0C08P01\0Mserver conn crashed?\0\0"
POOLER_ERROR = b"E" + struct.pack("!I", len(_FIELDS) + 4) + _FIELDS


class Cutter:
    """Relays between clients and the server until the reply to a COMMIT, and passes on only its first bytes."""

    def __init__(self, server: Path) -> None:
        self._server = server
        # How much of the reply arrives, and what follows it. None: all of it.
        self.part: float | None = None
        self.end = b""

    async def serve(self, client: StreamReader, to_client: StreamWriter) -> None:
        server, to_server = await asyncio.open_unix_connection(self._server)
        with suppress(ConnectionError):
            await asyncio.gather(self._requests(client, to_server), self._replies(server, to_client))

    async def _requests(self, client: StreamReader, to_server: StreamWriter) -> None:
        while data := await client.read(65_536):
            to_server.write(data)
        to_server.close()

    async def _replies(self, server: StreamReader, to_client: StreamWriter) -> None:
        while data := await server.read(65_536):
            if self.part is not None and COMMITTED in data:
                to_client.write(data[: int(self.part * (len(data) - READY_BYTES))] + self.end)
                break
            to_client.write(data)
        to_client.close()


@asynccontextmanager
async def cutting(database_url: str) -> AsyncIterator[tuple[Database, Cutter]]:
    """Yield a database whose connections lead through a cutter."""
    socket = Path(str(conninfo_to_dict(database_url)["host"])) / ".s.PGSQL.5432"
    cutter = Cutter(socket)
    # The path of a Unix socket must be short, and tmp_path is too long.
    with tempfile.TemporaryDirectory() as folder:
        server = await asyncio.start_unix_server(cutter.serve, Path(folder) / socket.name)
        url = database_url.replace(str(socket.parent), folder)
        async with Database(url, DatabaseLimits(pool_size=1)) as database:
            yield database, cutter
        server.close()


# A pooler forwards whole messages.
@pytest.mark.parametrize(
    ("part", "end"),
    [(0.0, b""), (0.5, b""), (0.98, b""), (1.0, b""), (0.0, POOLER_ERROR)],
    ids=["nothing arrives", "a part", "all but an end", "all but the state", "the error of a pooler"],
)
async def test_commit_without_a_reply_has_an_unknown_outcome(
    database: Database, database_url: str, part: float, end: bytes
) -> None:
    async with database.connection() as connection:
        (task,) = await create_rows(connection)
    async with cutting(database_url) as (cut_database, cutter):

        async def write() -> None:
            async with cut_database.transaction() as connection:
                await tasks_by_id(connection, WORKSPACE, [task.id])
                update_tasks(connection, WORKSPACE, [task], await words_of([task]))
                cutter.part, cutter.end = part, end

        with pytest.raises(CommitUnknown):
            await write()
    async with database.connection() as connection:
        assert (await tasks_by_id(connection, WORKSPACE, [task.id]))[task.id].version == 2
