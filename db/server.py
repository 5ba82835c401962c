"""The server that a process uses. Connections to another server wait until the process uses that server."""

import asyncio
import time
from collections.abc import Callable
from typing import LiteralString

from psycopg.rows import scalar_row, tuple_row

from db.connection import Connection
from db.session import CONFIGURE_SECONDS
from db.session_connection import SessionConnection
from db.statements import Statement, execute

# NULL on a replica, whose rows may be old.
SERVER_START: LiteralString = """
    SELECT CASE WHEN NOT pg_is_in_recovery() THEN extract(epoch FROM pg_postmaster_start_time())::text END
"""


async def identify(connection: SessionConnection) -> None:
    """Store in a new connection when its server started. No two servers have started at the same time."""
    asked = Statement(SERVER_START, {}, tuple_row, prepared=False)
    await connection.wait_for_answers(execute(connection, [asked]), CONFIGURE_SECONDS)
    [[connection.server_start]] = asked.rows
    connection.opened_at = time.monotonic()


def queue_identity(connection: Connection) -> Statement[str | None]:
    """Ask again in the next round trip which server answers. Behind a pooler, a connection can outlive its server."""
    return connection.queue(SERVER_START, {}, scalar_row)


class ServerInUse:
    """The server whose answers a process uses.

    start: when the server started. None if no gate watcher runs, as in a command: then any server is used.
    contested: whether a connection has led to another server since. ended: the start of the last server that another
    server has followed.
    """

    def __init__(self) -> None:
        self.start: str | None = None
        self.contested = False
        self.ended: str | None = None
        self._leaving = False
        self._adopted_at = 0.0
        self._adopted = asyncio.Event()
        self._wake_up: Callable[[], None] = lambda: None

    def watch(self, wake_up: Callable[[], None]) -> None:
        """Let `wake_up` be called when a connection leads to another server."""
        self._wake_up = wake_up

    def adopt(self, start: str | None) -> None:
        """Use the server that started then. None: any server."""
        self.start, self.contested, self._leaving, self._adopted_at = start, False, False, time.monotonic()
        self._adopted.set()
        self._adopted = asyncio.Event()

    @property
    def is_left(self) -> bool:
        """Whether no server is in use until the next one is adopted."""
        return self._leaving

    def leave(self) -> None:
        """Use no server until the next one is adopted."""
        self._leaving = True

    def reconsider(self) -> None:
        """Use no server until one is adopted, perhaps the same, because the server in use has lost commits."""
        self._leaving = self.contested = True

    def end(self) -> None:
        """Use no server until another one is adopted, because another one has followed the server in use."""
        self.ended = self.start
        self.reconsider()
        self._wake_up()

    def uses(self, connection: SessionConnection) -> bool:
        """Return whether a connection leads to the server in use."""
        return self.start is None or (connection.server_start == self.start and not self._leaving)

    def ask(self) -> Statement[str | None]:
        """Return a statement that asks which server answers."""
        return Statement(SERVER_START, {}, scalar_row)

    def confirm(self, connection: SessionConnection, identity: Statement[str | None]) -> bool:
        """Return whether a connection still leads to its server. If not, it is contested."""
        same = identity.rows == [connection.server_start]
        if not same:
            self.contested = True
            self._wake_up()
        return same

    async def wait_for_change(self, connection: SessionConnection) -> None:
        """Wait until the process uses another server, unless the connection is left over from an earlier one."""
        if connection.opened_at >= self._adopted_at:
            adopted = self._adopted
            self.contested = True
            self._wake_up()
            await adopted.wait()
