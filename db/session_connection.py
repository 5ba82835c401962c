"""A connection with the state of its session: prepared statements, statements without an answer, and time limits."""

import math
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Self

import psycopg
from psycopg import AsyncConnection
from psycopg.abc import PQGen
from psycopg.errors import Diagnostic
from psycopg.pq.abc import PGresult
from psycopg.rows import TupleRow

from db.blocking import shut_down
from db.errors import name_server
from db.host_order import HostOrder

if TYPE_CHECKING:
    from db.statements import Statement

# The function of PostgreSQL in which a commit waits for a standby. Each of its warnings has this name, and a text that
# may be translated.
_WAIT_FOR_STANDBY = "SyncRepWaitForLSN"
# Identifies a prepared statement: its text, and the types of its parameters.
Key = tuple[bytes, tuple[int, ...]]

# Without a threshold psycopg prepares nothing itself. To drop what it has prepared, it would drop all statements of the
# session.
CONNECT_OPTIONS: dict[str, Any] = {
    "autocommit": True,
    "prepare_threshold": None,
}


class SessionConnection(AsyncConnection[TupleRow]):
    """A connection that knows the statements that are prepared in its session.

    It must be opened with `CONNECT_OPTIONS`.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.prepared: dict[Key, bytes] = {}
        # The names that statements without an answer are about to prepare.
        self.preparing: dict[Key, bytes] = {}
        # Whether statements may be prepared, and the numbers of their names. A pooler may know a name although the
        # statement before it has failed, so no name is used twice.
        self.prepares = True
        self.numbers = count()
        # The statements that were sent and whose answers were not read, and what takes each of these answers.
        self.unanswered: list[Statement[Any]] = []
        self.receivers: list[Callable[[PGresult], None]] = []
        # How long the server may take for one statement, so that it has ended the statement itself before.
        self.answer_seconds: float | None = None
        # How long it may take for all statements of a round trip, if that is less.
        self.round_trip_seconds = math.inf
        # Whether the connection was closed because the server did not answer, and since when it waits for an answer.
        self.silent = False
        self.waiting_since: float | None = None
        # The order in which the next connections try the hosts.
        self.hosts: HostOrder | None = None
        # The warnings of PostgreSQL about commits whose wait for a standby was ended.
        self.unreplicated: list[str] = []
        self.add_notice_handler(partial(_keep_if_unreplicated, self.unreplicated))
        # The host and port, or the path of the socket, for the log.
        host, port = self.info.host, self.info.port
        self.server_name = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else f"{host}:{port}"
        # When the server started, and when the connection was opened, by `time.monotonic`. See db/server.py.
        self.server_start: str | None = None
        self.opened_at = 0.0

    async def wait_for_answers(self, statements: PQGen[None], seconds: float | None) -> None:
        """Execute statements. Close the connection if the server is silent for longer than `seconds`.

        A connection can lead nowhere without being closed, for example after a failover. TCP would notice that only
        after a quarter of an hour.
        """
        with self.waiting():
            try:
                if self.unreplicated:
                    self.unreplicated.clear()
                await self.wait(statements, timeout=seconds)
            except psycopg.errors._WaitTimeout as error:
                self.silent = True
                if self.hosts:
                    self.hosts.avoid(self.pgconn)
                self.pgconn.finish()
                raise psycopg.OperationalError(f"PostgreSQL has not answered for {seconds:g} s.") from error

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let `give_up` end the block once the block has waited long enough. Its errors name the server."""
        self.waiting_since = time.monotonic()
        try:
            yield
        except psycopg.Error as error:
            name_server(error, self.server_name)
            raise
        finally:
            self.waiting_since = None

    def give_up(self, seconds: float) -> None:
        """End the statements that have waited for at least `seconds`, as if PostgreSQL had closed the connection."""
        since = self.waiting_since
        if since is not None and time.monotonic() - since >= seconds and not self.closed:
            shut_down(self.pgconn.socket)

    @property
    def has_ended(self) -> bool:
        """Whether an idle connection must not be used again. Costs no round trip.

        PostgreSQL sends something on an idle connection when it ends the connection, and when a setting that it
        reports has changed, such as `in_hot_standby`.
        """
        if self.closed:
            return True
        poll = select.poll()
        poll.register(self.pgconn.socket, select.POLLIN)
        return bool(poll.poll(0))

    @classmethod
    async def connect(  # type: ignore[override]
        cls,
        conninfo: str = "",
        *,
        report: Callable[[psycopg.Error | None], None] = lambda _: None,
        hosts: HostOrder | None = None,
        **options: Any,
    ) -> Self:
        """Open a connection, and report the error, or None. A pool does not tell its callers why it cannot connect.

        `hosts` is the order in which the hosts of `conninfo` are tried.
        """
        try:
            connection = await super().connect(conninfo, **options, **(hosts.options if hosts else {}))
        except psycopg.Error as error:
            report(error)
            raise
        report(None)
        if hosts:
            hosts.prefer(connection.pgconn)
            connection.hosts = hosts
        return connection


def _keep_if_unreplicated(kept: list[str], notice: Diagnostic) -> None:
    """Keep a warning that a commit has taken effect, but did not wait for its standby to the end."""
    if notice.source_function == _WAIT_FOR_STANDBY:
        kept.append(notice.message_primary or "")
