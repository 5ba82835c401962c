"""A connection pooler in transaction mode, like PgBouncer: each transaction runs in any session that is free."""

import asyncio
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

# These are message types of PostgreSQL's protocol. Query and Sync end a request. ReadyForQuery ends a response. Its
# transaction status is `idle` outside of a transaction.
REQUEST_ENDS = (b"Q", b"S")
READY, IDLE, TERMINATE = b"Z", b"I", b"X"
Session = tuple[StreamReader, StreamWriter]


@asynccontextmanager
async def pooler(database_url: str, folder: Path) -> AsyncIterator[str]:
    """Run a pooler in front of a database and yield the URL of the database through the pooler."""
    socket = Path(str(conninfo_to_dict(database_url)["host"])) / ".s.PGSQL.5432"
    pool = _Pooler(socket)
    server = await asyncio.start_unix_server(pool.serve, folder / ".s.PGSQL.5432")
    try:
        yield database_url.replace(str(socket.parent), str(folder))
    finally:
        server.close()
        for writer in pool.writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


class _Pooler:
    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._free: list[Session] = []
        self.writers: list[StreamWriter] = []

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Relay the messages of one client until it disconnects."""
        self.writers.append(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            size = await reader.readexactly(4)
            startup = size + await reader.readexactly(struct.unpack("!I", size)[0] - 4)
            first, greeting = await self._connect(startup)
            self._free.append(first)
            writer.write(greeting)
            session: Session | None = None
            while (message := await _message(reader))[:1] != TERMINATE:
                if session is None:
                    session = self._free.pop() if self._free else (await self._connect(startup))[0]
                session[1].write(message)
                if message[:1] in REQUEST_ENDS and await _relay(session[0], writer) == IDLE:
                    self._free.append(session)
                    session = None

    async def _connect(self, startup: bytes) -> tuple[Session, bytes]:
        reader, writer = await asyncio.open_unix_connection(self._socket)
        self.writers.append(writer)
        writer.write(startup)
        greeting = b""
        while not greeting.endswith(b"Z\0\0\0\5I"):
            greeting += await _message(reader)
        return (reader, writer), greeting


async def _relay(reader: StreamReader, writer: StreamWriter) -> bytes:
    """Relay one response and return the transaction status at its end."""
    while True:
        message = await _message(reader)
        writer.write(message)
        if message[:1] == READY:
            return message[5:]


async def _message(reader: StreamReader) -> bytes:
    head = await reader.readexactly(5)
    return head + await reader.readexactly(struct.unpack("!I", head[1:])[0] - 4)
