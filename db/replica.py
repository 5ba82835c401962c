"""A replica for searches and filters. It answers only if it has replayed every commit of the primary."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import LiteralString, Self, TypeVar

import structlog
from psycopg.rows import scalar_row

from db.connection import Connection
from db.errors import DatabaseBusy, DatabaseError, DatabaseTimeout, explain
from db.limits import DatabaseLimits
from db.pool import Database
from db.row_factories import record_row

log = structlog.get_logger(__name__)
Result = TypeVar("Result")

# How long a search waits until the replica has replayed enough, and the pause between its looks.
REPLAY_SECONDS = 0.05
LOOK_SECONDS = 0.005
# How long the replica may take to answer a look. After that, or an error, searches use the primary for `RETRY_SECONDS`.
SILENT_SECONDS = 0.25
RETRY_SECONDS = 5.0


@dataclass(frozen=True)
class WrittenPosition:
    """How far the primary has written its log: the position, and the timeline and system that it belongs to."""

    position: str
    timeline: int
    system: int


# A commit is acknowledged, and visible to others, when the log is written up to its end.
WRITTEN: LiteralString = """
    SELECT written::text AS position, ('x' || left(pg_walfile_name(written), 8))::bit(32)::int AS timeline,
           system_identifier AS system
    FROM pg_current_wal_flush_lsn() AS written, pg_control_system()
"""
# After a failover, a replica of the old primary may be ahead on another timeline. Only users with the right
# pg_read_all_stats see what the replica receives. For others, a replica has reached the new timeline after its next
# restart point.
HAS_REPLAYED: LiteralString = """
    SELECT coalesce(pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %(position)s::text::pg_lsn, false)
           AND system_identifier = %(system)s AND %(timeline)s::int IN (
               SELECT min_recovery_end_timeline FROM pg_control_recovery()
               UNION ALL SELECT received_tli FROM pg_stat_wal_receiver WHERE received_tli IS NOT NULL
           )
    FROM pg_control_system()
"""
_written_row = record_row(WrittenPosition)


class Replica:
    """The pool of connections to a replica. `async with` opens it; the replica need not be reachable."""

    def __init__(self, url: str, limits: DatabaseLimits, count: Callable[[], None] = lambda: None) -> None:
        limits = replace(limits, wait_ms=round(REPLAY_SECONDS * 1000))
        self._database = Database(url, limits, count, variable="DATABASE_REPLICA_URL")
        self._retry_at = 0.0

    async def __aenter__(self) -> Self:
        await self._database.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._database.__aexit__(kind, error, traceback)

    async def read(self, primary: Database, query: Callable[[Connection], Awaitable[Result]]) -> Result:
        """Return what `query` reads here, or from the primary if the replica is behind or fails.

        The answer contains all that was committed before this call.
        """
        if time.monotonic() >= self._retry_at:
            async with primary.connection() as connection:
                [written] = await connection.query(WRITTEN, {}, _written_row)
            try:
                database = self._database.bound_to_that_of(primary)
                # A pooler must not lend another session, which may be of another replica, between look and search.
                checkout = database.transaction if database.limits.shared_sessions else database.connection
                async with checkout() as connection:
                    if await _has_replayed(connection, written):
                        return await query(connection)
            except DatabaseTimeout:  # the primary would take as long
                raise
            except DatabaseBusy:
                pass
            except DatabaseError as error:
                self._retry_at = time.monotonic() + RETRY_SECONDS
                log.warning("searches bypass the replica", reason=explain(error), seconds=RETRY_SECONDS)
        async with primary.connection() as connection:
            return await query(connection)


async def _has_replayed(connection: Connection, written: WrittenPosition) -> bool:
    """Return whether the replica has replayed the log up to a position, or does so soon."""
    params = {"position": written.position, "timeline": written.timeline, "system": written.system}
    until = time.monotonic() + REPLAY_SECONDS
    seconds, connection.raw.answer_seconds = connection.raw.answer_seconds, SILENT_SECONDS
    try:
        while True:
            if (await connection.query(HAS_REPLAYED, params, scalar_row))[0]:
                return True
            if time.monotonic() >= until:
                return False
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        connection.raw.answer_seconds = seconds


async def search(
    primary: Database, replica: Replica | None, query: Callable[[Connection], Awaitable[Result]]
) -> Result:
    """Return what `query` reads from the replica, if there is one, or from the primary."""
    if replica is not None:
        return await replica.read(primary, query)
    async with primary.connection() as connection:
        return await query(connection)
